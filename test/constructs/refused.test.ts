import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  AlertRouting,
  type AlertRoutingProps,
  type ComponentProps,
  Credentials,
  Endpoint,
  ExternalCredentials,
  ExternalWorkload,
  Grafana,
  KubeStateMetrics,
  NodeExporter,
  PostgresExporter,
  type PostgresExporterProps,
  Prometheus,
  type PrometheusProps,
  PrometheusStack,
  type PrometheusStackProps,
  RedisExporter,
} from '../../constructs';
import { testChart } from '../../testing/render';
import { settingError } from '../support/setting-error';
import { PROPS as ALERTING } from './alert-routing/sample';
import { component } from './kit/sample';
import { MINIMAL } from './prometheus-stack/props';

/** What makes something in a chart, and the message that it ends with. */
type Refusal = [(chart: Construct) => unknown, string];

const credentials = new Credentials('demo-credentials');
/** A JavaScript program may pass the name of the Secret. */
const SECRET_NAME = 'demo-credentials' as unknown as Credentials;

const RANGE = 'write a range of addresses, e.g. 10.0.0.0/8';
const EMPTY_RANGE = 'name a range: an empty list would allow every address';
const NAME = 'write at most 50 lower-case letters, digits and dashes, a letter first';
const COUNT = 'write a whole number greater than zero';
const NAMESPACE = 'write a DNS label: lower-case letters, digits and dashes';
const CREDENTIALS = "write new Credentials('demo-credentials')";

/** A server of another kind than the one that is wanted, outside of the cluster. */
const server = (scheme: string, port: number) => Endpoint.host('db.example.com', port, scheme);

function refuses(name: string, refusals: readonly Refusal[]): void {
  describe(name, () => {
    test.each(refusals.map(([make, message]) => [message, make] as const))('%s', (message, make) => {
      expect(settingError(() => make(testChart())).message).toBe(message);
    });
  });
}

const made = (props: Partial<ComponentProps>) => (chart: Construct) => component(chart, props);
refuses('a Component', [
  [made({ name: 'Prom' }), `name is "Prom": ${NAME}`],
  [made({ ports: {} }), 'ports is {}: name a port: a Service has at least one'],
  [
    made({ ports: { HTTP: { port: 80 } } }),
    'ports is "HTTP": write at most 15 lower-case letters, digits and single dashes',
  ],
  [made({ ports: { http: { port: 0 } } }), 'ports.http.port is 0: write a port from 1 to 65535'],
  [made({ workload: { kind: 'Deployment', replicas: 0 } }), `workload.replicas is 0: ${COUNT}`],
  [
    made({ workload: { kind: 'StatefulSet', replicas: 1, storage: { path: '/data', size: '5 GB' } } }),
    'workload.storage.size is "5 GB": write a Kubernetes quantity, e.g. 50Gi',
  ],
  [made({ apiCidrs: [] }), `apiCidrs is []: ${EMPTY_RANGE}`],
  [
    made({ workload: { kind: 'DaemonSet', host: { network: true, pid: false, nodeCidrs: ['node'] } } }),
    `workload.host.nodeCidrs is "node": ${RANGE}`,
  ],
  [
    (chart) => component(new Chart(chart, 'nowhere')),
    "namespace is not set: name the namespace of chart nowhere: new Chart(scope, 'nowhere', { namespace: 'monitoring' })",
  ],
  [(chart) => component(new Chart(chart, 'shouting', { namespace: 'LOUD' })), `namespace is "LOUD": ${NAMESPACE}`],
]);

refuses('Credentials', [
  [
    () => new Credentials('My Secret'),
    'secretName is "My Secret": write lower-case letters, digits, dashes and dots, at most 253',
  ],
]);

refuses('Endpoint', [
  [
    () => Endpoint.host('redis.orders.svc', 6379, 'redis'),
    'host is "redis.orders.svc": redis.orders.svc is a Service of the cluster, and only the Internet would be reached; ' +
      'use ExternalWorkload or the endpoint of its component, or name its ranges in cidrs',
  ],
  [
    () => Endpoint.host('mimir.internal'),
    'host is "mimir.internal": mimir.internal is a private address, and only the Internet would be reached; ' +
      'name its ranges in cidrs',
  ],
  [
    () => Endpoint.url('https://10.1.2.3:8443/push'),
    'url is "https://10.1.2.3:8443/push": 10.1.2.3 is a private address, and only the Internet would be reached; ' +
      'name its ranges in cidrs',
  ],
  [
    () => Endpoint.host('db.example.com', 5432),
    'scheme is not set: name the protocol of port 5432, e.g. http, postgresql or redis',
  ],
  [
    () => Endpoint.host('https://db.example.com'),
    'host is "https://db.example.com": write a host name or an address, without scheme, port and path',
  ],
  [() => Endpoint.host('db.example.com', 443, 'https', []), `cidrs is []: ${EMPTY_RANGE}`],
  [() => Endpoint.anyHost(0), 'port is 0: write a port from 1 to 65535'],
  [
    () => Endpoint.nodes(10250, ['10.0.0.1/8']),
    'cidrs is "10.0.0.1/8": write 10.0.0.0/8: the address has bits beyond the prefix',
  ],
  [() => Endpoint.kubernetesApi([]), `cidrs is []: ${EMPTY_RANGE}`],
  [() => Endpoint.podsIn('orders', []), 'ports is []: name a port: an empty list would allow every port'],
  [() => Endpoint.podsIn('*', [80]), 'namespace is "*": name each namespace: the rights are granted in each of them'],
]);

const prometheus = (props: Partial<PrometheusProps>) => (chart: Construct) =>
  new Prometheus(chart, 'prometheus', { ...MINIMAL(), ...props });
const scraping = (use: (server: Prometheus) => void) => (chart: Construct) =>
  use(new Prometheus(chart, 'prometheus', MINIMAL()));
refuses('Prometheus', [
  [prometheus({ name: 'prom_1' }), `name is "prom_1": ${NAME}`],
  [
    prometheus({ externalUrl: 'prometheus' }),
    'externalUrl is "prometheus": write a URL, e.g. https://prometheus.example.com',
  ],
  [
    prometheus({ externalLabels: { 'k8s-cluster': 'x' } }),
    'externalLabels is "k8s-cluster": write a label name of letters, digits and underscores, ' +
      'no digit first and no two underscores first',
  ],
  [
    prometheus({ externalLabels: { prometheus_replica: 'x' } }),
    'externalLabels is "prometheus_replica": remove it: it tells the replicas apart',
  ],
  [prometheus({ replicas: 1.5 }), `replicas is 1.5: ${COUNT}`],
  [prometheus({ intervalSeconds: 7.5 }), `intervalSeconds is 7.5: ${COUNT}`],
  [prometheus({ retentionDays: 0.5 }), `retentionDays is 0.5: ${COUNT}`],
  [prometheus({ storageSize: '20G' }), 'storageSize is "20G": write a quantity such as 50Gi (Mi, Gi or Ti)'],
  [prometheus({ apiCidrs: ['banana'] }), `apiCidrs is "banana": ${RANGE}`],
  [
    prometheus({ pod: { extraArgs: ['--query.timeout=1m', '--agent'] } }),
    'pod.extraArgs is "--agent": remove it: an agent has no rules and no volume of blocks; use remoteWrites and a ' +
      'short retentionDays',
  ],
  [prometheus({ credentials: SECRET_NAME }), `credentials is "demo-credentials": ${CREDENTIALS}`],
  [
    prometheus({ remoteWrites: [{ url: 'http://mimir.mimir.svc/push' }] }),
    'remoteWrites.url is "http://mimir.mimir.svc/push": mimir.mimir.svc is a Service of the cluster, and only the ' +
      'Internet would be reached; use ExternalWorkload or the endpoint of its component, or name its ranges in cidrs',
  ],
  [
    prometheus({ remoteWrites: [{ url: 'https://mimir.example.com', cidrs: [] }] }),
    `remoteWrites.cidrs is []: ${EMPTY_RANGE}`,
  ],
  [
    scraping((each) => each.addScrapeConfig({ job_name: 'orders', scrape_interval: 'often' })),
    'scrape_interval is "often": write a duration, e.g. 30s, 5m or 1h30m',
  ],
  [
    scraping((each) => each.addScrapeConfig({ job_name: 'orders', scrape_timeout: '20s' })),
    'scrape_timeout is "20s": write at most the scrape interval, 15s',
  ],
  [
    scraping((each) => each.addScrapeConfig({ job_name: 'orders', kubernetes_sd_configs: [{ role: 'pod' }] })),
    'kubernetes_sd_configs.namespaces is not set: name the namespaces, in which Prometheus gets the right to ' +
      'discover targets, or pass { allNamespaces: true }',
  ],
  [
    scraping((each) =>
      each.addScrapeConfig({
        job_name: 'orders',
        kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: ['*'] } }],
      }),
    ),
    'kubernetes_sd_configs.namespaces is "*": name each namespace: the rights are granted in each of them',
  ],
  [
    scraping((each) => each.addFileDiscovery({ job: 'My Hosts', configMap: 'hosts', destinations: [] })),
    `job is "My Hosts": ${NAME}`,
  ],
  [
    scraping((each) => each.addAlertmanager(server('redis', 9093))),
    'addAlertmanager is "redis://db.example.com:9093": the scheme of the endpoint must be http or https',
  ],
]);

const stack = (props: Partial<PrometheusStackProps>) => (chart: Construct) =>
  new PrometheusStack(chart, 'stack', { ...MINIMAL(), platform: 'eks', watchedNamespaces: ['orders'], ...props });
refuses('PrometheusStack', [
  [
    stack({ watchedNamespaces: ['*'] }),
    'watchedNamespaces is "*": name each namespace: the rights are granted in each of them',
  ],
  [
    stack({ watchedNamespaces: [] }),
    'watchedNamespaces is []: name a namespace: the rights are granted in each of them',
  ],
  [stack({ nodeCidrs: ['10.0.0.0'] }), `nodeCidrs is "10.0.0.0": ${RANGE}`],
  [stack({ kubeStateMetrics: { name: 'KSM' } }), `kubeStateMetrics.name is "KSM": ${NAME}`],
  [
    stack({ application: { name: 'orders', namespace: 'orders' } }),
    'application.endpoints is not set: name the endpoints of the annotated pods, or their ports: Prometheus would ' +
      'discover pods that it cannot reach',
  ],
  [
    stack({ application: { name: 'orders', namespace: 'Orders', ports: [80] } }),
    `application.namespace is "Orders": ${NAMESPACE}`,
  ],
  [
    stack({ probedUrls: ['http://orders.example.com'] }),
    'probedUrls is "http://orders.example.com": write a URL that begins with https://: probes fail without verified TLS',
  ],
  [
    stack({ probedUrls: ['orders.example.com'] }),
    'probedUrls is "orders.example.com": write a URL, e.g. https://shop.example.com/health',
  ],
  [
    stack({ probedUrls: ['https://orders.internal/health'] }),
    'probedUrls is "https://orders.internal/health": orders.internal is a private address, and probes reach the ' +
      'Internet only; write { url, cidrs } with the ranges that hold it',
  ],
  [
    stack({ probedUrls: [{ url: 'https://orders.internal/health', cidrs: ['here'] }] }),
    `probedUrls.cidrs is "here": ${RANGE}`,
  ],
]);

const routing = (props: Partial<AlertRoutingProps>) => (chart: Construct) =>
  new AlertRouting(chart, 'alerts', { ...ALERTING(), ...props });
const hours = { start: '09:00', end: '17:00', timeZone: 'UTC' };
const mail = (smarthost: string, cidrs?: string[]) =>
  routing({ channels: { slack: { kind: 'app' }, email: { smarthost, cidrs, from: 'a@example.com' } } });
refuses('AlertRouting', [
  [routing({ externalUrl: 'alerts' }), 'externalUrl is "alerts": write a URL, e.g. https://alertmanager.example.com'],
  [routing({ replicas: 0 }), `replicas is 0: ${COUNT}`],
  [routing({ storageSize: '2 GB' }), 'storageSize is "2 GB": write a quantity such as 50Gi (Mi, Gi or Ti)'],
  [routing({ credentials: SECRET_NAME }), `credentials is "demo-credentials": ${CREDENTIALS}`],
  [
    routing({ businessHours: { ...hours, start: '9' } }),
    'businessHours.start is "9": write HH:MM from 00:00 to 24:00, e.g. 09:00',
  ],
  [
    routing({ businessHours: { ...hours, timeZone: 'CET/Berlin' } }),
    'businessHours.timeZone is "CET/Berlin": write the IANA name of a time zone, e.g. Europe/Berlin or UTC',
  ],
  [routing({ privateReceivers: [{ cidrs: [], port: 443 }] }), `privateReceivers.cidrs is []: ${EMPTY_RANGE}`],
  [
    routing({ privateReceivers: [{ cidrs: ['10.0.0.0/8'], port: -1 }] }),
    'privateReceivers.port is -1: write a port from 1 to 65535',
  ],
  [
    mail('smtp.internal:25'),
    'channels.email.smarthost is "smtp.internal:25": smtp.internal is a private address, and only the Internet would ' +
      'be reached; name its ranges in cidrs',
  ],
  [mail('smtp.example.com:99999'), 'channels.email.smarthost is 99999: write a port from 1 to 65535'],
  [mail('smtp.example.com:25', ['x']), `channels.email.cidrs is "x": ${RANGE}`],
  [
    (chart) =>
      new AlertRouting(chart, 'alerts', ALERTING()).addReceiver({
        receiver: { name: 'desk' },
        matchers: ['team = "orders"'],
        timing: { repeat_interval: 'NaNm' },
      }),
    'timing.repeat_interval is "NaNm": write a duration, e.g. 30s, 5m or 1h30m',
  ],
  [
    (chart) =>
      new AlertRouting(chart, 'alerts', ALERTING()).addReceiver({
        receiver: { name: 'desk' },
        matchers: ['team = "orders"'],
        timing: { group_interval: '0s' },
      }),
    'timing.group_interval is "0s": write a time greater than zero',
  ],
]);

const grafana = (chart: Construct, props: object = {}) =>
  new Grafana(chart, 'grafana', { externalUrl: 'https://grafana.example.com', credentials, ...props });
refuses('Grafana', [
  [
    (chart) => grafana(chart, { externalUrl: 'grafana' }),
    'externalUrl is "grafana": write a URL, e.g. https://grafana.example.com',
  ],
  [(chart) => grafana(chart, { credentials: SECRET_NAME }), `credentials is "demo-credentials": ${CREDENTIALS}`],
  [
    (chart) => grafana(chart, { storageSize: '5 Gi' }),
    'storageSize is "5 Gi": write a quantity such as 50Gi (Mi, Gi or Ti)',
  ],
  [
    (chart) => {
      const dashboards = grafana(chart);
      for (const name of ['One', 'Two']) {
        const source = { name, type: 'prometheus', uid: name.toLowerCase(), isDefault: true } as const;
        dashboards.addDataSource(Endpoint.host('metrics.example.com'), source);
      }
    },
    'isDefault is true: "One" is the default data source: make only one of them the default',
  ],
]);

const postgres = (props: Partial<PostgresExporterProps>) => (chart: Construct) =>
  new PostgresExporter(chart, 'exporter', {
    postgres: server('postgresql', 5432),
    database: 'orders',
    credentials,
    ...props,
  });
const collector = (changes: object) => ({
  collector_name: 'orders',
  min_interval: '1m',
  metrics: [{ metric_name: 'orders', type: 'gauge', help: 'Orders.', values: ['n'], query: 'SELECT 1 AS n' } as const],
  ...changes,
});
refuses('an exporter', [
  [
    postgres({ postgres: server('https', 5432) }),
    'postgres is "https://db.example.com:5432": the scheme of the endpoint must be postgresql or postgres',
  ],
  [
    (chart) => {
      const workload = { namespace: 'orders', podLabels: { app: 'db' }, service: 'db', port: 5432 };
      return postgres({ postgres: new ExternalWorkload(chart, 'db', workload).endpoint })(chart);
    },
    'postgres is "http://db.orders.svc:5432": the scheme of the endpoint must be postgresql or postgres',
  ],
  [postgres({ credentials: SECRET_NAME }), `credentials is "demo-credentials": ${CREDENTIALS}`],
  [
    postgres({ database: 'orders?sslmode=disable' }),
    'database is "orders?sslmode=disable": write letters, digits, dashes, dots and underscores',
  ],
  [
    postgres({ tls: { configMap: 'My CA' } }),
    'tls.configMap is "My CA": write lower-case letters, digits, dashes and dots, at most 253',
  ],
  [
    postgres({ collectors: [collector({ collector_name: 'my orders' })] }),
    'collectors.collector_name is "my orders": write letters, digits, dashes and underscores',
  ],
  [
    postgres({ collectors: [collector({ min_interval: 'soon' })] }),
    'collectors.orders.min_interval is "soon": write a duration, e.g. 30s, 5m or 1h30m',
  ],
  [postgres({ collectors: [collector({ metrics: [] })] }), 'collectors.orders.metrics is []: write a metric'],
  [
    postgres({ collectors: [collector({ metrics: [{ ...collector({}).metrics[0], metric_name: 'bad name' }] })] }),
    'collectors.orders.metrics is "bad name": write a metric name of letters, digits and underscores',
  ],
  [
    postgres({ collectors: [collector({ metrics: [{ ...collector({}).metrics[0], values: [] }] })] }),
    'collectors.orders.metrics.orders.values is []: name the column that holds the value',
  ],
  [
    (chart) => new RedisExporter(chart, 'exporter', { redis: server('https', 6379) }),
    'redis is "https://db.example.com:6379": the scheme of the endpoint must be redis, rediss, valkey or valkeys',
  ],
  [
    (chart) =>
      new RedisExporter(chart, 'exporter', {
        redis: server('redis', 6379),
        password: { credentials: SECRET_NAME, key: 'REDIS_PASSWORD' },
      }),
    `password.credentials is "demo-credentials": ${CREDENTIALS}`,
  ],
  [(chart) => new NodeExporter(chart, 'exporter', { port: 0 }), 'port is 0: write a port from 1 to 65535'],
  [(chart) => new NodeExporter(chart, 'exporter', { nodeCidrs: [] }), `nodeCidrs is []: ${EMPTY_RANGE}`],
  [
    (chart) => new KubeStateMetrics(chart, 'exporter', { namespaces: [] }),
    'namespaces is []: name a namespace: the rights are granted in each of them',
  ],
  [
    (chart) =>
      new ExternalCredentials(chart, 'credentials', {
        credentials,
        store: 'aws',
        entry: 'orders',
        refreshInterval: '1d',
      }),
    'refreshInterval is "1d": write a duration in hours, minutes or seconds, e.g. 1h or 30m',
  ],
  [
    (chart) => new ExternalCredentials(chart, 'credentials', { credentials, store: 'My Store', entry: 'orders' }),
    'store is "My Store": write lower-case letters, digits, dashes and dots, at most 253',
  ],
  [
    (chart) => new ExternalCredentials(chart, 'credentials', { credentials, store: 'aws', entry: ' ' }),
    'entry is " ": name the entry of the store that holds the keys',
  ],
]);

describe('what may be there once is refused the second time', () => {
  test.each<[string, (chart: Construct) => unknown]>([
    [
      'duplicate receiver name "desk": rename one of them',
      (chart) => {
        const alerts = new AlertRouting(chart, 'alerts', ALERTING());
        alerts.addReceiver({ receiver: { name: 'desk' }, matchers: ['team = "orders"'] });
        alerts.addHeartbeat({ name: 'desk' });
      },
    ],
    [
      'duplicate receiver name "level-high": rename one of them',
      (chart) =>
        new AlertRouting(chart, 'alerts', ALERTING()).addReceiver({
          receiver: { name: 'level-high' },
          matchers: ['team = "orders"'],
        }),
    ],
    [
      'duplicate scrape job name "orders": rename one of them',
      scraping((each) => {
        each.addScrapeConfig({ job_name: 'orders' });
        each.addScrapeConfig({ job_name: 'orders' });
      }),
    ],
    [
      'duplicate Alertmanager "alerts.example.com:443": remove one of them',
      scraping((each) => {
        each.addAlertmanager(Endpoint.host('alerts.example.com'));
        each.addAlertmanager(Endpoint.host('alerts.example.com'));
      }),
    ],
    [
      'duplicate remote write "https://mimir.example.com": remove one of them',
      prometheus({ remoteWrites: [{ url: 'https://mimir.example.com' }, { url: 'https://mimir.example.com' }] }),
    ],
    [
      'duplicate data source name "Metrics": rename one of them',
      (chart) => {
        const dashboards = grafana(chart);
        for (const uid of ['one', 'two']) {
          dashboards.addDataSource(Endpoint.host('metrics.example.com'), { name: 'Metrics', type: 'prometheus', uid });
        }
      },
    ],
    ['duplicate collector name "orders": rename one of them', postgres({ collectors: [collector({}), collector({})] })],
  ])('%s', (message, make) => {
    expect(() => make(testChart())).toThrow(expect.objectContaining({ name: 'DuplicateNameError', message }));
  });
});

test('repeated namespaces are one', () => {
  expect(() => stack({ watchedNamespaces: ['orders', 'orders'] })(testChart())).not.toThrow();
});
