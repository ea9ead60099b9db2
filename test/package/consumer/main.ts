import { ApiObject, App, Chart } from 'cdk8s';
import {
  AlertRouting,
  BlackboxExporter,
  blockAddress,
  Component,
  ConfigDirectory,
  Credentials,
  clearCache,
  defineDashboard,
  Endpoint,
  ExternalCredentials,
  ExternalWorkload,
  Grafana,
  httpProbe,
  KubeStateMetrics,
  keepUsed,
  type LokiRules,
  LokiStack,
  metricLists,
  NodeExporter,
  OperatorObjects,
  openIncident,
  ownAlertsOf,
  PostgresExporter,
  Prometheus,
  PrometheusStack,
  RedisExporter,
  type RemediationPolicy,
  RemediationWebhook,
  RuleCatalogue,
  resetConnections,
  restartWorkload,
  type SqlCollector,
  scaleUp,
  timeSeries,
  toYaml,
} from 'sightedit-monitoring';
import { images } from 'sightedit-monitoring/constructs';

/** Every construct of the package, as another team would use it, and a policy of each kind. */
const app = new App();
const chart = new Chart(app, 'orders', { namespace: 'orders-monitoring', disableResourceNameHashes: true });
const nodes = new Chart(app, 'nodes', { namespace: 'node-agents', disableResourceNameHashes: true });
const other = new Chart(app, 'other', { namespace: 'other-monitoring', disableResourceNameHashes: true });

const credentials = new Credentials('orders-credentials');
const catalogue = RuleCatalogue.sightEdit();

const routing = new AlertRouting(chart, 'alerts', {
  externalUrl: 'https://alertmanager.orders.example',
  credentials,
  channels: { slack: { kind: 'app' } },
  levels: { critical: { slack: ['#a'] }, high: { slack: ['#a'] }, medium: { slack: ['#b'] }, low: { slack: ['#b'] } },
});
const stack = new PrometheusStack(chart, 'metrics', {
  platform: 'eks',
  externalUrl: 'https://prometheus.orders.example',
  externalLabels: { cluster: 'orders' },
  watchedNamespaces: ['orders'],
  keep: keepUsed({ lists: metricLists(), uses: catalogue.uses }),
  rules: { catalogue, links: { runbook: ({ alert }) => `https://wiki.orders.example/${alert}` } },
});
const { prometheus } = stack;
prometheus.addAlertmanager(routing.endpoint);

const database = new ExternalWorkload(chart, 'postgres', {
  namespace: 'orders',
  podLabels: { app: 'postgres' },
  service: 'postgres',
  port: 5432,
  scheme: 'postgresql',
});
const cache = Endpoint.host('redis.orders.example', 6379, 'redis');
const collectors: SqlCollector[] = [
  {
    collector_name: 'orders',
    min_interval: '1m',
    metrics: [
      {
        metric_name: 'orders_open',
        type: 'gauge',
        help: 'Open orders.',
        values: ['open'],
        query: "SELECT count(*)::float AS open FROM orders WHERE state = 'open'",
      },
    ],
  },
];
const postgres = new PostgresExporter(chart, 'postgres-exporter', {
  postgres: database.endpoint,
  database: 'orders',
  credentials,
  collectors,
});
const redis = new RedisExporter(chart, 'redis-exporter', { redis: cache });
prometheus.addScrapeJob('postgres-exporter', postgres.endpoint);
prometheus.addScrapeJob('redis-exporter', redis.endpoint);

const nodeExporter = new NodeExporter(nodes, 'node-exporter');
prometheus.addScrapeJob('node-exporter', nodeExporter.endpoint);

const grafana = new Grafana(chart, 'grafana', { externalUrl: 'https://grafana.orders.example', credentials });
grafana.addPrometheus(prometheus);
grafana.addDashboard(
  defineDashboard({
    uid: 'orders',
    title: 'Orders',
    folder: 'Orders',
    description: 'Open orders.',
    tags: ['orders'],
    sections: [
      {
        title: 'Orders',
        lines: [
          [
            timeSeries({
              title: 'Open orders',
              description: 'Orders that nobody has shipped.',
              unit: 'short',
              queries: [{ expr: 'orders_open', legend: 'open' }],
            }),
            { type: 'text', title: 'Help', options: { mode: 'markdown', content: 'Ask the orders team.' } },
          ],
        ],
      },
    ],
  }),
);

const verification = { query: 'vector(1)' };
const workloads = { namespace: 'orders', deployments: ['orders-api'] };
const policies: RemediationPolicy[] = [
  restartWorkload({ ...workloads, verification }),
  scaleUp({ ...workloads, maxReplicas: 6, verification }),
  resetConnections({ connection: 'database', database: 'orders', role: 'orders_app' }),
  clearCache({ connection: 'cache', prefixes: ['orders:list:'], verification }),
  blockAddress({
    denylist: { kind: 'redis-denylist', connection: 'cache' },
    neverBlock: ['198.51.100.0/24'],
    loadBalancers: [],
  }),
  openIncident({ queries: { requests: 'sum(rate(orders_requests_total[5m]))' } }),
];
const webhook = new RemediationWebhook(chart, 'remediation', {
  policies,
  prometheus: prometheus.endpoint,
  ownAlerts: ownAlertsOf(catalogue.alerts),
  connections: {
    database: { kind: 'postgres', endpoint: database.endpoint, database: 'orders', user: 'remediation' },
    cache: { kind: 'redis', endpoint: cache },
  },
});
webhook.receiveFrom(routing);
new ExternalCredentials(chart, 'credentials', { credentials, store: 'vault', entry: 'orders/monitoring' });

// Logs: three replicas, with a bucket.
const rules: LokiRules = {
  groups: [
    {
      name: 'orders',
      rules: [{ alert: 'OrdersFail', expr: 'sum(count_over_time({app="orders-api"} |= "failed" [5m])) > 10' }],
    },
  ],
};
const loki = new LokiStack(chart, 'loki', {
  objectStorage: {
    kind: 's3',
    bucket: 'orders-logs',
    region: 'eu-central-1',
    access: {
      kind: 'keys',
      accessKeyId: { credentials, key: 'LOKI_ACCESS_KEY_ID' },
      secretAccessKey: { credentials, key: 'LOKI_SECRET_ACCESS_KEY' },
    },
  },
  gigabytesPerDay: 20,
  retention: { days: 31, streams: [{ selector: '{stream="security"}', days: 365 }] },
});
loki.addRules('orders', rules);
loki.addAlertmanager(routing.endpoint);
loki.addRemoteWrite(prometheus.endpoint);
prometheus.component.addArgs('--web.enable-remote-write-receiver');
prometheus.addScrapeJob('loki', loki.queryEndpoint);
grafana.addDataSource(loki.queryEndpoint, { name: 'Loki', type: 'loki', uid: 'loki' });

// The same servers without the stack.
const alone = new Prometheus(other, 'prometheus', {
  externalUrl: 'https://prometheus.other.example',
  externalLabels: { cluster: 'other' },
});
const objects = new KubeStateMetrics(other, 'kube-state-metrics', { namespaces: ['orders'] });
const probes = new BlackboxExporter(other, 'blackbox-exporter');
alone.addScrapeJob('kube-state-metrics', objects.endpoint);
alone.addScrapeJob('blackbox-exporter', probes.endpoint);

// A custom exporter.
const files = new ConfigDirectory(chart, 'queue-files', { name: 'queue-exporter', path: '/etc/queue-exporter' });
files.addFile('queues.yaml', toYaml({ queues: ['orders'] }));
const exporter = new Component(chart, 'queue-exporter', {
  name: 'queue-exporter',
  image: images.redisExporter,
  workload: { kind: 'Deployment', replicas: 1 },
  ports: { http: { port: 9400 } },
  probes: { readiness: httpProbe('/metrics') },
  resources: { cpu: '10m', memory: '32Mi' },
  mounts: [files.mount],
});
prometheus.addScrapeJob('queue-exporter', exporter.endpoint());

// Objects of charts that expect prometheus-operator.
new ApiObject(chart, 'monitor', {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PodMonitor',
  metadata: { name: 'orders' },
  spec: { selector: { matchLabels: { app: 'orders-api' } }, podMetricsEndpoints: [{ port: 'metrics' }] },
});
new OperatorObjects(chart, 'objects', { prometheus, remove: true });

app.synth();
