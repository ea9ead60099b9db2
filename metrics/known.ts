import type { ScrapeConfig } from '../formats/prometheus';
import {
  type AlertingRule,
  isAlertingRule,
  matches,
  type RecordingRule,
  type RuleFile,
  rulesOf,
  type Selector,
} from '../rules';
import { type LabelSource, type Labels, readExpression } from './expression';
import { type MetricList, type Series, seriesOf } from './list';
import { SCRAPE_METRICS, targetLabels, withTargetLabels } from './scrape-job';

/** Everything that gives series. */
export interface KnownProps {
  /** Every scrape job. */
  readonly jobs: readonly ScrapeConfig[];
  /** What the jobs' targets expose. Without a list, a job is known only by the series that Prometheus adds. */
  readonly lists: readonly MetricList[];
  /** The rules, whose recorded series and alerts are known too. */
  readonly rules: readonly RuleFile[];
}

/** Where a series comes from, and the labels that it has there. `job` is set for a scrape job, and not for a rule. */
interface Origin {
  readonly job?: string;
  readonly labels: () => Labels;
}

/** Series that Prometheus stores for active alerts, and the labels that it adds to the alert's own. */
const ALERT_SERIES: readonly (readonly [string, readonly string[]])[] = [
  ['ALERTS', ['alertname', 'alertstate']],
  ['ALERTS_FOR_STATE', ['alertname']],
];

/**
 * Every series that can be stored, with its labels. `provenanceProblems()` checks expressions against it.
 */
export class KnownMetrics {
  private readonly origins = new Map<string, Origin[]>();
  private readonly readings = new Map<object, Labels>();

  constructor({ jobs, lists, rules }: KnownProps) {
    for (const job of jobs) {
      const series = seriesOf(lists.find((list) => list.job === job.job_name)?.metrics ?? {});
      this.addJob(job, series);
    }
    for (const rule of rulesOf(rules)) {
      if (isAlertingRule(rule)) {
        this.addAlert(rule);
      } else {
        this.add(rule.record, { labels: () => this.recorded(rule) });
      }
    }
  }

  /** Names of the series. */
  get names(): readonly string[] {
    return [...this.origins.keys()];
  }

  /**
   * Looks up the labels of the series that a selector selects.
   *
   * @internal
   */
  readonly source: LabelSource = (selector) => {
    const { names, problems } = this.namesOf(selector);
    const labels = names.map((name) => this.labelsOf(name, selector));
    return {
      labels: labels.map((result) => result.labels).reduce(union, new Set(['__name__'])),
      problems: [...problems, ...labels.flatMap((result) => result.problems)],
    };
  };

  private addJob(job: ScrapeConfig, series: Series): void {
    const added = targetLabels(job);
    for (const name of SCRAPE_METRICS) {
      this.add(name, { job: job.job_name, labels: () => added });
    }
    for (const [name, own] of series) {
      this.add(name, { job: job.job_name, labels: () => withTargetLabels(job, own) });
    }
  }

  private addAlert(rule: AlertingRule): void {
    for (const [name, labels] of ALERT_SERIES) {
      this.add(name, { labels: () => union(this.recorded(rule), new Set(labels)) });
    }
  }

  private add(name: string, origin: Origin): void {
    this.origins.set(name, [...(this.origins.get(name) ?? []), origin]);
  }

  /** Labels of a rule's result. For rules that read each other, the cycle ends with the labels found so far. */
  private recorded(rule: AlertingRule | RecordingRule): Labels {
    if (!this.readings.has(rule)) {
      this.readings.set(rule, new Set());
      const { labels } = readExpression(rule.expr, this.source);
      this.readings.set(rule, union(labels, new Set(Object.keys(rule.labels ?? {}))));
    }
    return this.readings.get(rule);
  }

  /** The names that a selector can select: one, or all that its matchers on `__name__` allow. */
  private namesOf({ name, matchers }: Selector): { names: readonly string[]; problems: readonly string[] } {
    if (name !== undefined) {
      return { names: [name], problems: [] };
    }
    const onName = matchers.filter(({ label }) => label === '__name__');
    if (onName.length === 0) {
      return { names: this.names, problems: [] };
    }
    const names = this.names.filter((candidate) => onName.every((matcher) => matches(matcher, candidate)));
    const missing = onName
      .filter(({ operator, value }) => operator === '=~' && LITERAL_CHOICE.test(value))
      .flatMap(({ value }) => value.split('|'))
      .filter((choice) => !this.origins.has(choice))
      .map(unknownMetric);
    const shown = onName.map(({ operator, value }) => `${operator}"${value}"`).join(' and ');
    return {
      names,
      problems: names.length === 0 && missing.length === 0 ? [`no metric has a name ${shown}`] : missing,
    };
  }

  private labelsOf(name: string, { matchers }: Selector): { labels: Labels; problems: readonly string[] } {
    const origins = this.origins.get(name);
    if (!origins) {
      return { labels: undefined, problems: [unknownMetric(name)] };
    }
    const onJob = matchers.filter(({ label }) => label === 'job');
    const selected = origins.filter(({ job }) => job === undefined || onJob.every((matcher) => matches(matcher, job)));
    if (selected.length === 0) {
      const jobs = [...new Set(origins.map(({ job }) => job))].join(', ');
      return { labels: undefined, problems: [`${name} is exposed by the job ${jobs}, which the selector excludes`] };
    }
    const labels = selected.map((origin) => origin.labels()).reduce(union, new Set(['__name__']));
    const problems = matchers
      .filter(({ label }) => labels && !labels.has(label))
      .map(({ label }) => `${name} has no label ${label}`);
    return { labels, problems };
  }
}

/** A regular expression that is only a list of names, such as `a|b`. */
const LITERAL_CHOICE = /^[a-zA-Z0-9_:|]+$/;

function unknownMetric(name: string): string {
  return `${name} comes from no exporter, no contract and no recording rule`;
}

function union(one: Labels, other: Labels): Labels {
  return one && other && new Set([...one, ...other]);
}
