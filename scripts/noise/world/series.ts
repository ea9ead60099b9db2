import type { TimeSeries } from '../../bench/remote-write';
import type { Labels } from '../alert-state';
import { sorted } from '../evaluation';
import { random } from './calendar';

/** A series of a world: its labels, when it exists, and its value. */
export interface WorldSeries {
  readonly labels: TimeSeries['labels'];
  readonly from: number;
  readonly to: number;
  /** The value at a time, or nothing if that scrape has no such series. Called with ascending times. */
  readonly at: (time: number) => number | undefined;
}

type Value = number | ((time: number) => number | undefined);

/** Series that a scrape target exposes while it lives; times in seconds of Unix time. */
export class Target {
  readonly series: WorldSeries[] = [];

  constructor(
    private readonly labels: Labels,
    private readonly from = Number.NEGATIVE_INFINITY,
    private readonly to = Number.POSITIVE_INFINITY,
  ) {}

  /** A gauge. A function gives its value at a time. */
  gauge(name: string, value: Value, labels: Labels = {}): this {
    return this.add(name, labels, typeof value === 'number' ? () => value : value);
  }

  /** A counter of whole events. `perSecond` is the rate at a time. */
  counter(name: string, perSecond: Value, labels: Labels = {}): this {
    // A fraction at the start: otherwise the first event of every new process would come late.
    let total = random(name, JSON.stringify(labels), JSON.stringify(this.labels));
    let last: number | undefined;
    return this.add(name, labels, (time) => {
      const rate = typeof perSecond === 'number' ? perSecond : (perSecond(time) ?? 0);
      total += rate * (last === undefined ? 0 : time - last);
      last = time;
      return Math.floor(total);
    });
  }

  /** A counter of seconds or bytes, which grows in fractions. */
  sum(name: string, perSecond: Value, labels: Labels = {}): this {
    let total = 0;
    let last: number | undefined;
    return this.add(name, labels, (time) => {
      const rate = typeof perSecond === 'number' ? perSecond : (perSecond(time) ?? 0);
      total += rate * (last === undefined ? 0 : time - last);
      last = time;
      return total;
    });
  }

  /** The buckets and the count of a histogram. `shares` are the cumulated shares of the events by boundary. */
  histogram(name: string, perSecond: Value, shares: Readonly<Record<string, number>>, labels: Labels = {}): this {
    for (const [le, share] of Object.entries({ ...shares, '+Inf': 1 })) {
      this.sum(`${name}_bucket`, scaled(perSecond, share), { ...labels, le });
    }
    return this.sum(`${name}_count`, perSecond, labels);
  }

  private add(name: string, labels: Labels, at: WorldSeries['at']): this {
    const all = sorted({ ...this.labels, ...labels, __name__: name });
    this.series.push({ labels: all, from: this.from, to: this.to, at });
    return this;
  }
}

function scaled(value: Value, factor: number): Value {
  return typeof value === 'number' ? value * factor : (time) => (value(time) ?? 0) * factor;
}

/** A value that wanders between two bounds, in periods of a length in seconds. */
export function wandering(low: number, high: number, period: number, seed: string): (time: number) => number {
  return (time) => {
    const index = Math.floor(time / period);
    const from = random(seed, index);
    const to = random(seed, index + 1);
    return low + (high - low) * (from + (to - from) * (time / period - index));
  };
}

/** A value that rises from one bound to the other in a period, and then falls back. */
export function sawtooth(low: number, high: number, period: number, seed: string): (time: number) => number {
  const phase = random(seed) * period;
  return (time) => low + ((high - low) * ((time + phase) % period)) / period;
}

/** The same function with its results kept by time: many series ask the same at each scrape. */
export function keptByTime<T>(work: (time: number) => T): (time: number) => T {
  const known = new Map<number, T>();
  return (time) => {
    const result = known.has(time) ? known.get(time)! : work(time);
    known.set(time, result);
    return result;
  };
}
