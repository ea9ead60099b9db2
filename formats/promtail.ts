/**
 * The file of Promtail. The types are written by hand from the reference, and hold what this program writes.
 *
 * @see https://grafana.com/docs/loki/v3.6.x/send-data/promtail/configuration/
 */

/** A stage of Promtail's pipeline: one field, the name of the stage, with its settings. */
export interface PromtailStage {
  /** Settings of the stage, as Promtail reads them. */
  readonly [stage: string]: unknown;
}

/** A rule of relabelling. */
export interface PromtailRelabelConfig {
  readonly source_labels?: readonly string[];
  readonly separator?: string;
  readonly regex?: string;
  readonly target_label?: string;
  readonly replacement?: string;
  readonly action?: string;
}

/** Files to read, and how. */
export interface PromtailScrapeConfig {
  readonly job_name: string;
  readonly kubernetes_sd_configs?: readonly object[];
  readonly static_configs?: readonly object[];
  readonly relabel_configs?: readonly PromtailRelabelConfig[];
  readonly pipeline_stages: readonly PromtailStage[];
}

/** The file of Promtail. */
export interface PromtailConfig {
  readonly server: { readonly [field: string]: unknown };
  readonly positions: { readonly [field: string]: unknown };
  readonly clients: readonly { readonly [field: string]: unknown }[];
  readonly limits_config: { readonly [field: string]: unknown };
  readonly scrape_configs: readonly PromtailScrapeConfig[];
}
