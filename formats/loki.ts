/**
 * Files that Loki reads. The types are written by hand from the reference, and hold what this program writes; every
 * section takes further fields.
 *
 * @see https://grafana.com/docs/loki/latest/configure/
 */

/** A section of `loki.yaml`. */
export interface LokiSection {
  readonly [field: string]: unknown;
}

/** `loki.yaml` as this program writes it. */
export interface LokiConfig {
  readonly auth_enabled: boolean;
  readonly server: LokiSection;
  readonly common: LokiSection;
  readonly memberlist?: LokiSection;
  readonly schema_config: LokiSection;
  readonly storage_config: LokiSection;
  readonly ingester: LokiSection;
  readonly limits_config: LokiSection;
  readonly compactor: LokiSection;
  readonly ruler: LokiSection;
  readonly analytics: LokiSection;
  readonly [section: string]: unknown;
}

/** Settings of `loki.yaml`, by section, as Loki reads them. */
export interface LokiSettings {
  /** Fields of the section, e.g. `{ max_concurrent: 8 }` of `querier`. */
  readonly [section: string]: { readonly [field: string]: unknown };
}

/**
 * A rule of the ruler. It alerts, or it records a series.
 *
 * @see https://grafana.com/docs/loki/latest/alert/
 */
export interface LokiRule {
  /** Name of the alert. Exactly one of `alert` and `record` is set. @default - the rule records */
  readonly alert?: string;
  /** Name of the recorded series. @default - the rule alerts */
  readonly record?: string;
  /** Metric query in LogQL. */
  readonly expr: string;
  /** Time that the expression must hold before the alert fires, e.g. `5m`. @default - none */
  readonly for?: string;
  /** Labels of the alert or the series. @default - none */
  readonly labels?: { readonly [label: string]: string };
  /** Texts for people. Only of alerts. @default - none */
  readonly annotations?: { readonly [annotation: string]: string };
}

/** Rules that the ruler evaluates together, in order. */
export interface LokiRuleGroup {
  /** Name of the group, unique in its file. */
  readonly name: string;
  /** Time between two evaluations, e.g. `1m`. @default 30s */
  readonly interval?: string;
  /** Alerts or series of one rule that are too many: the rule then fails. @default 0, no limit */
  readonly limit?: number;
  /** The rules. */
  readonly rules: readonly LokiRule[];
}

/** A file of rules. */
export interface LokiRules {
  /** Groups of rules. */
  readonly groups: readonly LokiRuleGroup[];
}
