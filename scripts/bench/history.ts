import type { FleetSeries } from './fleet';
import type { Reads } from './reads';
import { remoteWrite, type Sample, type TimeSeries } from './remote-write';

/** As often as Prometheus scrapes. */
const STEP = 15;
/** Samples of a series in one request, and how many series. */
const BLOCK_SECONDS = 40 * STEP;
const SERIES_OF_A_REQUEST = 4000;

/** A stretch of time, in seconds of Unix time. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What a series has in one block of time. */
interface Piece extends Stretch {
  readonly series: FleetSeries;
  readonly labels: TimeSeries['labels'];
}

export interface HistoryProps {
  /** Where the receiver of remote write is. */
  readonly url: string;
  readonly series: readonly FleetSeries[];
  readonly reads: Reads;
  /** When the rules will be evaluated. */
  readonly evaluations: Stretch;
  /** There are no samples from here on, in seconds of Unix time. @default - when the last evaluation is */
  readonly until?: number;
  /** Told after each block of time, with the samples so far. */
  readonly onProgress?: (share: number, samples: number) => void;
}

/**
 * Writes what the rules will read of a fleet, and no more: a sample every 15 seconds, in the order of time.
 *
 * @returns how many samples were written
 */
export async function writeHistory(props: HistoryProps): Promise<number> {
  const { url, reads, evaluations, until = evaluations.to, onProgress } = props;
  const blocks = new Map<number, Piece[]>();
  for (const series of props.series) {
    const labels = Object.entries({ __name__: series.name, ...series.labels }).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const { from, to } of stretchesOf(series, reads, evaluations)) {
      const end = Math.min(to, until);
      for (let start = blockOf(from); start < end; start += BLOCK_SECONDS) {
        const piece = { series, labels, from: Math.max(from, start), to: Math.min(end, start + BLOCK_SECONDS) };
        const pieces = blocks.get(start);
        pieces ? pieces.push(piece) : blocks.set(start, [piece]);
      }
    }
  }
  let samples = 0;
  const starts = [...blocks.keys()].sort((one, other) => one - other);
  for (const [index, start] of starts.entries()) {
    const pieces = blocks.get(start)!;
    for (let first = 0; first < pieces.length; first += SERIES_OF_A_REQUEST) {
      const request = pieces
        .slice(first, first + SERIES_OF_A_REQUEST)
        .map((piece) => ({ labels: piece.labels, samples: samplesOf(piece, starts[0]!) }));
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

/** When a series must have samples so that every evaluation finds what it reads. Stretches that touch are one. */
function stretchesOf({ name, labels }: FleetSeries, reads: Reads, evaluations: Stretch): Stretch[] {
  const wanted = reads
    .of(name, labels)
    .map(({ from, to }) => ({ from: evaluations.from - from, to: evaluations.to - to }))
    .sort((one, other) => one.from - other.from);
  const joined: Stretch[] = [];
  for (const stretch of wanted) {
    const last = joined.at(-1);
    if (last && stretch.from <= last.to) {
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) };
    } else {
      joined.push(stretch);
    }
  }
  return joined;
}

function samplesOf({ series: { start, perSecond }, from, to }: Piece, epoch: number): Sample[] {
  const samples: Sample[] = [];
  for (let time = Math.ceil(from / STEP) * STEP; time < to; time += STEP) {
    samples.push({ timestamp: time * 1000, value: start + Math.floor((time - epoch) * perSecond) });
  }
  return samples;
}
