import type { Reads } from './reads';
import { remoteWrite, type Sample, type TimeSeries } from './remote-write';
import type { FleetSeries } from './values';

/** Scrape interval, in seconds. */
const STEP = 15;
/** Time range of the samples of one request. */
const BLOCK_SECONDS = 40 * STEP;
const SERIES_PER_REQUEST = 4000;

/** A range of time, in seconds of Unix time. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** The samples of one series in one block of time. */
interface Chunk extends TimeRange {
  readonly series: FleetSeries;
  readonly labels: TimeSeries['labels'];
}

export interface HistoryProps {
  /** URL of a Prometheus that accepts remote write. */
  readonly url: string;
  readonly series: readonly FleetSeries[];
  readonly reads: Reads;
  /** When the rules will be evaluated. */
  readonly evaluations: TimeRange;
  /** End of the samples, in seconds of Unix time. @default - the last evaluation */
  readonly until?: number;
  /** Called after each block of time. `share` is the finished part, `samples` their number so far. */
  readonly onProgress?: (share: number, samples: number) => void;
}

/**
 * Writes exactly the samples that the rules will read: one every 15 seconds, ordered by time.
 *
 * @returns the number of samples
 */
export async function writeHistory(props: HistoryProps): Promise<number> {
  const { url, reads, evaluations, until = evaluations.to, onProgress } = props;
  const blocks = new Map<number, Chunk[]>();
  for (const series of props.series) {
    const labels = Object.entries({ __name__: series.name, ...series.labels }).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const { from, to } of rangesOf(series, reads, evaluations)) {
      const end = Math.min(to, until);
      for (let start = blockOf(from); start < end; start += BLOCK_SECONDS) {
        const chunk = { series, labels, from: Math.max(from, start), to: Math.min(end, start + BLOCK_SECONDS) };
        const chunks = blocks.get(start);
        chunks ? chunks.push(chunk) : blocks.set(start, [chunk]);
      }
    }
  }
  let samples = 0;
  const starts = [...blocks.keys()].sort((one, other) => one - other);
  for (const [index, start] of starts.entries()) {
    const chunks = blocks.get(start)!;
    for (let first = 0; first < chunks.length; first += SERIES_PER_REQUEST) {
      const request = chunks
        .slice(first, first + SERIES_PER_REQUEST)
        .map((chunk) => ({ labels: chunk.labels, samples: samplesOf(chunk, starts[0]!) }));
      await remoteWrite(url, request);
      samples += request.reduce((total, { samples: own }) => total + own.length, 0);
    }
    onProgress?.((index + 1) / starts.length, samples);
  }
  return samples;
}

function blockOf(time: number): number {
  return Math.floor(time / BLOCK_SECONDS) * BLOCK_SECONDS;
}

/** Ranges of time that the evaluations read of a series. Overlapping ranges are merged. */
function rangesOf({ name, labels }: FleetSeries, reads: Reads, evaluations: TimeRange): TimeRange[] {
  const wanted = reads
    .of(name, labels)
    .map(({ from, to }) => ({ from: evaluations.from - from, to: evaluations.to - to }))
    .sort((one, other) => one.from - other.from);
  const merged: TimeRange[] = [];
  for (const range of wanted) {
    const last = merged.at(-1);
    if (last && range.from <= last.to) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

function samplesOf({ series: { start, perSecond }, from, to }: Chunk, epoch: number): Sample[] {
  const samples: Sample[] = [];
  for (let time = Math.ceil(from / STEP) * STEP; time < to; time += STEP) {
    samples.push({ timestamp: time * 1000, value: start + Math.floor((time - epoch) * perSecond) });
  }
  return samples;
}
