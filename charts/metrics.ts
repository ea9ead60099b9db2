import type { Construct } from 'constructs';
import type { Credentials } from '../constructs';
import {
  Endpoint,
  NodeExporter,
  PostgresExporter,
  type Prometheus,
  PrometheusStack,
  RedisExporter,
  SettingError,
} from '../constructs';
import { remembered } from '../memo';
import { APPLICATION_JOBS, type KeepList, keepUsed, metricLists, seriesOf } from '../metrics';
import type { AlertLinks, MetricUse, RuleCatalogue } from '../rules';
import { sqlCollectors } from '../rules/sql';
import type { ApplicationChart } from './application';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings } from './settings';

export interface MetricsProps {
  readonly settings: MonitoringSettings;
  readonly credentials: Credentials;
  readonly application: ApplicationChart;
  readonly nodeAgents: NodeAgentsChart;
  readonly catalogue: RuleCatalogue;
  readonly links: AlertLinks;
  /** The expressions whose metrics are kept. */
  readonly uses: readonly MetricUse[];
}

/** Agents that look at their host, in the namespace that lets them. */
export class NodeAgentsChart extends MonitoringChart {
  readonly nodeExporter: NodeExporter;

  constructor(scope: Construct, id: string, { nodeNamespace, imageRegistry, network }: MonitoringSettings) {
    super(scope, id, { namespace: nodeNamespace, imageRegistry });
    this.nodeExporter = new NodeExporter(this, 'node-exporter', { nodeCidrs: network.nodeCidrs });
  }
}

/** Metrics: Prometheus and its exporters, and what they scrape. */
export class MetricsChart extends MonitoringChart {
  readonly stack: PrometheusStack;

  constructor(scope: Construct, id: string, props: MetricsProps) {
    const { settings, application, credentials } = props;
    super(scope, id, settings);
    this.stack = new PrometheusStack(this, 'prometheus', {
      ...settings.metrics,
      keep: keepList(settings.metrics.keep, props.uses),
      storageClass: settings.storageClass,
      credentials,
      platform: settings.platform,
      externalUrl: settings.links.prometheus,
      externalLabels: { cluster: settings.cluster, environment: settings.environment, region: settings.region },
      watchedNamespaces: [settings.application.namespace, settings.namespace, settings.nodeNamespace, 'kube-system'],
      application: { name: 'sightedit', namespace: settings.application.namespace },
      ...settings.network,
      probedUrls: settings.application.probedUrls,
      rules: { catalogue: props.catalogue, links: props.links },
    });
    const redisExporter = new RedisExporter(this, 'redis-exporter', {
      redis: application.redis.endpoint,
      password: { credentials, key: 'REDIS_PASSWORD' },
    });
    const postgresExporter = new PostgresExporter(this, 'postgres-exporter', {
      postgres: application.postgres.endpoint,
      database: settings.application.database,
      tls: settings.application.databaseTls,
      credentials,
      collectors: sqlCollectors(),
    });

    const { prometheus } = this;
    prometheus.component.connectTo(application.backend.endpoint);
    prometheus.addScrapeJob('postgres-exporter', postgresExporter.endpoint);
    prometheus.addScrapeJob('sql-exporter', postgresExporter.sqlEndpoint);
    prometheus.addScrapeJob('redis-exporter', redisExporter.endpoint);
    prometheus.addScrapeJob('node-exporter', props.nodeAgents.nodeExporter.endpoint, {
      // The node is what people know; the exporter's address says nothing.
      relabel: [{ source_labels: ['__meta_kubernetes_pod_node_name'], target_label: 'instance' }],
    });
    const { ports, cidrs } = settings.metrics.fileTargets;
    prometheus.addFileDiscovery({
      job: 'file',
      configMap: 'prometheus-file-targets',
      endpoints: ports.map((port) => Endpoint.nodes(port, 'http', cidrs)),
    });
  }

  get prometheus(): Prometheus {
    return this.stack.prometheus;
  }
}

/** @throws SettingError for a name that no exporter exposes */
function keepList(keep: MonitoringSettings['metrics']['keep'], uses: readonly MetricUse[]): KeepList | undefined {
  if (keep === 'all') {
    return undefined;
  }
  const lists = metricLists();
  const unknown = keep.find((name) => !lists.some(({ metrics }) => seriesOf(metrics).has(name)));
  if (unknown !== undefined) {
    throw new SettingError('metrics.keep', unknown, 'write the name of a series that metrics/ lists');
  }
  // The application's metrics belong to its developers, and its jobs take whatever pod asks to be scraped.
  // The configuration is rendered several times.
  return remembered(keepUsed({ uses, lists, whole: APPLICATION_JOBS, more: keep }));
}
