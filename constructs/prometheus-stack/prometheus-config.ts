/**
 * `prometheus.yml`: the parts that this program writes.
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */
export interface PrometheusConfig {
  readonly global: {
    readonly scrape_interval: string;
    readonly scrape_timeout: string;
    readonly evaluation_interval: string;
    readonly external_labels: { readonly [label: string]: string };
    readonly metric_name_validation_scheme: 'legacy' | 'utf8';
  };
  readonly storage: {
    readonly tsdb: {
      readonly retention: { readonly time: string; readonly size: string };
      readonly out_of_order_time_window?: string;
    };
  };
  readonly rule_files: readonly string[];
  readonly alerting?: {
    readonly alert_relabel_configs: readonly RelabelConfig[];
    readonly alertmanagers: readonly {
      readonly api_version: 'v2';
      readonly scheme: string;
      readonly static_configs: readonly { readonly targets: readonly string[] }[];
    }[];
  };
  readonly remote_write?: readonly RemoteWriteConfig[];
  readonly scrape_configs: readonly ScrapeConfig[];
}

export interface RelabelConfig {
  readonly source_labels?: readonly string[];
  readonly separator?: string;
  readonly regex?: string;
  readonly target_label?: string;
  readonly replacement?: string;
  readonly action?: 'replace' | 'keep' | 'drop' | 'labelmap' | 'labeldrop' | 'labelkeep' | 'hashmod';
}

/** Limits that keep a bad target from filling the head block. Prometheus drops a scrape beyond them as a whole. */
export interface ScrapeLimits {
  /** Samples in one scrape of one target. */
  readonly sample_limit: number;
  /** Labels of one series. */
  readonly label_limit: number;
  /** Length of a label's name. */
  readonly label_name_length_limit: number;
  /** Length of a label's value. */
  readonly label_value_length_limit: number;
  /** Targets of the job. */
  readonly target_limit: number;
}

export interface KubernetesSdConfig {
  readonly role: 'endpointslice' | 'pod' | 'node' | 'service';
  readonly namespaces?: { readonly names: readonly string[] };
  readonly selectors?: readonly { readonly role: string; readonly label?: string; readonly field?: string }[];
}

export interface ScrapeConfig extends Partial<ScrapeLimits> {
  readonly job_name: string;
  readonly honor_labels?: boolean;
  readonly scrape_interval?: string;
  readonly scrape_timeout?: string;
  readonly scheme?: string;
  readonly metrics_path?: string;
  readonly params?: { readonly [name: string]: readonly string[] };
  readonly authorization?: { readonly credentials_file: string };
  readonly tls_config?: {
    readonly ca_file?: string;
    readonly insecure_skip_verify?: boolean;
    readonly server_name?: string;
  };
  readonly kubernetes_sd_configs?: readonly KubernetesSdConfig[];
  readonly static_configs?: readonly {
    readonly targets: readonly string[];
    readonly labels?: Record<string, string>;
  }[];
  readonly file_sd_configs?: readonly { readonly files: readonly string[]; readonly refresh_interval?: string }[];
  readonly relabel_configs?: readonly RelabelConfig[];
  readonly metric_relabel_configs?: readonly RelabelConfig[];
}

export interface RemoteWriteConfig {
  readonly url: string;
  readonly name?: string;
  readonly authorization?: { readonly credentials_file: string };
  readonly write_relabel_configs?: readonly RelabelConfig[];
}

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
