import type * as prometheus from '../formats/prometheus';

/** How urgent a shipped alert is; your own rules may have other words. `none` is for `Watchdog`, which always fires and reaches no person. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'none'] as const;
/** How urgent an alert is. */
export type Severity = (typeof SEVERITIES)[number];

/** How soon somebody must respond to an alert of each severity of the shipped rules. */
export const ANSWER_WITHIN: { readonly [severity in Severity]: string } & { readonly [severity: string]: string } = {
  critical: 'now',
  high: '30 minutes',
  medium: '2 hours',
  low: '24 hours',
  none: 'never: it should always fire',
};

/** The same in minutes, for severities that reach people. */
export const ANSWER_MINUTES: ReadonlyMap<string, number> = new Map([
  ['critical', 0],
  ['high', 30],
  ['medium', 120],
  ['low', 1440],
] satisfies [Severity, number][]);

/** The team that responds to a shipped alert; your own rules may have other words. `meta` is the monitoring platform itself. */
export const CATEGORIES = ['application', 'business', 'database', 'infrastructure', 'security', 'meta'] as const;
/** The team that responds to an alert. */
export type Category = (typeof CATEGORIES)[number];

/**
 * An alerting rule. One that keeps the conventions has the labels `severity` and `category`, and the annotations
 * `summary` and `description`; a foreign rule may lack them.
 */
export interface AlertingRule extends prometheus.AlertingRule {
  /** Labels that route the alert. */
  readonly labels: { readonly [label: string]: string };
  /** Texts for people. */
  readonly annotations: { readonly [name: string]: string };
}

/** A rule that records a series. */
export type RecordingRule = prometheus.RecordingRule;
/** A rule that alerts, or that records a series. */
export type Rule = AlertingRule | RecordingRule;
/** Rules that Prometheus evaluates together, in order. */
export type RuleGroup = prometheus.RuleGroup<AlertingRule>;

/** The rules of one topic. */
export interface RuleFile {
  /** The file's name without `.yaml`. */
  readonly topic: string;
  /** Groups of rules. */
  readonly groups: readonly RuleGroup[];
}

/** While one alert fires, others about the same object are not notified. */
export interface Inhibition {
  /** Name of the alert that inhibits. */
  readonly source: string;
  /** Names of the alerts that are inhibited. */
  readonly targets: readonly string[];
  /**
   * Labels that both must have, with the same value. `cluster` alone means anywhere in the cluster: Prometheus adds it to
   * every alert as an external label.
   */
  readonly equal: readonly string[];
}

/** Label that every alert gets from Prometheus, and that no rule has. */
export const CLUSTER_LABEL = 'cluster';

export function isAlertingRule(rule: Rule): rule is AlertingRule {
  return 'alert' in rule;
}

export function rulesOf(files: readonly RuleFile[]): readonly Rule[] {
  return files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}
