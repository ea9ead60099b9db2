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

/** Input of `prometheusConfig()`. */
export interface PrometheusConfigProps {
  readonly intervalSeconds: number;
  /** `size` in Prometheus' units, e.g. `83968MB`. */
  readonly retention: { readonly days: number; readonly size: string };
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
      // Prometheus expands environment variables here: each replica is labelled with its pod's name.
      external_labels: { ...props.externalLabels, [REPLICA_LABEL]: '${POD_NAME}' },
      // Rules and dashboards use classic names; with `utf8`, exporters could send names with dots.
      metric_name_validation_scheme: 'legacy',
    },
    storage: { tsdb: { retention: { time: `${props.retention.days}d`, size: props.retention.size } } },
    rule_files: [`${props.rulesPath}/*.yaml`],
    alerting: props.alertmanagers.length > 0 ? alerting(props.alertmanagers) : undefined,
    remote_write: props.remoteWrites.length > 0 ? props.remoteWrites : undefined,
    scrape_configs: props.scrapeConfigs,
  };
}

function alerting(alertmanagers: PrometheusConfigProps['alertmanagers']): PrometheusConfig['alerting'] {
  return {
    // Alertmanager deduplicates by labels: with the replica's label, each alert would page twice.
    alert_relabel_configs: [{ action: 'labeldrop', regex: REPLICA_LABEL }],
    alertmanagers: alertmanagers.map(({ scheme, targets }) => ({
      api_version: 'v2',
      scheme,
      // Every replica, never the Service: https://prometheus.io/docs/alerting/latest/alertmanager/#high-availability
      static_configs: [{ targets }],
    })),
  };
}
