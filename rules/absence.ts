import { stored } from '../memo';
import {
  ancestors,
  binaryOf,
  nodesBelow,
  nodesOf,
  type PromqlNode,
  type Selector,
  selectorOf,
  selectorsIn,
} from './promql';
import { type AlertingRule, isAlertingRule, type Rule, type RuleFile, rulesOf } from './rule';

/** Where metrics come from, and which may disappear unnoticed. */
export interface MetricSources {
  /** The scrape job of the metrics whose names begin like this; the longest beginning counts. */
  readonly jobs?: { readonly [beginning: string]: string };
  /** Jobs that can be there without a metric that rules expect: programs that are released by others. */
  readonly unpinned?: readonly string[];
  /** Metrics that nobody has to miss, each with the reason. */
  readonly exceptions?: { readonly [metric: string]: string };
}

/** A metric that an alert reads, and who speaks when there is none. */
export interface Coverage {
  readonly topic: string;
  readonly alert: string;
  /** The metric, with the job where the rule or the sources name one. */
  readonly metric: string;
  /** @default - nobody: the alert would be silent */
  readonly by?: string;
}

/** An alert that fires when a selector has no series. */
interface AbsenceAlert {
  readonly alert: string;
  readonly missed: Selector;
}

/**
 * Who speaks when a metric that an alert reads disappears: the alert itself or another one with `absent()` of the
 * metric, or one with `absent(up{job="…"})` of the job that it comes from, unless that job is unpinned. Records are
 * followed to what they read.
 */
export function coverageOf(files: readonly RuleFile[], sources: MetricSources = {}): Coverage[] {
  const rules = rulesOf(files);
  const absences = rules.filter(isAlertingRule).flatMap(absencesOf);
  return files.flatMap(({ topic, groups }) =>
    groups
      .flatMap((group) => group.rules)
      .filter(isAlertingRule)
      .flatMap((rule) =>
        unique(sourceSelectors(rule, rules)).map((selector) => ({
          topic,
          alert: rule.alert,
          metric: described(selector, sources),
          by: coveredBy(rule, selector, absences, sources),
        })),
      ),
  );
}

/** Metrics whose disappearance nobody would notice, and exceptions that except nothing, one line each. */
export function checkAbsence(files: readonly RuleFile[], sources: MetricSources = {}): string[] {
  const read = new Set(rulesOf(files).flatMap(({ expr }) => selectorsIn(String(expr)).map(({ name }) => name)));
  return [
    ...coverageOf(files, sources)
      .filter(({ by }) => by === undefined)
      .map(
        ({ topic, alert, metric }) =>
          `rules/${topic}.yaml: ${alert}: stays silent when ${metric} disappears: write an alert with absent() of it, or of up of its job`,
      ),
    ...Object.keys(sources.exceptions ?? {})
      .filter((metric) => !read.has(metric))
      .map((metric) => `absence/sources.yaml: no rule reads ${metric}: remove the exception`),
  ];
}

function coveredBy(
  { alert }: AlertingRule,
  selector: Selector,
  absences: readonly AbsenceAlert[],
  sources: MetricSources,
): string | undefined {
  const direct = absences.filter(({ missed }) => speaksOf(missed, selector));
  const own = direct.find((absence) => absence.alert === alert);
  const job = jobOf(selector, sources);
  const ofJob =
    job !== undefined && !sources.unpinned?.includes(job)
      ? absences.find(({ missed }) => missed.name === 'up' && equalValue(missed, 'job') === job)
      : undefined;
  return own?.alert ?? direct[0]?.alert ?? ofJob?.alert ?? sources.exceptions?.[selector.name ?? ''];
}

/** Whether the absence of one selector is about the metric of another, and not about other series of its name. */
function speaksOf(missed: Selector, selector: Selector): boolean {
  return (
    missed.name === selector.name &&
    missed.matchers.every(({ label, operator, value }) => {
      const wanted = operator === '=' ? equalValue(selector, label) : undefined;
      return wanted === undefined || wanted === value;
    })
  );
}

function equalValue({ matchers }: Selector, label: string): string | undefined {
  return matchers.find((matcher) => matcher.label === label && matcher.operator === '=')?.value;
}

function jobOf(selector: Selector, sources: MetricSources): string | undefined {
  return equalValue(selector, 'job') ?? jobOfName(selector.name ?? '', sources);
}

/** The scrape job that a metric comes from, as far as its name tells. */
export function jobOfName(name: string, { jobs = {} }: MetricSources): string | undefined {
  const beginning = Object.keys(jobs)
    .filter((candidate) => name.startsWith(candidate))
    .sort((a, b) => b.length - a.length)[0];
  return beginning && jobs[beginning];
}

function described(selector: Selector, sources: MetricSources): string {
  const job = jobOf(selector, sources);
  return job ? `${selector.name}{job="${job}"}` : (selector.name ?? '');
}

/** What a rule reads of the outside: its selectors, and those of the records that it reads in the place of these. */
function sourceSelectors(rule: Rule, rules: readonly Rule[], followed: readonly Rule[] = []): Selector[] {
  return selectorsIn(String(rule.expr)).flatMap((selector) => {
    const records = rules.filter((other) => isRecordOf(other, selector));
    return records.length === 0
      ? [selector]
      : records
          .filter((record) => !followed.includes(record))
          .flatMap((record) => sourceSelectors(record, rules, [...followed, record]));
  });
}

/** Whether a rule records series that a selector may match. */
function isRecordOf(rule: Rule, selector: Selector): boolean {
  return (
    !isAlertingRule(rule) &&
    rule.record === selector.name &&
    Object.entries(rule.labels ?? {}).every(([label, value]) => (equalValue(selector, label) ?? value) === value)
  );
}

/** What an alert fires for when it is absent. */
const absencesOf = stored('absencesOf', ({ alert, expr }: AlertingRule): AbsenceAlert[] => {
  return (
    nodesOf(String(expr), 'FunctionCall')
      .filter((call) => ['Absent', 'AbsentOverTime'].includes(call.firstChild!.firstChild!.name))
      .filter((call) => firesFor(expr, call))
      .map((call) => nodesBelow(call, 'VectorSelector'))
      // absent(a or b) is silent while one of the two is there.
      .filter((selectors) => selectors.length === 1)
      .map(([selector]) => ({ alert, missed: selectorOf(expr, selector!) }))
  );
});

/** Whether an expression has a result when a part of it has: it is no condition of another part. */
function firesFor(expr: string, part: PromqlNode): boolean {
  return ancestors(part)
    .filter(({ name }) => name === 'BinaryExpr')
    .every((node) => {
      const { left, operator } = binaryOf(expr, node);
      return operator === 'or' || part.to <= left.to;
    });
}

function unique(selectors: readonly Selector[]): Selector[] {
  return [...new Map(selectors.map((selector) => [JSON.stringify(selector), selector])).values()];
}
