import { parseDuration } from './duration';

/**
 * What a series is during one segment of a story:
 *
 * - `3`, `1.5e9`: a gauge
 * - `gone`: no sample, and stale at once
 * - `same`: the samples of the baseline
 * - `60/m`: a counter that goes on from its last value with 60 a minute; `100 + 60/m`, from 100
 * - `hourly 0 0 5 60 …` (24 numbers): a counter whose rate a minute is the number of the hour of the day, in UTC
 * - `cycle 0 0 1 _`: one value per sample, again and again; `_` is a lost scrape
 * - `start-5d`, `now+16h`: seconds since 1970, from the start of the story, or from the time of the sample
 */
export type Value = string | number;

/** Segments by the time, since the start of the story, at which each begins. A single value holds all the time. */
export type Timeline = Value | { readonly [time: string]: Value };

/** The time of a story. */
export interface Clock {
  /** Seconds since 1970. */
  readonly start: number;
  /** Length in seconds. */
  readonly length: number;
  /** Seconds between two samples. */
  readonly step: number;
  /** Seconds between two evaluations of the rules. */
  readonly every: number;
}

type Sample = number | undefined;

const HOURS = 24;
const COUNTER = /^(?:([\d.e]+) *\+ *)?(-?[\d.e]+)\/m$/;
const HOURLY = 'hourly ';
const CYCLE = 'cycle ';
const CLOCK_TIME = /^(start|now)([+-](?:\d+[a-z]+)+)?$/;

/**
 * The samples of a series, one per step, in promtool's notation.
 *
 * @param baseline what `same` stands for
 */
export function samplesOf(timeline: Timeline, clock: Clock, baseline: Timeline = 'gone'): string {
  return compressed(expanded(timeline, clock, baseline));
}

function expanded(timeline: Timeline, clock: Clock, baseline: Timeline): Sample[] {
  const segments = typeof timeline === 'object' ? Object.entries(timeline) : [['0', timeline] as const];
  const count = Math.floor(clock.length / clock.step) + 1;
  const samples: Sample[] = [];
  const starts = segments.map(([time]) => Math.round(parseDuration(time) / clock.step));
  if (starts[0] !== 0 || starts.some((start, index) => index > 0 && start <= starts[index - 1]!)) {
    throw new Error(`a timeline starts at 0 and goes on in order: ${JSON.stringify(timeline)}`);
  }
  segments.forEach(([, value], index) => {
    const end = Math.min(starts[index + 1] ?? count, count);
    if (value === 'same') {
      samples.push(...expanded(baseline, clock, 'gone').slice(samples.length, end));
    } else {
      append(samples, value, end, clock);
    }
  });
  return samples;
}

/** Appends the samples of a segment, up to the number `end`. */
function append(samples: Sample[], value: Value, end: number, { start, step }: Clock): void {
  const text = String(value).trim();
  const from = samples.length;
  const add = (sampleAt: (index: number) => Sample) => {
    for (let index = from; index < end; index += 1) {
      samples.push(sampleAt(index));
    }
  };
  const counter = COUNTER.exec(text);
  const clockTime = CLOCK_TIME.exec(text);
  if (text === 'gone') {
    add(() => undefined);
  } else if (counter) {
    const first = counter[1] === undefined ? goesOn(samples, Number(counter[2]), step) : Number(counter[1]);
    add((index) => first + ((index - from) * Number(counter[2]) * step) / 60);
  } else if (text.startsWith(HOURLY)) {
    const rates = numbers(text.slice(HOURLY.length));
    if (rates.length !== HOURS) {
      throw new Error(`"${text}" has ${rates.length} rates: write one for each of the 24 hours`);
    }
    let last = samples.at(-1) ?? 0;
    add((index) => {
      const hour = Math.floor(((start + index * step) % 86400) / 3600);
      last = (last as number) + (rates[hour]! * step) / 60;
      return last;
    });
  } else if (text.startsWith(CYCLE)) {
    const cycle = text.slice(CYCLE.length).trim().split(/\s+/);
    add((index) => {
      const one = cycle[(index - from) % cycle.length]!;
      return one === '_' ? undefined : number(one);
    });
  } else if (clockTime) {
    const offset = clockTime[2] ? Number(`${clockTime[2][0]}1`) * parseDuration(clockTime[2].slice(1)) : 0;
    add((index) => start + offset + (clockTime[1] === 'now' ? index * step : 0));
  } else {
    const gauge = number(text);
    add(() => gauge);
  }
}

/** First value of a counter that goes on: one step after the last one. */
function goesOn(samples: readonly Sample[], perMinute: number, step: number): number {
  const last = samples.findLast((sample) => sample !== undefined);
  return last === undefined ? 0 : last + (perMinute * step) / 60;
}

function numbers(text: string): number[] {
  return text.trim().split(/\s+/).map(number);
}

function number(text: string): number {
  const parsed = Number(text);
  if (text === '' || (Number.isNaN(parsed) && text !== 'NaN')) {
    throw new Error(`"${text}" is no value of a series: write a number, gone, 60/m, cycle 0 1, start-5d or now`);
  }
  return parsed;
}

/** Runs of equal samples, of missing ones, and of equal steps. */
function compressed(samples: readonly Sample[]): string {
  const parts: string[] = [];
  for (let index = 0; index < samples.length; ) {
    const value = samples[index];
    const next = samples[index + 1];
    const change = value !== undefined && next !== undefined ? next - value : 0;
    let end = index + 1;
    while (end < samples.length && fits(value, samples[end], change, end - index)) {
      end += 1;
    }
    // A sample whose successor is missing or of another kind stands alone.
    const repeated = end - index - 1;
    if (value === undefined) {
      parts.push(index === 0 ? `_x${end - index}` : missing(end - index));
    } else if (repeated === 0) {
      parts.push(String(value));
    } else {
      parts.push(
        change === 0 || Number.isNaN(change) ? `${value}x${repeated}` : `${value}${signed(change)}x${repeated}`,
      );
    }
    index = end;
  }
  return parts.join(' ');
}

/** Prometheus marks a series as stale as soon as a scrape lacks it: without the mark, its last value stays for minutes. */
function missing(count: number): string {
  return count === 1 ? 'stale' : `stale _x${count - 1}`;
}

function fits(first: Sample, sample: Sample, change: number, steps: number): boolean {
  if (first === undefined || sample === undefined) {
    return first === sample;
  }
  if (Number.isNaN(first)) {
    return Number.isNaN(sample);
  }
  const expected = first + change * steps;
  return Math.abs(sample - expected) <= Math.abs(expected) * 1e-12;
}

function signed(change: number): string {
  return change < 0 ? String(change) : `+${change}`;
}
