import { App, type Chart } from 'cdk8s';
import {
  type ClusterNetwork,
  type Component,
  Endpoint,
  ExternalWorkload,
  inNetwork,
  networkOf,
} from '../../../constructs';
import { find, findAll, manifestsOf, NAMESPACE, testChart } from '../../../testing/render';
import { settingError } from '../../support/setting-error';
import { component, selected } from './sample';

/** A chart of a cluster with a network. */
function chartIn(network: ClusterNetwork): Chart {
  return inNetwork(testChart(), network);
}

/** What a client is given that opens a way. */
function manifestsIn(network: ClusterNetwork, open: (client: Component) => void = () => {}) {
  const chart = chartIn(network);
  open(component(chart));
  return manifestsOf(chart);
}

const egressIn = (network: ClusterNetwork, open?: (client: Component) => void) =>
  find(manifestsIn(network, open), 'NetworkPolicy').spec.egress;
const blocks = (...cidrs: string[]) => cidrs.map((cidr) => ({ ipBlock: { cidr } }));
const tcp = (...ports: number[]) => ports.map((port) => ({ port, protocol: 'TCP' }));
const pods = (namespace: string, labels: object) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  podSelector: { matchLabels: labels },
});
const KUBE_DNS = pods('kube-system', { 'k8s-app': 'kube-dns' });
const DNS_PORTS = [
  { port: 53, protocol: 'UDP' },
  { port: 53, protocol: 'TCP' },
];

test('a cluster about which nothing is said has IPv4 and NetworkPolicies', () => {
  expect(networkOf(testChart())).toMatchObject({ policies: 'kubernetes', ipFamilies: ['IPv4'] });
});

test('a network is stated for every chart below', () => {
  const app = inNetwork(new App(), { apiCidrs: ['203.0.113.7/32'] });
  const chart = testChart('below', app);
  expect(networkOf(component(chart))).toMatchObject({ apiCidrs: ['203.0.113.7/32'] });
});

describe('the DNS', () => {
  test('is reached at both usual addresses of the cache on the node', () => {
    expect(egressIn({})).toEqual([
      { to: [KUBE_DNS, ...blocks('169.254.20.10/32', '169.254.25.10/32')], ports: DNS_PORTS },
    ]);
  });

  test('is reached at its ClusterIP, where a cache in iptables mode answers on it', () => {
    const [rule] = egressIn({ dnsCidrs: ['169.254.20.10/32', '10.96.0.10/32'] });
    expect(rule.to).toEqual([KUBE_DNS, ...blocks('169.254.20.10/32', '10.96.0.10/32')]);
  });

  test('may have no cache', () => {
    expect(egressIn({ dnsCidrs: [] })[0].to).toEqual([KUBE_DNS]);
  });

  test('of OpenShift has pods with another port, which policies see', () => {
    const labels = { 'dns.operator.openshift.io/daemonset-dns': 'default' };
    const dnsPods = [{ namespace: 'openshift-dns', labels, port: 5353 }];
    expect(egressIn({ dnsPods, dnsCidrs: [] })).toEqual([
      {
        to: [pods('openshift-dns', labels)],
        ports: [
          { port: 5353, protocol: 'UDP' },
          { port: 5353, protocol: 'TCP' },
        ],
      },
    ]);
  });
});

describe('with Cilium', () => {
  const policyOf = (open: (client: Component) => void) =>
    find(manifestsIn({ policies: 'cilium' }, open), 'CiliumNetworkPolicy');
  const entityRule = (toEntities: string[], ports: { port: number; protocol: string }[]) => ({
    toEntities,
    toPorts: [{ ports: ports.map(({ port, protocol }) => ({ port: String(port), protocol })) }],
  });
  const DNS = entityRule(['host'], DNS_PORTS);

  test('a second policy for the same pods opens what no address matches', () => {
    const { apiVersion, metadata, spec } = policyOf((client) => client.allowEgressTo(Endpoint.nodes(10250)));
    expect(apiVersion).toBe('cilium.io/v2');
    expect(metadata).toMatchObject({ name: 'demo', namespace: NAMESPACE });
    expect(spec).toEqual({
      endpointSelector: selected(),
      egress: [DNS, entityRule(['host', 'remote-node'], tcp(10250))],
    });
  });

  test('the API server is an entity of its own', () => {
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
    expect(policyOf((client) => client.addClusterRole(rules)).spec.egress).toEqual([
      DNS,
      entityRule(['kube-apiserver'], tcp(443, 6443, 8443)),
    ]);
  });

  test('agents on the network of their node are reached as nodes', () => {
    const chart = chartIn({ policies: 'cilium' });
    const workload = { kind: 'DaemonSet', host: { network: true, pid: false } } as const;
    const agent = component(chart, { name: 'agent', workload, ports: { http: { port: 9100 } } });
    component(chart, { name: 'client' }).connectTo(agent.endpoint());
    expect(find(manifestsOf(chart), 'CiliumNetworkPolicy', 'client').spec.egress).toEqual([
      DNS,
      entityRule(['host', 'remote-node'], tcp(9100)),
    ]);
  });

  test('pods and the Internet are left to the NetworkPolicy, which matches them', () => {
    const chart = chartIn({ policies: 'cilium' });
    const client = component(chart, { name: 'client' });
    client.connectTo(component(chart, { name: 'server' }).endpoint());
    client.connectTo(Endpoint.host('hooks.example.com'));
    const manifests = manifestsOf(chart);
    expect(find(manifests, 'CiliumNetworkPolicy', 'client').spec.egress).toEqual([DNS]);
    expect(find(manifests, 'NetworkPolicy', 'client').spec.egress).toHaveLength(3);
  });

  test('the cache may be pods of its own, to which Cilium redirects', () => {
    expect(egressIn({ policies: 'cilium' })[0].to).toContainEqual(pods('kube-system', { 'k8s-app': 'node-local-dns' }));
  });

  test('its own ingress is admitted as an entity', () => {
    const { spec } = policyOf((client) => client.admitFrom({ entities: ['ingress'] }));
    expect(spec.ingress).toEqual([
      { fromEntities: ['ingress'], toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }] },
    ]);
  });
});

test('entities are refused where another plugin enforces the policies', () => {
  expect(settingError(() => component(testChart()).admitFrom({ entities: ['ingress'] })).message).toBe(
    `entities is ["ingress"]: only Cilium knows them: write cidrs, or policies: 'cilium'`,
  );
});

test('without policies, no construct writes one', () => {
  const chart = chartIn({ policies: 'none' });
  const client = component(chart);
  const workload = { namespace: 'shop', podLabels: { app: 'api' }, service: 'api', port: 80, admit: true };
  client.connectTo(new ExternalWorkload(chart, 'api', workload).endpoint);
  client.connectTo(Endpoint.kubernetesApi());
  client.admitFrom({ cidrs: ['10.0.0.0/8'] });
  client.admitFrom({ entities: ['ingress'] });
  const kinds = new Set(manifestsOf(chart).map(({ kind }) => kind));
  expect([...kinds]).toEqual(['ServiceAccount', 'Deployment', 'Service']);
});

describe('IPv6', () => {
  const IPV6: ClusterNetwork = { ipFamilies: ['IPv6'] };
  const DUAL: ClusterNetwork = { ipFamilies: ['IPv4', 'IPv6'] };
  const internet = {
    IPv4: {
      ipBlock: {
        cidr: '0.0.0.0/0',
        except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
      },
    },
    IPv6: { ipBlock: { cidr: '::/0', except: ['fc00::/7', 'fe80::/10'] } },
  };

  test.each([
    ['a cluster of IPv4', {}, [internet.IPv4]],
    ['a cluster of IPv6', IPV6, [internet.IPv6]],
    ['a dual-stack cluster', DUAL, [internet.IPv4, internet.IPv6]],
  ])('the Internet of %s has its families only', (_name, network, to) => {
    const [, rule] = egressIn(network, (client) => client.allowEgressTo(Endpoint.anyHost()));
    expect(rule).toEqual({ to, ports: tcp(443) });
  });

  test('nodes and the API server are looked for in unique local addresses', () => {
    const rules = egressIn(IPV6, (client) => {
      client.allowEgressTo(Endpoint.nodes(10250));
      client.connectTo(Endpoint.kubernetesApi());
    });
    expect(rules.slice(1).map(({ to }: { to: object[] }) => to)).toEqual([blocks('fc00::/7'), blocks('fc00::/7')]);
  });

  test('the caches on the node have IPv4 addresses and are left out', () => {
    expect(egressIn(IPV6)[0].to).toEqual([KUBE_DNS]);
  });

  test('public addresses of nodes and pods are no part of the Internet', () => {
    const except = { ...DUAL, internetExceptCidrs: ['198.51.100.0/24', '2001:db8::/32'] };
    const [, { to }] = egressIn(except, (client) => client.allowEgressTo(Endpoint.anyHost()));
    expect(to.map(({ ipBlock }: { ipBlock: { except: string[] } }) => ipBlock.except.at(-1))).toEqual([
      '198.51.100.0/24',
      '2001:db8::/32',
    ]);
  });

  test('Services get both families of a dual-stack cluster, in its own order', () => {
    const services = (network: ClusterNetwork) => findAll(manifestsIn(network), 'Service').map(({ spec }) => spec);
    expect(services(DUAL)).toMatchObject([{ ipFamilyPolicy: 'PreferDualStack' }]);
    expect(services(DUAL)[0]).not.toHaveProperty('ipFamilies');
    expect(services({})[0]).not.toHaveProperty('ipFamilyPolicy');
    expect(services(IPV6)[0]).not.toHaveProperty('ipFamilyPolicy');
  });
});

test.each<[string, ClusterNetwork]>([
  [
    'network.policies is "calico": write one of kubernetes, cilium, none',
    { policies: 'calico' as ClusterNetwork['policies'] },
  ],
  [`network.ipFamilies is []: write ['IPv4'], ['IPv6'], or both with the primary family first`, { ipFamilies: [] }],
  [
    `network.ipFamilies is ["IPv6","IPv6"]: write ['IPv4'], ['IPv6'], or both with the primary family first`,
    { ipFamilies: ['IPv6', 'IPv6'] },
  ],
  [
    'network.nodeCidrs is "2001:db8::/56": the cluster has IPv4 only: remove the range, or add IPv6 to ipFamilies',
    { nodeCidrs: ['10.0.0.0/8', '2001:db8::/56'] },
  ],
  [
    'network.dnsCidrs is "169.254.20.10/32": the cluster has IPv6 only: remove the range, or add IPv4 to ipFamilies',
    { ipFamilies: ['IPv6'], dnsCidrs: ['169.254.20.10/32'] },
  ],
  ['network.apiCidrs is []: name a range: an empty list would allow every address', { apiCidrs: [] }],
  [
    'network.internetExceptCidrs is "0.0.0.0/0": write a smaller range: this one is the Internet',
    { internetExceptCidrs: ['0.0.0.0/0'] },
  ],
  ['network.dnsPods is []: name the pods of the DNS: without them no name resolves', { dnsPods: [] }],
  [
    'network.dnsPods.port is 0: write a port from 1 to 65535',
    { dnsPods: [{ namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, port: 0 }] },
  ],
])('%s', (message, network) => {
  expect(settingError(() => chartIn(network)).message).toBe(message);
});
