import { CatalogueError } from './catalogue-error';
import { checkRuleFile, type Vocabulary } from './checks';
import { type Contents, filesOf, mapRules, withFiles, withRules } from './contents';
import { checkLogRuleFile, isLogTopic } from './log-checks';
import { logqlSyntaxError } from './logql';
import { nearest } from './nearest';
import { promqlSyntaxError } from './promql';
import { type AlertingRule, isAlertingRule, type Rule, type RuleGroup, rulesOf } from './rule';
import { type Thresholds, withThreshold } from './thresholds';

/** What changes about an alert. What is left out stays. `null` removes a part that an alert may lack. */
export interface AlertChange {
  /** Any word: the alert is routed to the level of this name. */
  readonly severity?: string;
  /** Any word: the alert is routed to the team of this name. */
  readonly category?: string;
  /** Name of the policy that responds. `null`: nothing responds automatically. */
  readonly remediation?: string | null;
  /** How long the condition must hold, e.g. `10m`. `null`: it fires at once. */
  readonly for?: string | null;
  /** How long the alert keeps firing after its condition ended, e.g. `10m`. */
  readonly keepFiringFor?: string | null;
  /**
   * Limits by the names in `rules/thresholds.yaml`, in base units: a ratio from 0 to 1, seconds, bytes. The annotations
   * that name the limit follow.
   */
  readonly thresholds?: { readonly [name: string]: number };
  /** PromQL, or LogQL for an alert on logs, that replaces the expression. Thresholds have no names in it. */
  readonly expr?: string;
  /** Labels to set; they take part in routing and grouping. */
  readonly labels?: { readonly [label: string]: string | null };
  /** Annotations to set. A `runbook_url` replaces the derived link. */
  readonly annotations?: { readonly [name: string]: string | null };
}

/** https://prometheus.io/docs/prometheus/latest/configuration/configuration/#configuration-file */
const DURATION = /^(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;
const LABEL_NAME = /^[a-zA-Z_]\w*$/;

/** Problems of names that no alert has, with the nearest names. */
export function checkNames(contents: Contents, names: readonly string[], what: string): void {
  const known = rulesOf(filesOf(contents))
    .filter(isAlertingRule)
    .map(({ alert }) => alert);
  const problems = names
    .filter((name) => !known.includes(name))
    .map((name) => `${what}('${name}'): there is no such alert: write ${nearest(name, known).join(' or ') || 'none'}`);
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
}

/**
 * The contents with every alert of a name changed. Foreign rules may have several alerts of one name.
 *
 * @throws CatalogueError that names the alert and the fix
 */
export function withChange(contents: Contents, name: string, change: AlertChange): Contents {
  checkNames(contents, [name], 'change');
  const problems = changeProblems(contents, name, change).map((problem) => `change('${name}'): ${problem}`);
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  const thresholds = new Map(contents.thresholds);
  const changed = withRules(contents, (rule, topic) => {
    if (!isAlertingRule(rule) || rule.alert !== name) {
      return rule;
    }
    const result = withLimits(rule, contents, change, thresholds);
    checkResult(contents, topic, result);
    return result;
  });
  return { ...changed, thresholds };
}

function changeProblems({ thresholds, logs }: Contents, name: string, change: AlertChange): string[] {
  const ofLogs = rulesOf(logs).some((rule) => isAlertingRule(rule) && rule.alert === name);
  const error = change.expr === undefined ? undefined : (ofLogs ? logqlSyntaxError : promqlSyntaxError)(change.expr);
  const known = Object.keys(thresholds.get(name) ?? {});
  const durations = { for: change.for, keepFiringFor: change.keepFiringFor };
  return [
    ...Object.entries(change.thresholds ?? {}).flatMap(([threshold, value]) => [
      ...(known.includes(threshold)
        ? []
        : [
            known.length > 0
              ? `there is no threshold ${threshold}: write one of ${known.join(', ')}`
              : `there is no threshold ${threshold}: this alert names none; change its expr`,
          ]),
      ...(Number.isFinite(value) ? [] : [`the threshold ${threshold} is ${value}: write a finite number`]),
    ]),
    ...(change.thresholds && change.expr !== undefined
      ? ['thresholds and expr exclude each other: write the limits into expr']
      : []),
    ...(error === undefined ? [] : [`expr does not parse at "${error}": fix the ${ofLogs ? 'LogQL' : 'PromQL'}`]),
    ...Object.entries(durations)
      .filter(([, value]) => typeof value === 'string' && !DURATION.test(value))
      .map(([field, value]) => `${field} is "${value}": write a duration such as 10m or 1h30m`),
    ...[...Object.keys(change.labels ?? {}), ...Object.keys(change.annotations ?? {})]
      .filter((label) => !LABEL_NAME.test(label))
      .map((label) => `"${label}" is no name of a label or annotation: write letters, digits and underscores`),
  ];
}

/** The changed rule. Updates the thresholds of its name. */
function withLimits(
  rule: AlertingRule,
  contents: Contents,
  change: AlertChange,
  thresholds: Map<string, Thresholds>,
): AlertingRule {
  if (change.expr !== undefined) {
    thresholds.delete(rule.alert);
  }
  let changed = rule;
  for (const [name, value] of Object.entries(change.thresholds ?? {})) {
    const result = withThreshold(changed, contents.thresholds.get(rule.alert)![name]!, value);
    changed = result.rule;
    thresholds.set(rule.alert, { ...thresholds.get(rule.alert), [name]: result.threshold });
  }
  return withParts(changed, change);
}

function withParts(rule: AlertingRule, change: AlertChange): AlertingRule {
  const { severity, category, remediation, expr = rule.expr, labels, annotations } = change;
  const wait = change.for === undefined ? rule.for : (change.for ?? undefined);
  const keep = change.keepFiringFor === undefined ? rule.keep_firing_for : (change.keepFiringFor ?? undefined);
  const { alert, for: _for, keep_firing_for: _keep, labels: ownLabels, annotations: ownAnnotations, ...rest } = rule;
  return {
    alert,
    ...rest,
    expr,
    ...(wait === undefined ? {} : { for: wait }),
    ...(keep === undefined ? {} : { keep_firing_for: keep }),
    labels: merged(ownLabels, { severity, category, remediation, ...labels }),
    annotations: merged(ownAnnotations, annotations ?? {}),
  };
}

/** The entries with some set, some removed by `null`, and those that are `undefined` left as they are. */
function merged(
  own: { readonly [name: string]: string },
  changes: { readonly [name: string]: string | null | undefined },
): { [name: string]: string } {
  const entries = Object.entries({
    ...own,
    ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
  });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** A changed rule must still keep the conventions, whose words for severity and category are the caller's. */
function checkResult(contents: Contents, topic: string, rule: AlertingRule): void {
  if (contents.origins.get(topic) === 'foreign') {
    return;
  }
  const { severity, category } = rule.labels;
  const { runbook_url: _runbook, dashboard_url: _dashboard, ...annotations } = rule.annotations;
  const words: Vocabulary = { severities: [severity ?? ''], categories: [category ?? ''] };
  const file = { topic, groups: [{ ...groupOf(topic, rule, contents), rules: [{ ...rule, annotations }] }] };
  const problems = (isLogTopic(topic) ? checkLogRuleFile : checkRuleFile)(file, words);
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
}

/** The group of a rule, by the alert's name. Its interval limits the ranges of rules over logs. */
function groupOf(topic: string, { alert }: AlertingRule, contents: Contents): RuleGroup {
  const groups = filesOf(contents)
    .filter((file) => file.topic === topic)
    .flatMap((file) => file.groups);
  return groups.find(({ rules }) => rules.some((rule) => isAlertingRule(rule) && rule.alert === alert))!;
}

/** The contents without some alerts. Records stay: dashboards may read them. */
export function withoutAlerts(contents: Contents, names: readonly string[]): Contents {
  checkNames(contents, names, 'disable');
  const kept = (rule: Rule) => (isAlertingRule(rule) && names.includes(rule.alert) ? undefined : rule);
  return withFiles(contents, mapRules(contents.files, kept), mapRules(contents.logs, kept));
}

/** The contents with labels on every alert. They replace labels of the same name; `null` removes one. */
export function withLabels(
  contents: Contents,
  labels: (rule: AlertingRule) => { readonly [label: string]: string | null | undefined },
): Contents {
  return withRules(contents, (rule) =>
    isAlertingRule(rule) ? { ...rule, labels: merged(rule.labels, labels(rule)) } : rule,
  );
}
