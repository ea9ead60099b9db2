import { load } from 'js-yaml';
import { type MonitoringInput, resolveSettings, sightEdit } from '../../charts';
import { AlertRouting, Credentials, PrometheusStack } from '../../constructs';
import { type Manifest, ofKind, podTemplates } from '../../testing/manifests';
import { sightEditPlatform } from '../../testing/platform';
import { find, render, testChart } from '../../testing/render';
import { serverConfig } from '../support/server-config';
import { settingError } from '../support/setting-error';

type Network = NonNullable<MonitoringInput['network']>;

const platform = (changes: Partial<MonitoringInput>) => sightEditPlatform(changes).manifests;
const refused = (changes: Partial<MonitoringInput>) =>
  settingError(() => resolveSettings({ ...sightEdit, ...changes }, 'production')).message;

/** The ranges of a direction of every policy. */
function rangesOf(manifests: readonly Manifest[], direction: 'ingress' | 'egress'): Set<string> {
  const peers = ofKind(manifests, 'NetworkPolicy').flatMap(({ spec }) =>
    (spec[direction] ?? []).flatMap((rule: Manifest) => (direction === 'ingress' ? rule.from : rule.to)),
  );
  return new Set(peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : [])));
}

describe('the API server', () => {
  const DEMANDED =
    'gives the API server a public address unless the cluster is private: write that address with /32, or the private ' +
    'range of its endpoint (kubectl get endpointslices -l kubernetes.io/service-name=kubernetes)';

  test.each(['aks', 'gke'] as const)('of %s may be public, so its ranges must be stated', (name) => {
    expect(refused({ platform: name })).toBe(`network.apiCidrs is not set: ${name} ${DEMANDED}`);
    expect(refused({ platform: name, network: { nodeCidrs: ['10.0.0.0/8'] } })).toContain('network.apiCidrs');
    const stack = () =>
      new PrometheusStack(testChart(), 'stack', {
        platform: name,
        externalUrl: 'https://prometheus.example.com',
        externalLabels: { cluster: 'demo' },
        watchedNamespaces: ['shop'],
      });
    expect(settingError(stack).message).toBe(`apiCidrs is not set: ${name} ${DEMANDED}`);
  });

  test.each<[string, Partial<MonitoringInput>]>([
    ['its address', { platform: 'gke', network: { apiCidrs: ['203.0.113.7/32'] } }],
    ['Cilium, which knows it', { platform: 'aks', network: { policies: 'cilium' } }],
    ['no policies at all', { platform: 'aks', network: { policies: 'none' } }],
    ['another platform', { platform: 'eks' }],
  ])('is reached with %s', (_name, changes) => {
    expect(() => resolveSettings({ ...sightEdit, ...changes }, 'production')).not.toThrow();
  });

  test('and the nodes of EKS have public IPv6 addresses, which must be stated', () => {
    const ipFamilies = ['IPv6'] as const;
    const vpc = ['2001:db8:1234:1a00::/56'];
    const fix = `write the VPC's IPv6 range, e.g. ${vpc}: on EKS, IPv6 addresses are not private ones`;
    expect(refused({ network: { ipFamilies } })).toBe(`network.nodeCidrs is not set: ${fix}`);
    expect(refused({ network: { ipFamilies, nodeCidrs: vpc } })).toBe(`network.apiCidrs is not set: ${fix}`);
    expect(() =>
      resolveSettings({ ...sightEdit, network: { ipFamilies, nodeCidrs: vpc, apiCidrs: vpc } }, 'dev'),
    ).not.toThrow();
  });
});

describe('the DNS', () => {
  test.each([
    ['eks', ['10.100.0.10/32', '172.20.0.10/32']],
    ['kubeadm', ['10.96.0.10/32', '10.233.0.3/32', '10.43.0.10/32']],
  ] as const)('of %s is reached at its usual ClusterIPs and at both caches, by every pod', (name, clusterIps) => {
    const manifests = platform({ platform: name });
    const { dnsCidrs } = resolveSettings({ ...sightEdit, platform: name }, 'dev').network;
    expect(dnsCidrs).toEqual(['169.254.20.10/32', '169.254.25.10/32', ...clusterIps]);
    for (const { workload } of podTemplates(manifests)) {
      const [dns] = find(manifests, 'NetworkPolicy', workload.metadata.name).spec.egress;
      const cidrs = dns.to.flatMap(({ ipBlock }: Manifest) => (ipBlock ? [ipBlock.cidr] : []));
      expect(cidrs).toEqual(dnsCidrs);
    }
  });

  test('of GKE is also Cloud DNS, on its port alone, and the cache as pods of its own', () => {
    const manifests = platform({ platform: 'gke', network: { apiCidrs: ['172.16.0.32/28'] } });
    const opened = ofKind(manifests, 'NetworkPolicy').flatMap(({ metadata, spec }) =>
      (spec.egress ?? [])
        .filter(({ to }: Manifest) => to.some(({ ipBlock }: Manifest) => ipBlock?.cidr === '169.254.169.254/32'))
        .map((rule: Manifest) => ({ name: metadata.name, rule })),
    );
    expect(opened).toHaveLength(podTemplates(manifests).length);
    for (const { rule } of opened) {
      expect(rule.ports.map(({ port }: Manifest) => port)).toEqual([53, 53]);
      const labels = rule.to.flatMap(({ podSelector }: Manifest) => podSelector?.matchLabels['k8s-app'] ?? []);
      expect(labels).toEqual(['kube-dns', 'node-local-dns']);
    }
  });

  test('is stated for another address', () => {
    const manifests = platform({ network: { dnsCidrs: ['10.7.0.10/32'] } });
    expect([...rangesOf(manifests, 'egress')].filter((cidr) => cidr.endsWith('.10/32'))).toEqual(['10.7.0.10/32']);
  });
});

describe('the kind of policies', () => {
  test('none writes no policy anywhere', () => {
    const kinds = new Set(platform({ network: { policies: 'none' } }).map(({ kind }) => kind));
    expect([...kinds].filter((kind) => kind.includes('Policy'))).toEqual([
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
    ]);
  });

  test('cilium opens the API server to those that use it, and the nodes to Prometheus', () => {
    const entities = Object.fromEntries(
      ofKind(platform({ network: { policies: 'cilium' } }), 'CiliumNetworkPolicy').map(({ metadata, spec }) => [
        metadata.name,
        [
          ...new Set(
            spec.egress
              .filter(({ toPorts }: Manifest) => toPorts[0].ports[0].port !== '53')
              .flatMap(({ toEntities }: Manifest) => toEntities),
          ),
        ].sort(),
      ]),
    );
    expect(entities).toEqual({
      alertmanager: [],
      'blackbox-exporter': [],
      grafana: [],
      jaeger: [],
      'kube-state-metrics': ['kube-apiserver'],
      'log-collector': ['kube-apiserver'],
      'log-collector-events': ['kube-apiserver'],
      loki: [],
      'node-exporter': [],
      'otel-collector': ['kube-apiserver'],
      'otel-collector-sampler': [],
      'postgres-exporter': [],
      prometheus: ['host', 'kube-apiserver', 'remote-node'],
      'redis-exporter': [],
      'remediation-webhook': ['kube-apiserver'],
      'sql-exporter': [],
    });
  });

  test('kubernetes writes nothing of Cilium', () => {
    expect(ofKind(platform({}), 'CiliumNetworkPolicy')).toEqual([]);
  });
});

describe('IPv6', () => {
  const DUAL: Network = {
    ipFamilies: ['IPv6', 'IPv4'],
    nodeCidrs: ['2001:db8:12::/56', '10.0.0.0/16'],
    apiCidrs: ['2001:db8:12::/56', '10.0.0.0/16'],
  };
  const families = (network: Network) =>
    new Set([...rangesOf(platform({ network }), 'egress')].map((cidr) => (cidr.includes(':') ? 'IPv6' : 'IPv4')));

  test('is in no policy of a cluster without it, and IPv4 in none of a cluster of IPv6', () => {
    expect(families({})).toEqual(new Set(['IPv4']));
    const nodeCidrs = ['2001:db8:12::/56'];
    expect(families({ ipFamilies: ['IPv6'], nodeCidrs, apiCidrs: nodeCidrs })).toEqual(new Set(['IPv6']));
    expect(families(DUAL)).toEqual(new Set(['IPv4', 'IPv6']));
  });

  test.each([
    ['ip4', {}],
    ['ip6', DUAL],
  ] as const)('probes prefer %s, as the primary family of the cluster says', (expected, network) => {
    const { modules } = serverConfig(platform({ network }), 'blackbox-exporter', 'config.yml');
    expect(modules.http_2xx.http.preferred_ip_protocol).toBe(expected);
  });

  test('Services have both families', () => {
    const policies = ofKind(platform({ network: DUAL }), 'Service').map(({ spec }) => spec.ipFamilyPolicy);
    expect(policies.length).toBeGreaterThan(10);
    expect(new Set(policies)).toEqual(new Set(['PreferDualStack']));
  });

  test('of a mail server has brackets', () => {
    const routing = (smarthost: string) =>
      render((chart) => {
        new AlertRouting(chart, 'routing', {
          externalUrl: 'https://alertmanager.example.com',
          credentials: new Credentials('secret'),
          channels: { email: { smarthost, from: 'a@example.com', username: 'a', cidrs: ['fd00::25/128'] } },
          levels: { high: { email: ['b@example.com'] } },
        });
      });
    const manifests = routing('[fd00::25]:587');
    expect(find(manifests, 'NetworkPolicy').spec.egress).toContainEqual({
      to: [{ ipBlock: { cidr: 'fd00::25/128' } }],
      ports: [{ port: 587, protocol: 'TCP' }],
    });
    const config = load(find(manifests, 'ConfigMap', 'alertmanager-config').data['alertmanager.yml']);
    expect(config).toMatchObject({ global: { smtp_smarthost: '[fd00::25]:587' } });
    for (const wrong of ['fd00::25:587', '[fd00::25]', '[mail.example.com]:587']) {
      expect(settingError(() => routing(wrong)).message).toContain('write host:port, e.g. smtp.example.com:587');
    }
  });
});

describe('an ingress', () => {
  const UIS = { grafana: 3000, prometheus: 9090, alertmanager: 9093, 'remediation-webhook': 8080 };
  const admitted = (network: Network, peer: object) => {
    const manifests = platform({ network });
    return Object.fromEntries(
      ofKind(manifests, 'NetworkPolicy').flatMap(({ metadata, spec }) =>
        (spec.ingress ?? [])
          .filter(({ from }: Manifest) => from.some((each: object) => JSON.stringify(each) === JSON.stringify(peer)))
          .map(({ ports }: Manifest) => [metadata.name, ports[0].port]),
      ),
    );
  };

  test('is admitted to each web interface, by the labels of its controller', () => {
    const peer = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } },
      podSelector: { matchLabels: { app: 'nginx' } },
    };
    const ingress = [{ namespace: 'ingress-nginx', labels: { app: 'nginx' } }];
    expect(admitted({ ingress }, peer)).toEqual(UIS);
    expect(admitted({}, peer)).toEqual({});
  });

  test('may be a balancer outside the cluster', () => {
    expect(admitted({ ingress: [{ cidrs: ['10.9.0.0/16'] }] }, { ipBlock: { cidr: '10.9.0.0/16' } })).toEqual(UIS);
  });

  test('may be an entity of Cilium', () => {
    const manifests = platform({ network: { policies: 'cilium', ingress: [{ entities: ['ingress'] }] } });
    const open = ofKind(manifests, 'CiliumNetworkPolicy').filter(({ spec }) => spec.ingress);
    expect(open.map(({ metadata }) => metadata.name).sort()).toEqual(Object.keys(UIS).sort());
  });

  test.each<[string, Network]>([
    [
      'network.ingress.cidrs is []: name a range: an empty list would allow every address',
      { ingress: [{ cidrs: [] }] },
    ],
    [
      'network.ingress.entities is ["ingress"]: name an entity, e.g. ingress, and write network.policies: \'cilium\'; or ' +
        'write cidrs',
      { ingress: [{ entities: ['ingress'] }] },
    ],
    [
      'network.ingress.namespace is "Ingress": write a DNS label: lower-case letters, digits and dashes',
      { ingress: [{ namespace: 'Ingress', labels: {} }] },
    ],
  ])('%s', (message, network) => {
    expect(refused({ network })).toBe(message);
  });
});

describe('priority classes', () => {
  const classes = (manifests: readonly Manifest[]) =>
    ofKind(manifests, 'PriorityClass').map(({ metadata }) => metadata.name);
  const used = (manifests: readonly Manifest[]) =>
    new Set(podTemplates(manifests).map(({ template }) => template.spec.priorityClassName));

  test('are the platform’s own, and every pod has one', () => {
    const manifests = platform({ namespace: 'watch' });
    expect(classes(manifests)).toEqual(['watch', 'watch-node']);
    expect(used(manifests)).toEqual(new Set(['watch', 'watch-node']));
  });

  test('may exist already', () => {
    const scheduling = { serverPriorityClass: 'important', agentPriorityClass: 'system-node-critical' };
    const manifests = platform({ scheduling });
    expect(classes(manifests)).toEqual([]);
    expect(used(manifests)).toEqual(new Set(['important', 'system-node-critical']));
  });
});
