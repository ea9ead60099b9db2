import { stored } from '../memo';
import { SCRAPE_METRICS } from '../metrics/scrape-job';
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
import { type AlertingRule, isAlertingRule, type RecordingRule, type Rule, type RuleFile, rulesOf } from './rule';

/** Where metrics come from, and which of them may disappear without an alert. */
export interface MetricSources {
  /** Scrape job by the prefix of its metrics' names. The longest matching prefix counts. */
  readonly jobs?: { readonly [prefix: string]: string };
  /** Jobs whose targets can be up and yet lack a metric that rules read: programs whose releases others decide. */
  readonly unpinned?: readonly string[];
  /** Jobs that may have no target, each with the reason. */
  readonly optionalJobs?: { readonly [job: string]: string };
  /** Metrics whose absence needs no alert, each with the reason. */
  readonly exceptions?: { readonly [metric: string]: string };
}

/** A metric that an alert reads, and what fires when the metric disappears. */
export interface Coverage {
  /** Topic of the alert's rule file. */
  readonly topic: string;
  /** Name of the alert. */
  readonly alert: string;
  /** The metric, with its job where the rule or the sources name one. */
  readonly metric: string;
  /** Name of the alert that fires, or the reason of an exception. @default - nothing: the alert would be silent */
  readonly coveredBy?: string;
}

/**
 * An alert that fires when a selector has no series.
 *
 * @internal
 */
export interface AbsenceAlert {
  readonly alert: string;
  readonly absentSelector: Selector;
}

/**
 * What fires when a metric that an alert reads disappears. That is an alert with `absent()` of the metric, which may be
 * the reading alert itself, or one with `absent(up{job="…"})` of the metric's job, unless the job is unpinned. A
 * recorded series stands for the metrics that its rule reads.
 */
export function coverageOf(files: readonly RuleFile[], sources: MetricSources = {}): Coverage[] {
  const records = byName(rulesOf(files).filter(isRecordingRule), ({ record }) => record);
  const absences = byName(absencesIn(files), ({ absentSelector }) => absentSelector.name);
  return files.flatMap(({ topic, groups }) =>
    groups
      .flatMap((group) => group.rules)
      .filter(isAlertingRule)
      .flatMap((rule) =>
        unique(sourceSelectors(rule, records)).map((selector) => ({
          topic,
          alert: rule.alert,
          metric: described(selector, sources),
          coveredBy: coveredBy(rule, selector, absences, sources),
        })),
      ),
  );
}

/** Scrape jobs without an alert that fires on `absent(up{job="…"})`. Optional jobs need none. */
export function unwatchedJobs(
  jobs: readonly string[],
  files: readonly RuleFile[],
  { optionalJobs = {} }: MetricSources = {},
): string[] {
  const absences = absencesIn(files);
  return jobs.filter((job) => !(job in optionalJobs) && absenceOfJob(job, absences) === undefined);
}

/** Metrics whose disappearance no alert would notice, and exceptions that no rule needs: one line each. */
export function checkAbsence(files: readonly RuleFile[], sources: MetricSources = {}): string[] {
  const read = new Set(rulesOf(files).flatMap(({ expr }) => selectorsIn(expr).map(({ name }) => name)));
  return [
    ...coverageOf(files, sources)
      .filter((coverage) => coverage.coveredBy === undefined)
      .map(
        ({ topic, alert, metric }) =>
          `rules/${topic}.yaml: ${alert}: no alert fires when ${metric} disappears: write one with absent() of the metric, or of up of its job`,
      ),
    ...Object.keys(sources.exceptions ?? {})
      .filter((metric) => !read.has(metric))
      .map((metric) => `absence/sources.yaml: no rule reads ${metric}: remove the exception`),
  ];
}

function coveredBy(
  { alert }: AlertingRule,
  selector: Selector,
  absences: ByName<AbsenceAlert>,
  sources: MetricSources,
): string | undefined {
  // Where a target has no `up`, Prometheus has added no other series to its scrape either.
  const source = isScrapeMetric(selector.name) ? { ...selector, name: 'up' } : selector;
  const direct = (absences.get(source.name) ?? []).filter(({ absentSelector }) => covers(absentSelector, source));
  const own = direct.find((absence) => absence.alert === alert);
  const job = jobOf(selector, sources);
  const ofTargets = absences.get('up') ?? [];
  const ofJob = job !== undefined && !sources.unpinned?.includes(job) ? absenceOfJob(job, ofTargets) : undefined;
  return own?.alert ?? direct[0]?.alert ?? ofJob ?? sources.exceptions?.[selector.name ?? ''];
}

function isScrapeMetric(name: string | undefined): boolean {
  return (SCRAPE_METRICS as readonly (string | undefined)[]).includes(name);
}

/** Name of the alert that fires when a scrape job has no target. */
function absenceOfJob(job: string, absences: readonly AbsenceAlert[]): string | undefined {
  return absences.find(
    ({ absentSelector }) => absentSelector.name === 'up' && equalValue(absentSelector, 'job') === job,
  )?.alert;
}

/** Whether `absent(absentSelector)` fires when the selector has no series: same name, and no contradicting label. */
function covers(absentSelector: Selector, selector: Selector): boolean {
  return (
    absentSelector.name === selector.name &&
    absentSelector.matchers.every(({ label, operator, value }) => {
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

/** The scrape job of a metric, according to the prefix of its name. */
export function jobOfName(name: string, { jobs = {} }: MetricSources): string | undefined {
  const prefix = Object.keys(jobs)
    .filter((candidate) => name.startsWith(candidate))
    .sort((a, b) => b.length - a.length)[0];
  return prefix && jobs[prefix];
}

function described(selector: Selector, sources: MetricSources): string {
  const job = jobOf(selector, sources);
  return job ? `${selector.name}{job="${job}"}` : (selector.name ?? '');
}

/** The selectors of a rule, with each recorded series replaced by the selectors of the rule that records it. */
function sourceSelectors(
  rule: Rule,
  records: ByName<RecordingRule>,
  visited: readonly RecordingRule[] = [],
): Selector[] {
  return selectorsIn(rule.expr).flatMap((selector) => {
    const selected = (records.get(selector.name) ?? []).filter((record) => maySelect(selector, record));
    return selected.length === 0
      ? [selector]
      : selected
          .filter((record) => !visited.includes(record))
          .flatMap((record) => sourceSelectors(record, records, [...visited, record]));
  });
}

/** Whether a selector of the name of a record may select its series. */
function maySelect(selector: Selector, { labels = {} }: RecordingRule): boolean {
  return Object.entries(labels).every(([label, value]) => (equalValue(selector, label) ?? value) === value);
}

function isRecordingRule(rule: Rule): rule is RecordingRule {
  return !isAlertingRule(rule);
}

type ByName<T> = ReadonlyMap<string | undefined, readonly T[]>;

function byName<T>(items: readonly T[], nameOf: (item: T) => string | undefined): ByName<T> {
  const groups = new Map<string | undefined, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return groups;
}

function absencesIn(files: readonly RuleFile[]): AbsenceAlert[] {
  return rulesOf(files).filter(isAlertingRule).flatMap(absencesOf);
}

/**
 * The selectors whose absence fires an alert.
 *
 * @internal
 */
export const absencesOf = stored('absencesOf', ({ alert, expr }: AlertingRule): AbsenceAlert[] => {
  return (
    nodesOf(expr, 'FunctionCall')
      .filter((call) => ['Absent', 'AbsentOverTime'].includes(call.firstChild!.firstChild!.name))
      .filter((call) => firesFor(expr, call))
      .map((call) => nodesBelow(call, 'VectorSelector'))
      // absent(a or b) does not fire while one of the two has series.
      .filter((selectors) => selectors.length === 1)
      .map(([selector]) => ({ alert, absentSelector: selectorOf(expr, selector!) }))
  );
});

/** Whether the expression has a result whenever a part of it has one: the part is no mere condition of another part. */
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
