import type { PodOptions } from '../kit';
import { SettingError } from '../kit';
import { parseBytes } from '../kit/checks';
import { parseQuantity } from '../kit/checks/quantities';
import type { LokiRetention } from './retention';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** How Loki is run. */
export type LokiMode = 'monolithic' | 'replicated' | 'distributed';

/** Load that Loki must carry. */
export interface LokiLoad {
  /** Gigabytes of lines that arrive in a day, before compression. */
  readonly gigabytesPerDay: number;
  /** How long they are kept. */
  readonly retention: LokiRetention;
}

/** Size of one replica. Kubernetes quantities. */
export interface LokiSize {
  /** CPU request. */
  readonly cpu: string;
  /** Memory request and limit. */
  readonly memory: string;
  /** Size of the volume. */
  readonly disk: string;
}

/**
 * Lines on disk are smaller by this factor, with structured metadata and the index: 764 MB of lines became 240 MB.
 * Measured on Loki 3.7.6 with OTLP lines of 300 bytes and snappy: docs/logs.md#sizes.
 */
const COMPRESSION = 3.2;

/** Megabytes of OTLP lines that one CPU second takes in. Measured: 9.9 to 11.4. */
const MEGABYTES_PER_CPU_SECOND = 10;

/** The busiest minutes compared with the mean of the day. */
const PEAK = 4;

/** CPU of rules, queries and compaction in a small Loki. */
const BASE_CPU = 0.25;

/** Memory of the process, its caches, and queries. Measured: 200 MB at rest, 1,071 MB with queries over everything. */
const BASE_MEMORY = 1.25 * GIB;

/** Memory for each byte of lines that is not flushed yet. Measured: 750 MB for 700 MB. */
const MEMORY_PER_UNFLUSHED_BYTE = 0.8;

/** A chunk is flushed after this part of a day (`max_chunk_age` of two hours). */
const UNFLUSHED_SHARE = 2 / 24;

/** Write-ahead log, index, compactor and ruler. */
const BASE_DISK = 10 * GIB;

/** Share of a volume that data may fill. */
const FILL = 0.8;

/**
 * The largest load of a mode, in gigabytes a day. Grafana's documentation gives about 20 for one process and leaves
 * room; see docs/logs.md#modes.
 */
export const LARGEST_LOAD: Readonly<Record<LokiMode, number>> = {
  monolithic: 50,
  replicated: 300,
  distributed: Number.POSITIVE_INFINITY,
};

/**
 * Sizes one replica of a Loki that is monolithic or replicated. Every replica of the latter takes in every line.
 *
 * @param load the lines
 * @param place whether chunks are on the volume or in a bucket
 * @param disk size of the volume, e.g. `50Gi` @default - sized for the load, in steps of 10 GiB
 * @throws SettingError when a volume is too small for the retention
 */
export function sizeLoki(load: LokiLoad, place: 'volume' | 'bucket', disk?: string): LokiSize {
  const bytesPerDay = load.gigabytesPerDay * 1e9;
  const data = place === 'volume' ? storedBytes(load) : (bytesPerDay * UNFLUSHED_SHARE) / COMPRESSION;
  const kept = place === 'volume' ? `, kept for ${load.retention.days} days,` : '';
  const others = place === 'volume' ? ', lower retention.days, or name a bucket in objectStorage' : '';
  return {
    cpu: cpuFor(peakMegabytes(load.gigabytesPerDay) / MEGABYTES_PER_CPU_SECOND + BASE_CPU),
    memory: memoryFor(BASE_MEMORY + bytesPerDay * UNFLUSHED_SHARE * MEMORY_PER_UNFLUSHED_BYTE),
    disk: volumeFor(data / FILL + BASE_DISK, disk, `${load.gigabytesPerDay} GB a day${kept} need`, others),
  };
}

/**
 * A volume for a number of bytes.
 *
 * @throws SettingError when the given one is smaller
 */
function volumeFor(bytes: number, given: string | undefined, reason: string, others = ''): string {
  const needed = diskFor(bytes);
  if (given !== undefined && parseBytes('storageSize', given) < parseBytes('storageSize', needed)) {
    throw new SettingError('storageSize', given, `${reason} ${needed}; give the volume that much${others}`);
  }
  return given ?? needed;
}

/** Bytes of all lines that are kept, compressed. */
function storedBytes({ gigabytesPerDay, retention }: LokiLoad): number {
  const streams = (retention.streams ?? []).map(({ days, gigabytesPerDay: own = gigabytesPerDay / 10 }) => ({
    days,
    own,
  }));
  const others = Math.max(0, gigabytesPerDay - streams.reduce((sum, { own }) => sum + own, 0));
  const gigabytes = streams.reduce((sum, { days, own }) => sum + days * own, others * retention.days);
  return (gigabytes * 1e9) / COMPRESSION;
}

/** Megabytes a second in the busiest minutes. */
export function peakMegabytes(gigabytesPerDay: number): number {
  return ((gigabytesPerDay * 1000) / 86_400) * PEAK;
}

/** Size of each component of a distributed Loki, with its number of replicas. */
export interface RoleSize {
  /** Number of replicas. */
  readonly replicas: number;
  /** CPU request. */
  readonly cpu: string;
  /** Memory request and limit. */
  readonly memory: string;
  /** Size of the volume. @default - no volume */
  readonly disk?: string;
}

/** Megabytes a second that one ingester takes in, with a replication factor of three: one core. */
const MEGABYTES_PER_INGESTER = 5;

/** Megabytes a second that one distributor parses and sends to three ingesters. */
const MEGABYTES_PER_DISTRIBUTOR = 10;

/** Index, and what the compactor unpacks of it, for each gigabyte of lines in a day: a twentieth. */
const INDEX_BYTES = 5e7;

/**
 * Sizes the components of a distributed Loki.
 *
 * @param disk size of each ingester's volume @default - sized for the load
 * @returns ingesters in total; they come in multiples of three
 * @throws SettingError when a volume is too small
 */
export function sizeRoles(gigabytesPerDay: number, disk?: string) {
  const peak = peakMegabytes(gigabytesPerDay);
  const ingesters = Math.max(3, Math.ceil((peak * 3) / MEGABYTES_PER_INGESTER / 3) * 3);
  const held = (gigabytesPerDay * 1e9 * UNFLUSHED_SHARE * 3) / ingesters;
  const queriers = Math.max(2, Math.ceil(gigabytesPerDay / 100));
  return {
    distributor: {
      replicas: Math.max(2, Math.ceil(peak / MEGABYTES_PER_DISTRIBUTOR)),
      cpu: '500m',
      memory: '1Gi',
    },
    ingester: {
      replicas: ingesters,
      cpu: '1',
      memory: memoryFor(BASE_MEMORY + held * MEMORY_PER_UNFLUSHED_BYTE),
      disk: volumeFor(BASE_DISK + held / FILL, disk, `${gigabytesPerDay} GB a day need`),
    },
    querier: { replicas: queriers, cpu: '1', memory: '2Gi' },
    'query-frontend': { replicas: 2, cpu: '250m', memory: '1Gi' },
    'query-scheduler': { replicas: 2, cpu: '100m', memory: '256Mi' },
    'index-gateway': {
      replicas: 2,
      cpu: '250m',
      memory: '1Gi',
      disk: diskFor(BASE_DISK + gigabytesPerDay * INDEX_BYTES),
    },
    compactor: { replicas: 1, cpu: '500m', memory: '2Gi', disk: diskFor(BASE_DISK + gigabytesPerDay * INDEX_BYTES) },
    ruler: { replicas: 2, cpu: '500m', memory: '1Gi', disk: '10Gi' },
  } satisfies { readonly [role: string]: RoleSize };
}

// The API server would write 2048Mi as 2Gi and 1000m as 1, and kubectl would find a change at each apply.
function cpuFor(cores: number): string {
  const tenths = Math.ceil(cores * 10);
  return tenths % 10 === 0 ? `${tenths / 10}` : `${tenths * 100}m`;
}

function memoryFor(bytes: number): string {
  const mebibytes = Math.ceil(bytes / (256 * MIB)) * 256;
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}

function diskFor(bytes: number): string {
  return `${Math.ceil(bytes / (10 * GIB)) * 10}Gi`;
}

/** Share of the memory limit that the replay of the write-ahead log may fill before chunks are written out. */
const REPLAY_SHARE = 0.4;

/**
 * Megabytes that the replay of the write-ahead log may fill. A replay that needs more memory than the pod has would be
 * killed, and begin again.
 *
 * @param memory memory limit, unless the pod has another
 */
export function replayMegabytes(memory: string, { resources: { limits, requests } = {} }: PodOptions = {}): number {
  const limit = parseQuantity('pod.resources.limits.memory', limits?.memory ?? requests?.memory ?? memory, '2Gi');
  return Math.max(1, Math.floor((limit / 1e6) * REPLAY_SHARE));
}
