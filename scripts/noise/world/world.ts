import { type Sample, STALE, type TimeSeries } from '../../bench/remote-write';
import { applicationSeries } from './application';
import { Cluster } from './cluster';
import { kubeStateSeries } from './kube-state';
import { nodeSeries } from './nodes';
import { platformSeries } from './platform';
import { restOf } from './rest';
import type { WorldSeries } from './series';

export interface WorldProps {
  /** Pods of the application at the highest traffic. */
  readonly size: number;
  /** Seconds of Unix time. */
  readonly start: number;
  readonly end: number;
  /** Seconds between two scrapes. */
  readonly step: number;
}

/** The samples of a healthy system over time. */
export class World {
  private readonly waiting: WorldSeries[];
  private live: WorldSeries[] = [];
  /** The series that had a sample at the last step. */
  private readonly present = new Set<WorldSeries>();
  private readonly step: number;

  constructor({ size, start, end, step }: WorldProps) {
    const cluster = new Cluster(size, start, end);
    this.step = step;
    const simulated = [
      ...nodeSeries(cluster),
      ...kubeStateSeries(cluster, start, end),
      ...applicationSeries(cluster),
      ...platformSeries(cluster),
    ];
    this.waiting = [...simulated, ...restOf(simulated, start)]
      .filter(({ from, to }) => from < end && to > start && from < to)
      .sort((one, other) => other.from - one.from);
  }

  /** Names of all metrics. */
  get metrics(): ReadonlySet<string> {
    return new Set([...this.waiting, ...this.live].map(({ labels }) => nameIn(labels)));
  }

  /** Number of series that are alive. */
  get size(): number {
    return this.live.length;
  }

  /** The samples of the next steps, from `from` up to `to`, both included. To be called for consecutive ranges. */
  samples(from: number, to: number): readonly TimeSeries[] {
    while (this.waiting.length > 0 && this.waiting.at(-1)!.from <= to) {
      this.live.push(this.waiting.pop()!);
    }
    const written = new Map<string, { labels: TimeSeries['labels']; samples: Map<number, Sample> }>();
    for (const series of this.live) {
      const samples = this.samplesOf(series, from, to);
      if (samples.length === 0) {
        continue;
      }
      const key = series.labels.join('\0');
      const known = written.get(key) ?? { labels: series.labels, samples: new Map<number, Sample>() };
      written.set(key, known);
      for (const sample of samples) {
        // A pod of a StatefulSet comes back with the same labels: then its series goes on.
        if (sample.value !== STALE || !known.samples.has(sample.timestamp)) {
          known.samples.set(sample.timestamp, sample);
        }
      }
    }
    this.live = this.live.filter((series) => series.to > to || this.present.has(series));
    return [...written.values()].map(({ labels, samples }) => ({
      labels,
      samples: [...samples.values()].sort((one, other) => one.timestamp - other.timestamp),
    }));
  }

  private samplesOf(series: WorldSeries, from: number, to: number): readonly Sample[] {
    const samples: Sample[] = [];
    for (let time = from; time <= to; time += this.step) {
      const value = time >= series.from && time < series.to ? series.at(time) : undefined;
      if (value !== undefined) {
        samples.push({ timestamp: time * 1000, value });
        this.present.add(series);
      } else if (this.present.delete(series)) {
        samples.push({ timestamp: time * 1000, value: STALE });
      }
    }
    return samples;
  }
}

function nameIn(labels: TimeSeries['labels']): string {
  return labels.find(([label]) => label === '__name__')![1];
}
