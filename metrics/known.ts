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
import { SCRAPE_METRICS, type ScrapeJob, targetLabels, withTargetLabels } from './scrape-job';

/** What expressions may read. */
export interface KnownProps {
  /** Every scrape job. */
  readonly jobs: readonly ScrapeJob[];
  /** What the jobs' targets expose. Nothing is known of a job without a list. */
  readonly lists: readonly MetricList[];
  readonly rules: readonly RuleFile[];
}

/** Labels of a series where it comes from: a job has a name, a rule has none. */
interface Origin {
  readonly job?: string;
  readonly labels: () => Labels;
}

/** Alerts that fire, as Prometheus stores them, and the labels that it adds. */
const ALERT_SERIES: readonly (readonly [string, readonly string[]])[] = [
  ['ALERTS', ['alertname', 'alertstate']],
  ['ALERTS_FOR_STATE', ['alertname']],
];

/** Every series that is stored, with its labels. */
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

  /** The labels of what a selector selects. */
  readonly source: LabelSource = (selector) => {
    const { names, problems } = this.namesOf(selector);
    const labels = names.map((name) => this.labelsOf(name, selector));
    return {
      labels: labels.map((result) => result.labels).reduce(union, new Set(['__name__'])),
      problems: [...problems, ...labels.flatMap((result) => result.problems)],
    };
  };

  private addJob(job: ScrapeJob, series: Series): void {
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

  /** Labels of what a rule gives. Rules that read each other end with what is known so far. */
  private recorded(rule: AlertingRule | RecordingRule): Labels {
    if (!this.readings.has(rule)) {
      this.readings.set(rule, new Set());
      const { labels } = readExpression(String(rule.expr), this.source);
      this.readings.set(rule, union(labels, new Set(Object.keys(rule.labels ?? {}))));
    }
    return this.readings.get(rule);
  }

  /** Names that a selector means, one or many. */
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
      return { labels: undefined, problems: [`${name} is exposed by the job ${jobs}, which the selector leaves out`] };
    }
    const labels = selected.map((origin) => origin.labels()).reduce(union, new Set(['__name__']));
    const problems = matchers
      .filter(({ label }) => labels && !labels.has(label))
      .map(({ label }) => `${name} has no label ${label}`);
    return { labels, problems };
  }
}

/** A regular expression that only lists names. */
const LITERAL_CHOICE = /^[a-zA-Z0-9_:|]+$/;

function unknownMetric(name: string): string {
  return `${name} comes from no exporter, no contract and no recording rule`;
}

function union(one: Labels, other: Labels): Labels {
  return one && other && new Set([...one, ...other]);
}
