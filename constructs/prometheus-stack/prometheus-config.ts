import type { PrometheusConfig, RemoteWriteConfig, ScrapeConfig } from '../../formats/prometheus';

export type {
  KubernetesSdConfig,
  PrometheusConfig,
  RelabelConfig,
  RemoteWriteConfig,
  ScrapeConfig,
  ScrapeLimits,
} from '../../formats/prometheus';

/** Label that tells the replicas of one Prometheus apart. */
export const REPLICA_LABEL = 'prometheus_replica';

/** What the configuration is made from. */
export interface PrometheusConfigProps {
  readonly intervalSeconds: number;
  readonly retentionDays: number;
  readonly retentionSize: string;
  readonly externalLabels: { readonly [label: string]: string };
  readonly rulesPath: string;
  readonly alertmanagers: readonly { readonly scheme: string; readonly targets: readonly string[] }[];
  readonly remoteWrites: readonly RemoteWriteConfig[];
  readonly scrapeConfigs: readonly ScrapeConfig[];
}

/** The server's configuration. */
export function prometheusConfig(props: PrometheusConfigProps): PrometheusConfig {
  const interval = `${props.intervalSeconds}s`;
  return {
    global: {
      scrape_interval: interval,
      scrape_timeout: `${Math.min(10, props.intervalSeconds)}s`,
      evaluation_interval: interval,
      // Prometheus expands environment variables in external labels.
      external_labels: { ...props.externalLabels, [REPLICA_LABEL]: '${POD_NAME}' },
      // The rules and dashboards know classic names; `utf8` would let exporters send dots.
      metric_name_validation_scheme: 'legacy',
    },
    storage: { tsdb: { retention: { time: `${props.retentionDays}d`, size: props.retentionSize } } },
    rule_files: [`${props.rulesPath}/*.yaml`],
    alerting: props.alertmanagers.length > 0 ? alerting(props.alertmanagers) : undefined,
    remote_write: props.remoteWrites.length > 0 ? props.remoteWrites : undefined,
    scrape_configs: props.scrapeConfigs,
  };
}

function alerting(alertmanagers: PrometheusConfigProps['alertmanagers']): PrometheusConfig['alerting'] {
  return {
    // With the replica in its labels the same alert of two replicas would be two alerts, and page twice.
    alert_relabel_configs: [{ action: 'labeldrop', regex: REPLICA_LABEL }],
    alertmanagers: alertmanagers.map(({ scheme, targets }) => ({
      api_version: 'v2',
      scheme,
      // Every replica, never the Service: Alertmanagers deduplicate among themselves only what all of them were told.
      static_configs: [{ targets }],
    })),
  };
}
