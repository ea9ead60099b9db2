import {
  BlackboxExporter,
  dnsModule,
  Endpoint,
  httpModule,
  icmpModule,
  KubeStateMetrics,
  PLATFORMS,
  type Platform,
  type Probe,
  Prometheus,
  PrometheusStack,
  type PrometheusStackProps,
  type ScrapeConfig,
  tcpModule,
} from '../../../constructs';
import { keepUsed, metricLists } from '../../../metrics';
import { RuleCatalogue } from '../../../rules';
import { configFiles, type Manifest } from '../../../testing/manifests';
import { find, findAll, render, testChart } from '../../../testing/render';
import { testProps } from '../../support/props';
import { SOUND_RULES, withRuleDirectory } from '../../support/rule-directory';
import { serverConfig } from '../../support/server-config';
import { settingError } from '../../support/setting-error';
import { component, selected } from '../kit/sample';
import { FULL, MINIMAL, TRACES } from './props';

const CONTROL_PLANE_JOBS = ['kube-scheduler', 'kube-controller-manager', 'etcd'];
const CONTROL_PLANE_PORTS = [10259, 10257, 2381];
const LINKS = { runbook: ({ alert }: { alert: string }) => `https://runbooks.example.com/${alert}` };

const PROPS = (): PrometheusStackProps => ({ ...MINIMAL(), platform: 'eks', watchedNamespaces: ['shop'] });

/** A catalogue with one topic. */
function catalogue(topic = 'demo'): RuleCatalogue {
  const { 'rules/demo.yaml': demo } = SOUND_RULES;
  return withRuleDirectory({ 'rules/demo.yaml': undefined, [`rules/${topic}.yaml`]: demo }, RuleCatalogue.read);
}

const rendered = (props: Partial<PrometheusStackProps> = {}) =>
  render((chart) => new PrometheusStack(chart, 'stack', { ...PROPS(), ...props }));
const jobsOf = (manifests: ReturnType<typeof rendered>): ScrapeConfig[] =>
  serverConfig(manifests, 'prometheus-config', 'prometheus.yml').scrape_configs;
const jobNames = (props: Partial<PrometheusStackProps>) => jobsOf(rendered(props)).map(({ job_name }) => job_name);

describe('PrometheusStack', () => {
  test('names the options of a part as the caller wrote them', () => {
    const message = (props: Partial<PrometheusStackProps>) => settingError(() => rendered(props)).message;
    expect(message({ kubeStateMetrics: { pod: { replicas: 2 } } })).toBe(
      'kubeStateMetrics.pod.replicas is 2: each replica would report every object again: leave it out, and raise resources instead',
    );
    expect(message({ blackboxExporter: { pod: { replicas: 0 } } })).toBe(
      'blackboxExporter.pod.replicas is 0: write a whole number, from 1',
    );
    expect(message({ pod: { replicas: 3 } })).toBe('pod.replicas is 3: write the prop replicas of Prometheus');
  });

  testProps<PrometheusStackProps, 'storage'>({
    make: (scope, props) => {
      const { prometheus } = new PrometheusStack(scope, 'stack', props);
      prometheus.addScrapeConfig({ job_name: 'shop' });
    },
    parts: (scope, props) => {
      new Prometheus(scope, 'prometheus', props);
      new KubeStateMetrics(scope, 'kube-state-metrics', {
        namespaces: props.watchedNamespaces!,
        apiCidrs: props.apiCidrs,
        ...props.kubeStateMetrics,
      });
      new BlackboxExporter(scope, 'blackbox-exporter', props.blackboxExporter || undefined);
    },
    minimal: PROPS,
    full: () => ({
      ...FULL(),
      platform: 'kubeadm',
      watchedNamespaces: ['shop', 'warehouse'],
      application: {
        name: 'storefront',
        namespace: 'boutique',
        endpoints: [Endpoint.host('boutique.example.com', 3000, 'http', ['10.44.0.0/16'])],
      },
      probedUrls: ['https://shop.example.com/health'],
      probes: [{ name: 'database', module: tcpModule(), targets: ['db.example.com:5432'] }],
      rules: { catalogue: catalogue(), links: LINKS },
      coreDns: { labels: { app: 'cluster-names' }, port: 19153 },
      kubeProxy: { labels: { app: 'node-proxy' }, port: 19249 },
      nodeCidrs: ['10.42.0.0/16'],
      kubeStateMetrics: { name: 'objects', pod: { priorityClassName: 'objects-first' } },
      blackboxExporter: { name: 'prober', pod: { priorityClassName: 'probes-first' } },
    }),
    traces: {
      ...TRACES,
      platform: 'job_name: kube-scheduler',
      watchedNamespaces: '--namespaces=shop,warehouse',
      application: 'job_name: storefront-pods',
      probedUrls: '- https://shop.example.com/health',
      probes: '__tmp_probe_instance: tcp://db.example.com:5432',
      rules: 'runbook_url: https://runbooks.example.com/DemoDown',
      coreDns: 'label: app=cluster-names',
      kubeProxy: 'label: app=node-proxy',
      nodeCidrs: 'cidr: 10.42.0.0/16',
      kubeStateMetrics: 'priorityClassName: objects-first',
      blackboxExporter: 'priorityClassName: probes-first',
    },
    apart: { storage: { props: () => ({ ...PROPS(), storage: 'emptyDir' }), trace: 'sizeLimit: 100Gi' } },
  });

  describe('the control plane', () => {
    test.each(PLATFORMS.map((platform) => [platform, platform === 'kubeadm'] as const))(
      'on %s is scraped: %s',
      (platform, visible) => {
        const scraped = jobNames({ platform, apiCidrs: ['10.0.0.0/8'] }).filter((job) =>
          CONTROL_PLANE_JOBS.includes(job),
        );
        expect(scraped).toEqual(visible ? CONTROL_PLANE_JOBS : []);
      },
    );

    test.each([
      ['kubeadm', 1],
      ['eks', 0],
    ] as const)('on %s has %i topics of rules', (platform, topics) => {
      const manifests = rendered({ platform, rules: { catalogue: catalogue('control-plane'), links: LINKS } });
      expect(findAll(manifests, 'ConfigMap', 'prometheus-rules-control-plane')).toHaveLength(topics);
    });

    test('is reached on its ports only where it is scraped', () => {
      const ports = (platform: Platform) =>
        find(rendered({ platform }), 'NetworkPolicy', 'prometheus').spec.egress.flatMap(
          (rule: { ports: { port: number }[] }) => rule.ports.map(({ port }) => port),
        );
      expect(ports('kubeadm')).toEqual(expect.arrayContaining(CONTROL_PLANE_PORTS));
      expect(ports('eks').filter((port: number) => CONTROL_PLANE_PORTS.includes(port))).toEqual([]);
    });

    test('of an unknown platform is refused', () => {
      expect(() => rendered({ platform: 'openshift' as Platform })).toThrow(
        'platform is "openshift": write one of eks, gke, aks, kubeadm',
      );
    });
  });

  describe('the pods of the cluster', () => {
    const egressOf = (props: Partial<PrometheusStackProps>) =>
      find(rendered(props), 'NetworkPolicy', 'prometheus').spec.egress;
    const jobOf = (props: Partial<PrometheusStackProps>, name: string) =>
      jobsOf(rendered(props)).find(({ job_name }) => job_name === name);

    test('are scraped only when asked for', () => {
      expect(jobNames({}).filter((job) => ['coredns', 'kube-proxy'].includes(job))).toEqual([]);
      expect(jobNames({ coreDns: false, kubeProxy: false })).toEqual(jobNames({}));
    });

    test('CoreDNS is found by its labels and reached as a pod', () => {
      expect(jobOf({ coreDns: true }, 'coredns')).toMatchObject({
        scheme: 'http',
        kubernetes_sd_configs: [
          {
            role: 'pod',
            namespaces: { names: ['kube-system'] },
            selectors: [{ role: 'pod', label: 'k8s-app=kube-dns' }],
          },
        ],
      });
      expect(JSON.stringify(jobOf({ coreDns: true }, 'coredns'))).toContain(':9153"');
      const named = {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      };
      const rule = { to: [named], ports: [{ port: 9153, protocol: 'TCP' }] };
      expect(egressOf({ coreDns: true })).toContainEqual(rule);
      expect(egressOf({})).not.toContainEqual(rule);
    });

    test('kube-proxy is found by its labels and reached on the network of the nodes', () => {
      const props = { kubeProxy: true, nodeCidrs: ['10.42.0.0/16'] };
      expect(jobOf(props, 'kube-proxy')).toMatchObject({
        kubernetes_sd_configs: [{ selectors: [{ role: 'pod', label: 'k8s-app=kube-proxy' }] }],
      });
      const rule = { to: [{ ipBlock: { cidr: '10.42.0.0/16' } }], ports: [{ port: 10249, protocol: 'TCP' }] };
      expect(egressOf(props)).toContainEqual(rule);
      expect(egressOf({ nodeCidrs: props.nodeCidrs })).not.toContainEqual(rule);
    });

    test('are discovered with a right in their namespace', () => {
      const roles = findAll(rendered({ coreDns: true }), 'Role').map(({ metadata }) => metadata.namespace);
      expect(roles).toContain('kube-system');
    });

    test.each(['coredns', 'kube-proxy'])('%s has an alert when it has no target', (job) => {
      const manifests = rendered({
        coreDns: true,
        kubeProxy: true,
        rules: { catalogue: RuleCatalogue.general(), links: LINKS },
      });
      const rules = configFiles(manifests, 'prometheus-rules-prometheus')['prometheus.yaml'];
      expect(rules).toContain(`absent(up{job="${job}"})`);
    });

    test('keep what rules read, and no other series', () => {
      const uses = [{ where: 'test', expr: 'rate(coredns_dns_responses_total{rcode="SERVFAIL"}[5m])', shows: [] }];
      const props = { coreDns: true, kubeProxy: true, keep: keepUsed({ uses, lists: metricLists() }) };
      const kept = (job: string) => jobOf(props, job)?.metric_relabel_configs;
      expect(kept('coredns')).toEqual([
        { source_labels: ['__name__'], regex: 'coredns_dns_responses_total', action: 'keep' },
      ]);
      expect(kept('kube-proxy')).toEqual([{ source_labels: ['__name__'], action: 'drop' }]);
    });

    test.each<[Partial<PrometheusStackProps>, string]>([
      [
        { platform: 'gke', apiCidrs: ['172.16.0.32/28'], coreDns: true },
        'coreDns is true: GKE runs kube-dns or Cloud DNS; write the labels of your CoreDNS, or remove coreDns',
      ],
      [{ coreDns: { port: 0 } }, 'coreDns.port is 0: write a port from 1 to 65535'],
      [
        { kubeProxy: { labels: {} } },
        'kubeProxy.labels is {}: name a label: without one, every pod of the namespace is selected',
      ],
    ])('%j is refused', (props, message) => {
      expect(settingError(() => rendered(props)).message).toBe(message);
    });

    test('on GKE may be a CoreDNS of your own', () => {
      expect(
        jobNames({ platform: 'gke', apiCidrs: ['172.16.0.32/28'], coreDns: { labels: { app: 'coredns' } } }),
      ).toContain('coredns');
    });
  });

  describe('jobs', () => {
    const every = () =>
      jobsOf(
        rendered({
          platform: 'kubeadm',
          application: { name: 'storefront', namespace: 'shop', ports: [3000] },
          probedUrls: ['https://shop.example.com/health'],
        }),
      );

    test('have names of their own and a limit on samples', () => {
      const jobs = every();
      expect(new Set(jobs.map(({ job_name }) => job_name)).size).toBe(jobs.length);
      for (const job of jobs) {
        expect(job).toEqual(expect.objectContaining({ sample_limit: expect.any(Number) }));
      }
    });

    test('limit their targets, unless those are nodes', () => {
      const unlimited = every().filter(({ target_limit }) => target_limit === undefined);
      expect(unlimited.map(({ job_name }) => job_name)).toEqual(['kubelet', 'cadvisor']);
    });

    test('limit no label: one long label would throw away the whole scrape', () => {
      expect(JSON.stringify(every())).not.toMatch(/label_(name_length_|value_length_)?limit/);
    });

    test('are these', () => {
      expect(every().map(({ job_name }) => job_name)).toEqual([
        'kubelet',
        'cadvisor',
        'apiserver',
        ...CONTROL_PLANE_JOBS,
        'prometheus',
        'kube-state-metrics',
        'kube-state-metrics-telemetry',
        'blackbox-exporter',
        'storefront-services',
        'storefront-pods',
        'blackbox-http',
      ]);
    });

    test('of the application and of probes are there only when asked for', () => {
      const names = jobNames({});
      expect(names.filter((name) => /-(services|pods)$/.test(name))).toEqual([]);
      expect(names).not.toContain('blackbox-http');
      expect(jobNames({ probedUrls: [] })).not.toContain('blackbox-http');
    });

    test('about objects keep the labels of the objects', () => {
      const honoured = every().filter(({ honor_labels }) => honor_labels);
      expect(honoured.map(({ job_name }) => job_name)).toEqual(['kube-state-metrics']);
    });

    test('about objects have no labels of the exporter: series without a pod would get its pod', () => {
      const job = every().find(({ job_name }) => job_name === 'kube-state-metrics');
      const named = job?.relabel_configs?.flatMap(({ target_label }) => target_label ?? []);
      const { regex } = job?.relabel_configs?.at(-1) ?? {};
      expect(job?.relabel_configs?.at(-1)).toEqual({
        action: 'labeldrop',
        regex: 'namespace|pod|node|service|component',
      });
      expect(named).toContain('pod');
      // Every label that names the target is dropped again.
      expect(named?.filter((label) => !new RegExp(`^(?:${regex})$`).test(label))).toEqual([]);
    });

    test('about the exporters themselves keep the labels of the exporters', () => {
      const dropping = every().filter(({ relabel_configs }) =>
        relabel_configs?.some(({ action }) => action === 'labeldrop'),
      );
      expect(dropping.map(({ job_name }) => job_name)).toEqual(['kube-state-metrics']);
    });

    test.each(['storefront-services', 'storefront-pods'])(
      'of the application discover in its namespace, which may have another name: %s',
      (name) => {
        const job = every().find(({ job_name }) => job_name === name);
        expect(job?.kubernetes_sd_configs).toMatchObject([{ namespaces: { names: ['shop'] } }]);
      },
    );

    test('of annotated pods drop init containers and pods that have ended', () => {
      const job = every().find(({ job_name }) => job_name === 'storefront-pods');
      expect(job?.relabel_configs?.filter(({ action }) => action === 'drop')).toEqual([
        { source_labels: ['__meta_kubernetes_pod_container_init'], regex: 'true', action: 'drop' },
        { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Succeeded|Failed', action: 'drop' },
      ]);
    });

    test('that probe name the URL as the instance and ask the exporter', () => {
      const job = every().find(({ job_name }) => job_name === 'blackbox-http');
      expect(job).toMatchObject({
        params: { module: ['http_2xx'] },
        static_configs: [{ targets: ['https://shop.example.com/health'] }],
      });
      expect(job?.relabel_configs).toContainEqual({ source_labels: ['__param_target'], target_label: 'instance' });
    });

    test('that probe let the exporter reach the URLs and nothing else', () => {
      const urls = ['https://shop.example.com/health', 'https://shop.example.com:8443/health'];
      const [, ...rules] = find(rendered({ probedUrls: urls }), 'NetworkPolicy', 'blackbox-exporter').spec.egress;
      expect(rules).toEqual(
        [443, 8443].map((port) => ({
          to: [{ ipBlock: expect.objectContaining({ cidr: '0.0.0.0/0' }) }],
          ports: [{ port, protocol: 'TCP' }],
        })),
      );
    });

    test('of the application may reach its endpoints, on both sides', () => {
      const manifests = render((chart) => {
        const shop = component(chart, { name: 'shop' });
        new PrometheusStack(chart, 'stack', {
          ...PROPS(),
          application: { name: 'shop', namespace: 'shop', endpoints: [shop.endpoint()] },
        });
      });
      expect(find(manifests, 'NetworkPolicy', 'shop').spec.ingress).toHaveLength(1);
      expect(find(manifests, 'NetworkPolicy', 'prometheus').spec.egress).toContainEqual({
        to: [{ podSelector: selected('shop') }],
        ports: [{ port: 8080, protocol: 'TCP' }],
      });
    });

    test('of the API server verify its certificate', () => {
      const job = every().find(({ job_name }) => job_name === 'apiserver');
      expect(job?.tls_config).toEqual({
        ca_file: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
        server_name: 'kubernetes',
      });
    });
  });

  describe('probes', () => {
    const probes: readonly Probe[] = [
      { name: 'plain', module: httpModule({ statusCodes: [401] }), targets: ['http://shop.example.com:8080/admin'] },
      {
        name: 'names',
        module: dnsModule({ name: 'shop.example.com' }),
        targets: [{ target: '10.96.0.10', cidrs: ['10.96.0.10/32'] }],
      },
      { name: 'reach', module: icmpModule(), targets: ['192.0.2.7'] },
    ];
    const job = (props: Partial<PrometheusStackProps>) =>
      jobsOf(rendered(props)).find(({ job_name }) => job_name === 'blackbox-http');

    test('are in the job of the URLs, each with its module and a name', () => {
      expect(job({ probes, probedUrls: ['https://shop.example.com'] })).toMatchObject({
        params: { module: ['http_2xx'] },
        static_configs: [
          { targets: ['https://shop.example.com'] },
          {
            targets: ['http://shop.example.com:8080/admin'],
            labels: { __param_module: 'plain', __tmp_probe_instance: 'http://shop.example.com:8080/admin' },
          },
          {
            targets: ['10.96.0.10'],
            labels: { __param_module: 'names', __tmp_probe_instance: 'dns://10.96.0.10/shop.example.com?type=A' },
          },
          { targets: ['192.0.2.7'], labels: { __param_module: 'reach', __tmp_probe_instance: 'icmp://192.0.2.7' } },
        ],
      });
    });

    test('need no URL beside them', () => {
      expect(job({ probes })?.static_configs).toHaveLength(3);
    });

    test('are configured in the exporter, which reaches the targets', () => {
      const manifests = rendered({ probes });
      const { modules } = serverConfig(manifests, 'blackbox-exporter', 'config.yml');
      expect(Object.keys(modules)).toEqual(['http_2xx', 'plain', 'names', 'reach']);
      const [, ...egress] = find(manifests, 'NetworkPolicy', 'blackbox-exporter').spec.egress;
      expect(egress).toMatchObject([
        { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 8080, protocol: 'TCP' }] },
        { to: [{ ipBlock: { cidr: '10.96.0.10/32' } }], ports: [{ port: 53, protocol: 'UDP' }] },
        { to: [{ ipBlock: { cidr: '192.0.2.7/32' } }] },
      ]);
    });

    test.each<[readonly Probe[], string]>([
      [
        [{ name: 'My DB', module: tcpModule(), targets: ['db.example.com:1'] }],
        'probes[0].name is "My DB": write at most 50 lower-case letters, digits and dashes, a letter first',
      ],
      [
        [{ name: 'db', module: tcpModule(), targets: [] }],
        'probes[0].targets is []: name a target, or remove the probe',
      ],
      [
        [...probes, { name: 'db', module: tcpModule(), targets: ['db.example.com'] }],
        'probes[3].targets is "db.example.com": write host:port, e.g. db.example.com:5432',
      ],
      [
        [{ name: 'db', module: tcpModule(), targets: ['db.internal:5432'] }],
        'probes[0].targets is "db.internal:5432": db.internal is a private address, and probes reach the Internet only; ' +
          'write { target, cidrs } with the ranges that hold it',
      ],
      [
        [{ name: 'web', module: { prober: 'grpc' }, targets: ['a:1'] }],
        'probes[0].module.prober is "grpc": write one of http, tcp, dns, icmp',
      ],
    ])('%j are refused', (invalid, message) => {
      expect(settingError(() => rendered({ probes: invalid })).message).toBe(message);
    });

    test('of one target in one way are refused: alerts would not tell them apart', () => {
      const twice = [
        { name: 'one', module: tcpModule(), targets: ['db.example.com:5432'] },
        { name: 'two', module: tcpModule({ tls: true }), targets: ['db.example.com:5432'] },
      ];
      expect(() => rendered({ probes: twice })).toThrow(
        'duplicate probe of "tcp://db.example.com:5432": remove one of them',
      );
      expect(() =>
        rendered({ probes: [{ ...twice[0]!, targets: ['db.example.com:1', 'db.example.com:2'] }] }),
      ).not.toThrow();
    });
  });

  describe.each([
    ['kubeStateMetrics', 'kube-state-metrics', ['kube-state-metrics', 'kube-state-metrics-telemetry']],
    ['blackboxExporter', 'blackbox-exporter', ['blackbox-exporter']],
  ] as const)('without %s', (prop, name, jobs) => {
    const generalRules = { catalogue: RuleCatalogue.general(), links: LINKS };
    const without = () => rendered({ rules: generalRules, [prop]: false });
    const missing = (manifests: readonly Manifest[]) =>
      serverConfig(manifests, 'prometheus-rules-prometheus', 'prometheus.yaml')
        .groups.flatMap(({ rules }: { rules: { alert?: string; expr: string }[] }) => rules)
        .find(({ alert }: { alert?: string }) => alert === 'ScrapeTargetMissing').expr;

    test('has no object of it', () => {
      expect(JSON.stringify(rendered({}))).toContain(`"app.kubernetes.io/name":"${name}"`);
      expect(JSON.stringify(without())).not.toContain(`"app.kubernetes.io/name":"${name}"`);
    });

    test('does not scrape it, and expects no target of it', () => {
      expect(jobNames({})).toEqual(expect.arrayContaining([...jobs]));
      expect(jobNames({ [prop]: false }).filter((job) => (jobs as readonly string[]).includes(job))).toEqual([]);
      for (const job of jobs) {
        expect(missing(rendered({ rules: generalRules }))).toContain(`job="${job}"`);
        expect(missing(without())).not.toContain(`job="${job}"`);
      }
    });

    test('has no such construct', () => {
      const stack = new PrometheusStack(testChart(), 'stack', { ...PROPS(), [prop]: false });
      expect(() => stack[prop]).toThrow(`the stack has no such exporter: its prop ${prop} is false`);
    });
  });

  test('without kube-state-metrics needs no namespace to watch', () => {
    const { watchedNamespaces: _, ...props } = PROPS();
    expect(() => new PrometheusStack(testChart(), 'stack', { ...props, kubeStateMetrics: false })).not.toThrow();
    expect(settingError(() => new PrometheusStack(testChart(), 'stack', props)).message).toBe(
      'watchedNamespaces is not set: name the namespaces that kube-state-metrics reports, or write kubeStateMetrics: false',
    );
  });

  test('without the blackbox exporter probes nothing', () => {
    const props = { ...PROPS(), blackboxExporter: false, probedUrls: ['https://shop.example.com'] } as const;
    expect(settingError(() => new PrometheusStack(testChart(), 'stack', props)).message).toBe(
      'blackboxExporter is false: it probes probedUrls and probes: remove these, or this setting',
    );
  });

  test('Prometheus may read the metrics of nodes and run nothing on them', () => {
    const { rules } = find(rendered(), 'ClusterRole', 'monitoring-test-prometheus');
    const resources = rules.flatMap((rule: { resources?: string[] }) => rule.resources ?? []);
    expect(resources).toEqual(['nodes', 'nodes/metrics']);
    expect(new Set(rules.flatMap((rule: { verbs: string[] }) => rule.verbs))).toEqual(
      new Set(['get', 'list', 'watch']),
    );
  });

  describe('nodes and the API server', () => {
    const NODES = { ipBlock: { cidr: '203.0.113.0/25' } };
    const API = { ipBlock: { cidr: '203.0.113.128/25' } };
    const ports = (...numbers: number[]) => numbers.map((port) => ({ port, protocol: 'TCP' }));

    /** Rules for ranges of addresses, without the one for name resolution. */
    const ranges = (name: string, platform: Platform) => {
      const manifests = rendered({ platform, nodeCidrs: [NODES.ipBlock.cidr], apiCidrs: [API.ipBlock.cidr] });
      const [, ...rules] = find(manifests, 'NetworkPolicy', name).spec.egress;
      return rules.filter(({ to }: { to: { ipBlock?: object }[] }) => to.some(({ ipBlock }) => ipBlock));
    };

    test('are reached by Prometheus, each in the ranges that hold them and in no others', () => {
      expect(ranges('prometheus', 'eks')).toEqual([
        { to: [NODES], ports: ports(10250) },
        { to: [API], ports: ports(443, 6443, 8443) },
      ]);
    });

    test('hold the control plane among the nodes, where it is scraped', () => {
      const [, , ...controlPlane] = ranges('prometheus', 'kubeadm');
      expect(controlPlane).toEqual(CONTROL_PLANE_PORTS.map((port) => ({ to: [NODES], ports: ports(port) })));
    });

    test('let kube-state-metrics reach the API server only', () => {
      expect(ranges('kube-state-metrics', 'eks')).toEqual([{ to: [API], ports: ports(443, 6443, 8443) }]);
    });
  });
});
