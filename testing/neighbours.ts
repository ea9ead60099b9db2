import { App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  AlertRouting,
  BlackboxExporter,
  Credentials,
  ExternalCredentials,
  ExternalWorkload,
  Grafana,
  inCluster,
  type Levels,
  LokiStack,
  NodeExporter,
  PostgresExporter,
  PrometheusStack,
  RedisExporter,
} from '../constructs';

/** Where a team deploys its monitoring, and what it monitors. */
export interface Instance {
  /** Put before every name. @default - the constructs' own names */
  readonly prefix?: string;
  readonly cluster: string;
}

/** Namespace of the monitoring. */
export const TEAM_NAMESPACE = 'orders-monitoring';

/** Namespace and name of the application that is monitored. */
export const TEAM_APPLICATION = 'orders';

/** The default name of a component, with the prefix of an instance. */
function named(prefix: string | undefined, name: string): string | undefined {
  return prefix && `${prefix}-${name}`;
}

/**
 * The monitoring of a team that uses the package: every construct but the remediation webhook, whose custom resource a
 * cluster has once.
 *
 * @returns the chart
 */
export function teamChart(scope: Construct, id: string, { prefix, cluster }: Instance): Chart {
  const chart = inCluster(
    new Chart(scope, id, { namespace: TEAM_NAMESPACE, disableResourceNameHashes: true }),
    cluster,
  );
  const credentials = new Credentials(`${prefix ?? TEAM_APPLICATION}-credentials`);
  const workload = (service: string, port: number, scheme: string) =>
    new ExternalWorkload(chart, service, {
      namespace: TEAM_APPLICATION,
      podLabels: { app: service },
      service,
      port,
      scheme,
    }).endpoint;
  const api = workload('orders-api', 8080, 'http');
  const recipients = { slack: ['#orders'] };
  const levels: Levels = { critical: recipients, high: recipients, medium: recipients, low: recipients };

  const { prometheus } = new PrometheusStack(chart, 'metrics', {
    name: named(prefix, 'prometheus'),
    kubeStateMetrics: { name: named(prefix, 'kube-state-metrics') },
    blackboxExporter: { name: named(prefix, 'blackbox-exporter') },
    platform: 'eks',
    externalUrl: 'https://prometheus.example.com',
    externalLabels: { cluster },
    watchedNamespaces: [TEAM_APPLICATION, TEAM_NAMESPACE],
    application: { name: TEAM_APPLICATION, namespace: TEAM_APPLICATION, endpoints: [api] },
    probedUrls: ['https://orders.example.com/health'],
  });
  const routing = new AlertRouting(chart, 'alerts', {
    name: named(prefix, 'alertmanager'),
    externalUrl: 'https://alertmanager.example.com',
    credentials,
    channels: { slack: { kind: 'app' } },
    levels,
  });
  const grafana = new Grafana(chart, 'dashboards', {
    name: named(prefix, 'grafana'),
    externalUrl: 'https://grafana.example.com',
    credentials,
  });
  const postgres = new PostgresExporter(chart, 'postgres-exporter', {
    name: named(prefix, 'postgres-exporter'),
    postgres: workload('orders-db', 5432, 'postgresql'),
    database: 'orders',
    credentials,
    collectors: [
      {
        collector_name: 'orders',
        min_interval: '1m',
        metrics: [{ metric_name: 'orders', type: 'gauge', help: 'Orders.', values: ['n'], query: 'SELECT 1 AS n' }],
      },
    ],
  });
  const redis = new RedisExporter(chart, 'redis-exporter', {
    name: named(prefix, 'redis-exporter'),
    redis: workload('orders-cache', 6379, 'redis'),
  });
  const nodes = new NodeExporter(chart, 'node-exporter', {
    name: named(prefix, 'node-exporter'),
    // The agents of both instances are on the network of one node.
    port: prefix ? 9101 : 9100,
  });
  const probes = new BlackboxExporter(chart, 'probes', { name: named(prefix, 'probes') ?? 'probes' });
  const loki = new LokiStack(chart, 'logs', {
    name: named(prefix, 'loki'),
    objectStorage: {
      kind: 's3',
      bucket: 'orders-logs',
      region: 'eu-central-1',
      access: { kind: 'role', arn: 'arn:aws:iam::123456789012:role/loki' },
    },
  });
  loki.addRules('orders', {
    groups: [{ name: 'orders', rules: [{ record: 'orders:lines', expr: 'sum(count_over_time({app="orders"}[1m]))' }] }],
  });
  new ExternalCredentials(chart, 'credentials', { credentials, store: 'vault', entry: 'orders' });

  prometheus.addAlertmanager(routing.endpoint);
  loki.addAlertmanager(routing.endpoint);
  loki.addRemoteWrite(prometheus.endpoint);
  grafana.addPrometheus(prometheus);
  grafana.addAlertmanager(routing.endpoint);
  for (const [job, endpoint] of Object.entries({
    alertmanager: routing.endpoint,
    grafana: grafana.endpoint,
    'postgres-exporter': postgres.endpoint,
    'sql-exporter': postgres.sqlEndpoint,
    'redis-exporter': redis.endpoint,
    'node-exporter': nodes.endpoint,
    probes: probes.endpoint,
    loki: loki.queryEndpoint,
  })) {
    prometheus.addScrapeJob(job, endpoint);
  }
  return chart;
}

/** One App with a chart for each of two clusters. */
export function twoClusters(): App {
  const app = new App();
  for (const cluster of ['europe', 'america']) {
    teamChart(app, cluster, { cluster });
  }
  return app;
}

/** Two instances in one namespace of one cluster. */
export function twoInstances(): App {
  const app = new App();
  teamChart(app, 'first', { cluster: 'europe' });
  teamChart(app, 'second', { cluster: 'europe', prefix: 'second' });
  return app;
}
