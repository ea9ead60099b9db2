/** How soon an alert wants an answer. `none` is for `Watchdog`, which fires always and reaches no human. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'none'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The team that answers an alert. `meta` is the monitoring platform itself. */
export const CATEGORIES = ['application', 'business', 'database', 'infrastructure', 'security', 'meta'] as const;
export type Category = (typeof CATEGORIES)[number];

/** A rule that alerts, as Prometheus defines it. */
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: { readonly severity: Severity; readonly category: Category; readonly [label: string]: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly [name: string]: string };
}

/** A rule that records a series, as Prometheus defines it. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: { readonly [label: string]: string };
}

export type Rule = AlertingRule | RecordingRule;

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly limit?: number;
  readonly rules: readonly Rule[];
}

/** The rules of one topic. */
export interface RuleFile {
  /** The file's name without `.yaml`. */
  readonly topic: string;
  readonly groups: readonly RuleGroup[];
}

/** An alert that silences others about the same object while it fires. */
export interface Inhibition {
  /** Name of the alert that fires. */
  readonly source: string;
  /** Names of the alerts that say nothing new meanwhile. */
  readonly targets: readonly string[];
  /** Labels that both must have, with the same value. */
  readonly equal: readonly string[];
}

export function isAlertingRule(rule: Rule): rule is AlertingRule {
  return 'alert' in rule;
}

export function rulesOf(files: readonly RuleFile[]): readonly Rule[] {
  return files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}
