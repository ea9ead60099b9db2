import { type Matcher, type MetricUse, matches, type Selector, selectorsIn } from '../rules';
import { type MetricList, seriesOf } from './list';
import { SCRAPE_METRICS } from './scrape-job';

/** Names of the series that a scrape job keeps. `undefined`: all of them. */
export type KeepList = (job: string) => readonly string[] | undefined;

export interface KeepProps {
  /** The expressions that read metrics. */
  readonly uses: readonly MetricUse[];
  /** What the jobs' targets expose. A job without a list keeps everything. */
  readonly lists: readonly MetricList[];
  /** Jobs that have a list and keep everything nevertheless. @default - none */
  readonly whole?: readonly string[];
  /** Names to keep that no expression reads. @default - none */
  readonly more?: readonly string[];
}

/** Series that Prometheus makes itself; no target exposes them. */
const SYNTHETIC_SERIES: readonly string[] = [...SCRAPE_METRICS, 'ALERTS', 'ALERTS_FOR_STATE'];

/**
 * What each job must keep so that every expression finds its series, sorted. A name that no list knows is kept by every
 * job: it may come from anywhere.
 */
export function keepUsed({ uses, lists, whole = [], more = [] }: KeepProps): KeepList {
  const selectors: readonly Selector[] = [
    ...uses.flatMap(({ expr }) => selectorsIn(expr)),
    ...more.map((name) => ({ name, matchers: [] })),
  ];
  const series = new Map(lists.map(({ job, metrics }) => [job, [...seriesOf(metrics).keys()]]));
  const known = new Set([...series.values()].flat());
  const unknown = selectors.flatMap(({ name }) => (name && !known.has(name) && isExposed(name) ? [name] : []));
  return (job) => {
    const exposed = series.get(job);
    if (!exposed || whole.includes(job)) {
      return undefined;
    }
    const wanted = selectors.filter((selector) => mayMean(selector, job));
    const names = new Set(wanted.flatMap(({ name }) => name ?? []));
    const patterns = wanted
      .filter(({ name }) => name === undefined)
      .map(({ matchers }) => onLabel(matchers, '__name__'))
      .filter((pattern) => !acceptsAnything(pattern));
    const kept = exposed.filter(
      (name) => names.has(name) || patterns.some((pattern) => pattern.every((matcher) => matches(matcher, name))),
    );
    return [...new Set([...kept, ...unknown])].sort();
  };
}

/** Whether a pattern means every name: that asks what is stored, and is no wish to store it. */
function acceptsAnything(pattern: readonly Matcher[]): boolean {
  return pattern.every((matcher) => matches(matcher, 'any_name'));
}

/** Whether a target could expose a name: recording rules have a colon in theirs. */
function isExposed(name: string): boolean {
  return !name.includes(':') && !SYNTHETIC_SERIES.includes(name);
}

function mayMean({ matchers }: Selector, job: string): boolean {
  return onLabel(matchers, 'job').every((matcher) => matches(matcher, job));
}

function onLabel(matchers: readonly Matcher[], name: string): readonly Matcher[] {
  return matchers.filter(({ label }) => label === name);
}
