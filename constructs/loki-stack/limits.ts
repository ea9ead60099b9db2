import { SettingError } from '../kit';
import { checkCount } from '../kit/checks';
import { peakMegabytes } from './sizing';

/** Limits that keep one sender or one query from stopping Loki. */
export interface LokiLimits {
  /**
   * Megabytes of lines that one distributor takes in a second; it answers 429 to more.
   * @default - twice the peak of `gigabytesPerDay`, at least 16
   */
  readonly ingestionMegabytesPerSecond?: number;
  /** Megabytes of one stream in a second. @default 8 */
  readonly streamMegabytesPerSecond?: number;
  /** Longest line in kilobytes. Loki cuts longer ones and marks them. @default 64 */
  readonly lineKilobytes?: number;
  /** Streams of a tenant that are active at the same time. @default 5000 */
  readonly streams?: number;
  /** Series that one query may return. @default 1000 */
  readonly querySeries?: number;
  /** Time after which a query is cancelled, in seconds. @default 120 */
  readonly queryTimeoutSeconds?: number;
  /** Gigabytes of lines that one query may read. @default 20 */
  readonly queryGigabytes?: number;
}

/** Defaults of `LokiLimits`. */
const LIMIT_DEFAULTS = {
  streamMegabytesPerSecond: 8,
  lineKilobytes: 64,
  streams: 5000,
  querySeries: 1000,
  queryTimeoutSeconds: 120,
  queryGigabytes: 20,
} as const;

/** Limits with their defaults. */
export type ResolvedLimits = Required<LokiLimits>;

/**
 * The limits with defaults for the load.
 *
 * @throws SettingError for a limit that is no whole number
 */
export function resolveLimits(limits: LokiLimits, gigabytesPerDay: number): ResolvedLimits {
  const resolved = {
    ingestionMegabytesPerSecond: Math.max(16, Math.ceil(peakMegabytes(gigabytesPerDay) * 2)),
    ...LIMIT_DEFAULTS,
    ...limits,
  };
  for (const [name, value] of Object.entries(resolved)) {
    checkCount(`limits.${name}`, value);
  }
  return resolved;
}

/** Attributes that become index labels of OTLP lines. Every other attribute is structured metadata. */
export interface IndexLabels {
  /** Resource attributes. @default - service.name, cluster, namespace, app, component, container */
  readonly resource?: readonly string[];
  /** Attributes of a line. @default - level, stream */
  readonly log?: readonly string[];
}

/** Index labels of every stack, unless `indexLabels` replaces them. */
export const DEFAULT_INDEX_LABELS = {
  resource: ['service.name', 'cluster', 'namespace', 'app', 'component', 'container'],
  log: ['level', 'stream'],
} as const satisfies IndexLabels;

/** Loki's default of `max_label_names_per_series`. */
export const MOST_LABELS = 15;

/** Words of attributes whose values never end. Each value would be a stream of its own. */
const UNBOUNDED = new Set(
  'id uid ip address trace span user session request url path query time timestamp filename pod'.split(' '),
);

/** Whether an attribute such as `k8s.pod.name`, `trace_id` or `client.address` has a word of `UNBOUNDED`. */
function isUnbounded(attribute: string): boolean {
  return attribute
    .toLowerCase()
    .split(/[._]/)
    .some((word) => UNBOUNDED.has(word));
}

/**
 * The labels with their defaults.
 *
 * @throws SettingError for no label, for too many, and for an attribute with unbounded values
 */
export function resolveIndexLabels(labels: IndexLabels = {}): Required<IndexLabels> {
  const resolved = { ...DEFAULT_INDEX_LABELS, ...labels };
  const all = [...resolved.resource, ...resolved.log];
  if (resolved.resource.length === 0) {
    throw new SettingError('indexLabels.resource', [], 'name an attribute: Loki refuses a line without an index label');
  }
  if (all.length > MOST_LABELS) {
    throw new SettingError('indexLabels', all.length, `name at most ${MOST_LABELS} attributes`);
  }
  for (const attribute of all) {
    if (!/^[a-zA-Z_][\w.]*$/.test(attribute)) {
      throw new SettingError('indexLabels', attribute, 'write the name of an attribute, e.g. k8s.namespace.name');
    }
    if (isUnbounded(attribute)) {
      const fix = 'leave it out: each value would be a stream of its own; as structured metadata it can be queried too';
      throw new SettingError('indexLabels', attribute, fix);
    }
  }
  return resolved;
}

/** Names of the labels: Loki writes `_` for a dot. */
export function labelNames({ resource, log }: Required<IndexLabels>): readonly string[] {
  return [...resource, ...log].map((attribute) => attribute.replaceAll('.', '_'));
}

/** Fields of `limits_config` for attributes of OTLP lines. */
export function otlpLimits({ resource, log }: Required<IndexLabels>): { readonly [field: string]: unknown } {
  return {
    // Without this, Loki labels OTLP lines that lack service.name with `unknown_service`.
    discover_service_name: [],
    otlp_config: {
      resource_attributes: {
        // The defaults include k8s.pod.name and service.instance.id: a stream for each pod.
        ignore_defaults: true,
        attributes_config: [
          { action: 'index_label', attributes: resource },
          // Long values that no query reads.
          { action: 'drop', regex: 'process\\..*|telemetry\\.sdk\\..*|os\\..*' },
        ],
      },
      log_attributes: log.length > 0 ? [{ action: 'index_label', attributes: log }] : undefined,
    },
  };
}

/** Fields of `limits_config` for the sizes and rates. */
export function sizeLimits(limits: ResolvedLimits): { readonly [field: string]: unknown } {
  return {
    ingestion_rate_strategy: 'local',
    ingestion_rate_mb: limits.ingestionMegabytesPerSecond,
    ingestion_burst_size_mb: limits.ingestionMegabytesPerSecond * 2,
    per_stream_rate_limit: `${limits.streamMegabytesPerSecond}MB`,
    per_stream_rate_limit_burst: `${limits.streamMegabytesPerSecond * 4}MB`,
    max_line_size: `${limits.lineKilobytes}KB`,
    // Without this, Loki drops the line.
    max_line_size_truncate: true,
    max_line_size_truncate_identifier: '…[truncated]',
    max_label_names_per_series: MOST_LABELS,
    max_global_streams_per_user: limits.streams,
    max_structured_metadata_size: '16KB',
    max_structured_metadata_entries_count: 64,
    reject_old_samples_max_age: '168h',
    max_query_series: limits.querySeries,
    max_query_parallelism: 8,
    tsdb_max_query_parallelism: 32,
    max_query_bytes_read: `${limits.queryGigabytes}GB`,
    query_timeout: `${limits.queryTimeoutSeconds}s`,
    split_queries_by_interval: '30m',
  };
}
