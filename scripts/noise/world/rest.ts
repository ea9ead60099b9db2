import { parseDuration } from '../../scenarios/duration';
import { baselineSeries, readBaseline, type Series } from '../../scenarios/series';
import { Target, type WorldSeries } from './series';

const COUNTER = /^(?:([\d.e]+) *\+ *)?([\d.e]+)\/m$/;
const CLOCK_TIME = /^(start|now)(?:([+-])(\d+[a-z]+))?$/;

/**
 * The series of the stories' healthy baseline whose metric or scrape job this world does not simulate. They stay as they
 * are there, so that no rule is quiet only for lack of its metric, and no job lacks its targets.
 */
export function restOf(simulated: readonly WorldSeries[], start: number): readonly WorldSeries[] {
  const metrics = new Set(simulated.map((series) => labelOf(series, '__name__')));
  const jobs = new Set(simulated.map((series) => labelOf(series, 'job')));
  return baselineSeries(readBaseline())
    .filter(({ name, labels }) => !metrics.has(name) || !jobs.has(labels.job))
    .flatMap((series) => seriesOf(series, start));
}

function seriesOf({ text, name, labels, timeline }: Series, start: number): readonly WorldSeries[] {
  const value = String(timeline);
  const counter = COUNTER.exec(value);
  const clock = CLOCK_TIME.exec(value);
  const target = new Target(labels);
  if (counter) {
    return target.sum(name, Number(counter[2]) / 60).series;
  }
  if (clock) {
    const offset = clock[3] ? Number(`${clock[2]}${parseDuration(clock[3])}`) : 0;
    return target.gauge(name, clock[1] === 'now' ? (time) => time + offset : start + offset).series;
  }
  if (Number.isNaN(Number(value))) {
    throw new Error(`${text} of the baseline is ${JSON.stringify(timeline)}: write a number, 60/m, start-5d or now`);
  }
  return target.gauge(name, Number(value)).series;
}

function labelOf({ labels }: WorldSeries, label: string): string | undefined {
  return labels.find(([name]) => name === label)?.[1];
}
