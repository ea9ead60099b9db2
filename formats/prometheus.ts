/**
 * Files that Prometheus reads. Every field is in `generated/prometheus.ts`; here is what this program adds.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */

import type * as generated from './generated/prometheus';

export type {
  AlertingConfig,
  GlobalConfig,
  KubernetesSdConfig,
  RelabelConfig,
  RemoteReadConfig,
  RemoteWriteConfig,
  ScrapeConfig,
} from './generated/prometheus';

/** Every field of `prometheus.yml`. */
export type AnyPrometheusConfig = generated.PrometheusConfig;

/**
 * `prometheus.yml` as this program writes it.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */
export interface PrometheusConfig extends AnyPrometheusConfig {
  readonly global: generated.GlobalConfig;
  readonly storage: generated.StorageConfig;
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly generated.ScrapeConfig[];
}

/**
 * Limits of a scrape job. Prometheus drops every scrape that exceeds one; 0 stands for no limit.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
 */
export interface ScrapeLimits {
  /** Samples in one scrape of one target. */
  readonly sample_limit?: number;
  /** Targets of the job. */
  readonly target_limit?: number;
  /** Labels of one series. */
  readonly label_limit?: number;
  /** Characters of a label's name. */
  readonly label_name_length_limit?: number;
  /** Characters of a label's value. */
  readonly label_value_length_limit?: number;
  /** Bytes of one scrape of one target, e.g. `50MB`. */
  readonly body_size_limit?: string;
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
  /** Labels that route the alert. */
  readonly labels?: { readonly [label: string]: string };
  /** Texts for people. */
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

/**
 * Rules that Prometheus evaluates together, in order.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/#rule_group
 */
export interface RuleGroup<Alert extends AlertingRule = AlertingRule> {
  readonly name: string;
  /** @default - the global evaluation interval */
  readonly interval?: string;
  readonly limit?: number;
  readonly rules: readonly (Alert | RecordingRule)[];
}
