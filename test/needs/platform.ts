import type { Chart } from 'cdk8s';
import {
  AlertRouting,
  type AlertRoutingProps,
  Credentials,
  Endpoint,
  Grafana,
  type GrafanaProps,
  type Levels,
  NodeExporter,
  type PodOptions,
  PostgresExporter,
  PrometheusStack,
  type PrometheusStackProps,
  RedisExporter,
} from '../../index';
import { type Manifest, podTemplates } from '../../testing/manifests';
import type { Make } from './need';

/** The same recipients for each severity of the shipped rules. */
export const everybody = (recipients: Levels['high']): Levels => ({
  critical: recipients,
  high: recipients,
  medium: recipients,
  low: recipients,
});

/** What a need changes in the platform. */
export interface Changes {
  /** Options of every pod. */
  readonly pod?: PodOptions;
  readonly metrics?: Partial<PrometheusStackProps>;
  readonly alerts?: Partial<AlertRoutingProps>;
  readonly dashboards?: Partial<GrafanaProps>;
}

/** Names of the workloads of the platform. */
export const WORKLOADS = [
  'alertmanager',
  'blackbox-exporter',
  'grafana',
  'kube-state-metrics',
  'node-exporter',
  'postgres-exporter',
  'prometheus',
  'redis-exporter',
  'sql-exporter',
];

/** The monitoring of a team that comes from kube-prometheus-stack. */
export function platform(chart: Chart, { pod, metrics, alerts, dashboards }: Changes = {}) {
  const credentials = new Credentials('orders-credentials');
  const stack = new PrometheusStack(chart, 'metrics', {
    platform: 'eks',
    externalUrl: 'https://prometheus.example.com',
    externalLabels: { cluster: 'orders' },
    watchedNamespaces: ['orders'],
    kubeStateMetrics: { pod },
    blackboxExporter: { pod },
    pod,
    ...metrics,
  });
  const routing = new AlertRouting(chart, 'alerts', {
    externalUrl: 'https://alertmanager.example.com',
    credentials,
    channels: { slack: { kind: 'app' } },
    levels: everybody({ slack: ['#orders'] }),
    pod,
    ...alerts,
  });
  const grafana = new Grafana(chart, 'dashboards', {
    externalUrl: 'https://grafana.example.com',
    credentials,
    pod,
    ...dashboards,
  });
  const nodes = new NodeExporter(chart, 'nodes', { pod });
  const postgres = new PostgresExporter(chart, 'postgres', {
    postgres: Endpoint.host('db.example.com', 5432, 'postgresql'),
    database: 'orders',
    credentials,
    collectors: [
      {
        collector_name: 'orders',
        min_interval: '1m',
        metrics: [{ metric_name: 'orders', type: 'gauge', help: 'Orders.', values: ['n'], query: 'SELECT 1 AS n' }],
      },
    ],
    pod,
    sqlPod: pod,
  });
  const redis = new RedisExporter(chart, 'redis', { redis: Endpoint.host('cache.example.com', 6379, 'redis'), pod });
  const { prometheus } = stack;
  prometheus.addAlertmanager(routing.endpoint);
  prometheus.addScrapeJob('node-exporter', nodes.endpoint);
  grafana.addPrometheus(prometheus);
  return { credentials, stack, prometheus, routing, grafana, nodes, postgres, redis };
}

/** The parts of a platform. */
export type Platform = ReturnType<typeof platform>;

/** A platform, and what a program adds to it. */
export const withPlatform =
  (changes: Changes, add: (parts: Platform, chart: Chart) => unknown = () => undefined): Make =>
  (chart) =>
    add(platform(chart, changes), chart);

/** Pod template of each workload, by name. */
// biome-ignore lint/suspicious/noExplicitAny: a pod template is as loosely typed as the manifest that holds it
export function podsOf(manifests: readonly Manifest[]): { readonly [workload: string]: any } {
  return Object.fromEntries(
    podTemplates(manifests).map(({ workload, template }) => [workload.metadata.name, template]),
  );
}

/** Expects something of the pod of each workload of the platform. */
// biome-ignore lint/suspicious/noExplicitAny: a pod template is as loosely typed as the manifest that holds it
export function inEveryPod(manifests: readonly Manifest[], check: (pod: any, workload: string) => void): void {
  const pods = podsOf(manifests);
  expect(Object.keys(pods).sort()).toEqual(WORKLOADS);
  for (const [workload, pod] of Object.entries(pods)) {
    check(pod, workload);
  }
}
