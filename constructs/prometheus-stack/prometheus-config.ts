import type {
  AlertingConfig,
  AnyPrometheusConfig,
  PrometheusConfig,
  RemoteWriteConfig,
  ScrapeConfig,
} from '../../formats/prometheus';
import { refuseManaged } from '../kit';
import { merged } from '../kit/merged';

export type {
  AlertingConfig,
  AnyPrometheusConfig,
  GlobalConfig,
  KubernetesSdConfig,
  PrometheusConfig,
  RelabelConfig,
  RemoteWriteConfig,
  ScrapeConfig,
  ScrapeLimits,
} from '../../formats/prometheus';

/** Label that tells the replicas of one Prometheus apart. */
export const REPLICA_LABEL = 'prometheus_replica';

/** Input of `prometheusConfig()`. */
export interface PrometheusConfigProps {
  readonly intervalSeconds: number;
  /** `size` in Prometheus' units, e.g. `83968MB`. */
  readonly retention: { readonly days: number; readonly size: string };
  readonly externalLabels: { readonly [label: string]: string };
  readonly rulesPath: string;
  readonly alertmanagers: readonly AlertmanagerClient[];
  readonly remoteWrites: readonly RemoteWriteConfig[];
  readonly scrapeConfigs: readonly ScrapeConfig[];
  /** Your own settings. */
  readonly settings: PrometheusSettings;
}

/** How Prometheus reaches an Alertmanager. */
export type AlertmanagerClient = NonNullable<AlertingConfig['alertmanagers']>[number];

/** Settings of `prometheus.yml` that `Prometheus` leaves to you. */
export type PrometheusSettings = Omit<AnyPrometheusConfig, 'rule_files' | 'scrape_configs' | 'remote_write'>;

const MANAGED = {
  'global.scrape_interval': 'write the prop intervalSeconds',
  'global.external_labels': 'write the prop externalLabels',
  'storage.tsdb.retention': 'write the props retentionDays and storageSize',
  'alerting.alertmanagers': 'call addAlertmanager()',
  rule_files: 'call addRules()',
  scrape_configs: 'call addScrapeConfig()',
  remote_write: 'write the prop remoteWrites',
};

/**
 * Refuses settings that the construct writes.
 *
 * @throws SettingError for the first of them
 */
export function checkSettings(settings: object): void {
  refuseManaged('config', settings, MANAGED);
}

/** The server's configuration. */
export function prometheusConfig(props: PrometheusConfigProps): PrometheusConfig {
  const interval = `${props.intervalSeconds}s`;
  const { alerting: alertingSettings, ...settings } = props.settings;
  const own: PrometheusConfig = {
    global: {
      scrape_interval: interval,
      scrape_timeout: `${Math.min(10, props.intervalSeconds)}s`,
      evaluation_interval: interval,
      // Prometheus expands environment variables here: each replica is labelled with its pod's name.
      external_labels: { ...verbatim(props.externalLabels), [REPLICA_LABEL]: '${POD_NAME}' },
      // Rules and dashboards use classic names; with `utf8`, exporters could send names with dots.
      metric_name_validation_scheme: 'legacy',
      // `scrape_sample_limit`, which ScrapeSamplesNearLimit compares with.
      extra_scrape_metrics: true,
    },
    storage: { tsdb: { retention: { time: `${props.retention.days}d`, size: props.retention.size } } },
    rule_files: [`${props.rulesPath}/*.yaml`],
    alerting: props.alertmanagers.length > 0 ? alerting(props.alertmanagers, alertingSettings) : alertingSettings,
    remote_write: props.remoteWrites.length > 0 ? props.remoteWrites : undefined,
    scrape_configs: props.scrapeConfigs,
  };
  return merged(own, settings) as PrometheusConfig;
}

/** Values that Prometheus leaves as they are: `$$` stands for `$`. https://github.com/prometheus/prometheus/pull/10129 */
function verbatim(labels: PrometheusConfigProps['externalLabels']): PrometheusConfigProps['externalLabels'] {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]));
}

function alerting(
  alertmanagers: PrometheusConfigProps['alertmanagers'],
  settings: AlertingConfig = {},
): PrometheusConfig['alerting'] {
  return {
    // Alertmanager deduplicates by labels: with the replica's label, each alert would page twice.
    alert_relabel_configs: [{ action: 'labeldrop', regex: REPLICA_LABEL }, ...(settings.alert_relabel_configs ?? [])],
    alertmanagers,
  };
}
