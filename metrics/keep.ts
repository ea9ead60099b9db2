import { type Matcher, type MetricUse, matches, type Selector, selectorsIn } from '../rules';
import { type MetricList, seriesOf } from './list';
import { SCRAPE_METRICS } from './scrape-job';

/** Names of the series that a scrape job keeps, by the job's name. `undefined`: the job keeps everything. */
export type KeepList = (job: string) => readonly string[] | undefined;

/** Input of `keepUsed()`. */
export interface KeepProps {
  /** The expressions that read metrics. */
  readonly uses: readonly MetricUse[];
  /** What the jobs' targets expose. A job without a list keeps everything. */
  readonly lists: readonly MetricList[];
  /** Jobs that keep everything although they have a list. @default - none */
  readonly keepAllJobs?: readonly string[];
  /** Names to keep although no expression reads them. @default - none */
  readonly extraNames?: readonly string[];
}

/** Series that no target exposes because Prometheus makes them. */
const SYNTHETIC_SERIES: readonly string[] = [...SCRAPE_METRICS, 'ALERTS', 'ALERTS_FOR_STATE'];

/**
 * The keep-list of each job: the series that some expression reads, sorted by name. Every job keeps a name that no list
 * contains, since any job may expose it.
 */
export function keepUsed({ uses, lists, keepAllJobs = [], extraNames = [] }: KeepProps): KeepList {
  const selectors: readonly Selector[] = [
    ...[...new Set(uses.map(({ expr }) => expr))].flatMap(selectorsIn),
    ...extraNames.map((name) => ({ name, matchers: [] })),
  ];
  const series = new Map(lists.map(({ job, metrics }) => [job, [...seriesOf(metrics).keys()]]));
  const known = new Set([...series.values()].flat());
  const unknown = selectors.flatMap(({ name }) => (name && !known.has(name) && isExposed(name) ? [name] : []));
  const namesJob = ({ matchers }: Selector) => onLabel(matchers, 'job').length > 0;
  const isReadOfAll = nameTest(selectors.filter((selector) => !namesJob(selector)));
  const ofSomeJobs = selectors.filter(namesJob);
  return (job) => {
    const exposed = series.get(job);
    if (!exposed || keepAllJobs.includes(job)) {
      return undefined;
    }
    const isReadOfThis = nameTest(ofSomeJobs.filter((selector) => maySelect(selector, job)));
    const kept = exposed.filter((name) => isReadOfAll(name) || isReadOfThis(name));
    return [...new Set([...kept, ...unknown])].sort();
  };
}

/** Tells whether one of the selectors may select a name. */
function nameTest(selectors: readonly Selector[]): (name: string) => boolean {
  const names = new Set(selectors.flatMap(({ name }) => name ?? []));
  const patterns = selectors
    .filter(({ name }) => name === undefined)
    .map(({ matchers }) => onLabel(matchers, '__name__'))
    .filter((pattern) => !acceptsAnything(pattern));
  return (name) => names.has(name) || patterns.some((pattern) => pattern.every((matcher) => matches(matcher, name)));
}

/** `{__name__=~".+"}` inspects whatever is stored; it is no reason to keep anything. */
function acceptsAnything(pattern: readonly Matcher[]): boolean {
  return pattern.every((matcher) => matches(matcher, 'any_name'));
}

/** Whether a target can expose this name. Names of recording rules contain a colon. */
function isExposed(name: string): boolean {
  return !name.includes(':') && !SYNTHETIC_SERIES.includes(name);
}

function maySelect({ matchers }: Selector, job: string): boolean {
  return onLabel(matchers, 'job').every((matcher) => matches(matcher, job));
}

function onLabel(matchers: readonly Matcher[], name: string): readonly Matcher[] {
  return matchers.filter(({ label }) => label === name);
}
