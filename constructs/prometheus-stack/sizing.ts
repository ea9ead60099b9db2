import { SettingError } from '../kit';
import { checkCount, parseBytes } from '../kit/checks';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Load that a Prometheus server must carry. */
export interface PrometheusLoad {
  /** Active series in the head block. */
  readonly activeSeries: number;
  /** Scrape interval. */
  readonly intervalSeconds: number;
  /** How long samples are kept, in days. */
  readonly retentionDays: number;
}

/** Size of a Prometheus server. `retentionSize` is in Prometheus' units, the rest are Kubernetes quantities. */
export interface PrometheusSize {
  /** CPU request. */
  readonly cpu: string;
  /** Memory request and limit. */
  readonly memory: string;
  /** Size of the volume. */
  readonly disk: string;
  /** `storage.tsdb.retention.size`: 82 % of the volume. The rest holds the write-ahead log and a compaction. */
  readonly retentionSize: string;
}

/**
 * Bytes on disk per sample. Prometheus' storage documentation gives 1–2 bytes; 2 leaves room for the index.
 * https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects
 */
const BYTES_PER_SAMPLE = 2;

/** Memory per active series: head block and two hours of churn, doubled for queries and rules. */
const BYTES_PER_SERIES = 8 * KIB;

const BASE_MEMORY = 512 * MIB;

/** Share of the volume that blocks may fill; Prometheus' documentation asks for at most 80–85 %. */
const BLOCK_SHARE = 0.82;

/** Samples per second that one core scrapes and evaluates, with reserves. */
const SAMPLES_PER_CORE_SECOND = 50_000;

/**
 * Sizes a Prometheus server for a load.
 *
 * @param disk size of the volume, e.g. `50Gi` @default - sized for the load, in steps of 10 GiB
 * @throws SettingError when a number is not whole and positive, or when the volume cannot hold the retention
 */
export function sizePrometheus(load: PrometheusLoad, disk?: string): PrometheusSize {
  for (const [name, value] of Object.entries(load)) {
    checkCount(name, value);
  }
  const samplesPerSecond = load.activeSeries / load.intervalSeconds;
  const blocks = samplesPerSecond * BYTES_PER_SAMPLE * load.retentionDays * 86_400;
  const needed = Math.ceil(blocks / BLOCK_SHARE / (10 * GIB)) * 10 * GIB;
  const volume = disk === undefined ? needed : parseBytes('storageSize', disk);
  if (volume * BLOCK_SHARE < blocks) {
    throw new SettingError(
      'storageSize',
      disk,
      `${load.retentionDays} days of ${load.activeSeries} series every ${load.intervalSeconds} s need ` +
        `${needed / GIB}Gi; give the volume that much${shorterRetention(load, (volume * BLOCK_SHARE) / blocks)}`,
    );
  }
  const memory = BASE_MEMORY + load.activeSeries * BYTES_PER_SERIES;
  return {
    cpu: `${Math.max(250, Math.ceil((samplesPerSecond / SAMPLES_PER_CORE_SECOND) * 10) * 100)}m`,
    memory: `${Math.ceil(memory / (256 * MIB)) * 256}Mi`,
    disk: `${Math.ceil(volume / GIB)}Gi`,
    retentionSize: `${Math.floor((volume * BLOCK_SHARE) / MIB)}MB`,
  };
}

/** The other fix: as many days as the volume holds, if it holds one. */
function shorterRetention({ retentionDays }: PrometheusLoad, share: number): string {
  const days = Math.floor(retentionDays * share);
  return days < 1 ? '' : `, or lower retentionDays to ${days}`;
}
