/**
 * Files that Prometheus reads, as far as this program writes them.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */

/** `prometheus.yml`. */
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

/** Limits that keep one bad target from filling the head block. Prometheus drops a scrape that exceeds one. */
export interface ScrapeLimits {
  /** Samples in one scrape of one target. */
  readonly sample_limit: number;
  /** Labels of one series. */
  readonly label_limit: number;
  /** Characters of a label's name. */
  readonly label_name_length_limit: number;
  /** Characters of a label's value. */
  readonly label_value_length_limit: number;
  /** Targets of the job. */
  readonly target_limit: number;
}

export interface KubernetesSdConfig {
  readonly role: 'endpointslice' | 'pod' | 'node' | 'service';
  readonly namespaces?: { readonly names: readonly string[] };
  readonly selectors?: readonly { readonly role: string; readonly label?: string; readonly field?: string }[];
}

/** One scrape job. */
export interface ScrapeConfig extends Partial<ScrapeLimits> {
  readonly job_name: string;
  readonly honor_labels?: boolean;
  readonly scrape_interval?: string;
  readonly scrape_timeout?: string;
  readonly scheme?: string;
  readonly metrics_path?: string;
  readonly params?: { readonly [name: string]: readonly string[] };
  readonly authorization?: { readonly credentials_file: string };
  readonly basic_auth?: {
    readonly username?: string;
    readonly username_file?: string;
    readonly password_file?: string;
  };
  readonly tls_config?: {
    readonly ca_file?: string;
    readonly cert_file?: string;
    readonly key_file?: string;
    readonly insecure_skip_verify?: boolean;
    readonly server_name?: string;
  };
  readonly kubernetes_sd_configs?: readonly KubernetesSdConfig[];
  readonly static_configs?: readonly {
    readonly targets: readonly string[];
    readonly labels?: { readonly [label: string]: string };
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

/**
 * A rule that alerts.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
 */
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: { readonly [label: string]: string };
  readonly annotations?: { readonly [annotation: string]: string };
}

/**
 * A rule that records a series.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
 */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: { readonly [label: string]: string };
}

/** Rules that Prometheus evaluates together, in order. */
export interface RuleGroup<Alert extends AlertingRule = AlertingRule> {
  readonly name: string;
  /** @default - the global evaluation interval */
  readonly interval?: string;
  readonly limit?: number;
  readonly rules: readonly (Alert | RecordingRule)[];
}
