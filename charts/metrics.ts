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
import { inSettings } from '../constructs/kit/setting-path';
import { remembered } from '../memo';
import { APPLICATION, APPLICATION_JOBS, type KeepList, keepUsed, metricLists, seriesOf } from '../metrics';
import type { AlertLinks, MetricUse, RuleCatalogue } from '../rules';
import { sqlCollectors } from '../rules/sql';
import type { ApplicationChart } from './application';
import { admitIngress } from './ingress';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings } from './settings';

/** Scrape job of the span metrics of the gateway. */
export const SPAN_METRICS_JOB = 'span-metrics';

/** Props of `MetricsChart`. */
export interface MetricsProps {
  /** The settings, with defaults filled in. */
  readonly settings: MonitoringSettings;
  /** The Secret with the credentials of the exporters. */
  readonly credentials: Credentials;
  /** The application that is scraped. */
  readonly application: ApplicationChart;
  /** The chart with the node exporter. */
  readonly nodeAgents: NodeAgentsChart;
  /** The rules to load. */
  readonly catalogue: RuleCatalogue;
  /** Links of the alerts. */
  readonly links: AlertLinks;
  /** The expressions whose metrics are kept. */
  readonly uses: readonly MetricUse[];
}

/** Agents that need access to their host, in the namespace that permits it. */
export class NodeAgentsChart extends MonitoringChart {
  /** The agent on each node. */
  readonly nodeExporter: NodeExporter;

  constructor(scope: Construct, id: string, settings: MonitoringSettings) {
    super(scope, id, { ...settings, namespace: settings.nodeNamespace });
    this.nodeExporter = new NodeExporter(this, 'node-exporter');
  }
}

/** Prometheus, its exporters and its scrape jobs. */
export class MetricsChart extends MonitoringChart {
  /** Prometheus and what it always scrapes. */
  readonly stack: PrometheusStack;

  constructor(scope: Construct, id: string, props: MetricsProps) {
    const { settings, application, credentials } = props;
    super(scope, id, settings);
    const { backend, redis, postgres } = application;
    const stackProps = {
      ...settings.metrics,
      keep: keepList(settings.metrics.keep, props.uses),
      storageClass: settings.storageClass,
      credentials,
      platform: settings.platform,
      externalUrl: settings.links.prometheus,
      externalLabels: { cluster: settings.cluster, environment: settings.environment, region: settings.region },
      watchedNamespaces: [settings.application.namespace, settings.namespace, settings.nodeNamespace, 'kube-system'],
      application: {
        name: APPLICATION,
        namespace: settings.application.namespace,
        endpoints: [backend.endpoint],
      },
      probedUrls: settings.application.probedUrls,
      rules: { catalogue: props.catalogue, links: props.links },
    };
    this.stack = inSettings('metrics', () => new PrometheusStack(this, 'prometheus', stackProps));
    const { cacheTls } = settings.application;
    const redisExporter = new RedisExporter(this, 'redis-exporter', {
      redis: redis.endpoint,
      password: { credentials, key: 'REDIS_PASSWORD' },
      tls: cacheTls === 'disable' ? undefined : cacheTls,
    });
    const postgresExporter = new PostgresExporter(this, 'postgres-exporter', {
      postgres: postgres.endpoint,
      database: settings.application.database,
      tls: settings.application.databaseTls,
      credentials,
      collectors: sqlCollectors(),
    });

    const { prometheus } = this;
    if (settings.metrics.remoteWriteReceiver) {
      prometheus.component.addArgs('--web.enable-remote-write-receiver');
    }
    admitIngress(prometheus.component, settings.network);
    prometheus.addScrapeJob('postgres-exporter', postgresExporter.endpoint);
    prometheus.addScrapeJob('sql-exporter', postgresExporter.sqlEndpoint);
    prometheus.addScrapeJob('redis-exporter', redisExporter.endpoint);
    prometheus.addScrapeJob('node-exporter', props.nodeAgents.nodeExporter.endpoint, {
      // People know the node by its name, not by the exporter's address.
      relabel: [{ source_labels: ['__meta_kubernetes_pod_node_name'], target_label: 'instance' }],
      // One on each node: see withLimits().
      target_limit: 0,
    });
    const { ports, cidrs } = settings.metrics.fileTargets;
    prometheus.addFileDiscovery({
      job: 'file',
      configMap: 'prometheus-file-targets',
      destinations: ports.map((port) => Endpoint.nodes(port, cidrs)),
    });
  }

  /** The Prometheus of the stack. */
  get prometheus(): Prometheus {
    return this.stack.prometheus;
  }
}

/**
 * The keep-list of each scrape job; `undefined` keeps every series.
 *
 * @throws SettingError for a name that no exporter exposes
 */
function keepList(keep: MonitoringSettings['metrics']['keep'], uses: readonly MetricUse[]): KeepList | undefined {
  if (keep === 'all') {
    return undefined;
  }
  const lists = metricLists();
  const unknown = keep.find((name) => !lists.some(({ metrics }) => seriesOf(metrics).has(name)));
  if (unknown !== undefined) {
    throw new SettingError('metrics.keep', unknown, 'write the name of a series that metrics/ lists');
  }
  // Developers look at a metric on the day they add it: the application's jobs keep everything. Jaeger reads span metrics.
  // The configuration is rendered several times.
  return remembered(keepUsed({ uses, lists, keepAllJobs: [...APPLICATION_JOBS, SPAN_METRICS_JOB], extraNames: keep }));
}
