import type { LokiConfig, LokiSettings } from '../../formats/loki';
import { merged } from '../kit/merged';
import { type IndexLabels, otlpLimits, type ResolvedLimits, sizeLimits } from './limits';
import { type ObjectStorage, storageSection, storeName } from './object-storage';
import { type LokiRetention, retentionLimits } from './retention';
import type { LokiMode } from './sizing';

/** Ports of every Loki process. */
export const HTTP_PORT = 3100;
export const GRPC_PORT = 9095;
export const GOSSIP_PORT = 7946;

/** The only directories that Loki writes to: its data, and temporary files. */
export const DATA_PATH = '/loki';
export const TEMP_PATH = '/tmp';

/** Directory whose folders are tenants. A ConfigMap is mounted at a folder, never here. */
export const RULES_PATH = '/etc/loki/rules';

/** Input of `lokiConfig()`. */
export interface LokiConfigProps {
  readonly mode: LokiMode;
  readonly multiTenancy: boolean;
  readonly retention: LokiRetention;
  readonly limits: ResolvedLimits;
  readonly indexLabels: Required<IndexLabels>;
  readonly storage?: ObjectStorage;
  /** Address of an S3 server of your own. */
  readonly s3Server?: { readonly scheme: string; readonly address: string };
  /** Megabytes of memory that the replay of the write-ahead log may fill. */
  readonly replayMegabytes: number;
  /** Name of the ring's members among themselves, and where they find each other. */
  readonly cluster?: { readonly label: string; readonly members: readonly string[]; readonly zoneAware: boolean };
  /** Addresses of single components. Only of `distributed`. */
  readonly roles?: { readonly compactor: string; readonly tail: string; readonly indexGateways: number };
  readonly caches: { readonly chunks?: string; readonly results?: string };
  readonly ruler: RulerProps;
  /** Your own settings. */
  readonly settings: LokiSettings;
}

/** Where the ruler sends alerts and series. */
export interface RulerProps {
  readonly alertmanagers: readonly string[];
  readonly remoteWrites: { readonly [name: string]: { readonly url: string } };
  readonly grafanaUrl?: string;
  readonly externalLabels: { readonly [label: string]: string };
}

/**
 * The server's configuration. Every component of a distributed Loki has the same file.
 *
 * https://grafana.com/docs/loki/latest/configure/
 */
export function lokiConfig(props: LokiConfigProps): LokiConfig {
  const { limits, retention, cluster, roles } = props;
  const store = storeName(props.storage);
  // A query that is cancelled by its timeout must still be able to answer.
  const httpTimeout = `${limits.queryTimeoutSeconds + 60}s`;
  const own: LokiConfig = {
    auth_enabled: props.multiTenancy,
    server: {
      http_listen_port: HTTP_PORT,
      grpc_listen_port: GRPC_PORT,
      grpc_server_max_recv_msg_size: 16 * 1024 * 1024,
      grpc_server_max_send_msg_size: 16 * 1024 * 1024,
      http_server_read_timeout: httpTimeout,
      http_server_write_timeout: httpTimeout,
      graceful_shutdown_timeout: '30s',
      log_level: 'info',
      log_format: 'json',
    },
    common: {
      // Loki writes below its working directory otherwise, which is read-only.
      path_prefix: DATA_PATH,
      replication_factor: cluster ? 3 : 1,
      // The address of a pod is an argument: a variable here would make every $ in the file a variable.
      instance_addr: cluster ? undefined : '127.0.0.1',
      ring: { kvstore: { store: cluster ? 'memberlist' : 'inmemory' } },
      storage: props.storage
        ? storageSection(props.storage, props.s3Server)
        : { filesystem: { chunks_directory: `${DATA_PATH}/chunks`, rules_directory: RULES_PATH } },
      compactor_grpc_address: roles?.compactor,
    },
    memberlist: cluster && {
      bind_port: GOSSIP_PORT,
      advertise_port: GOSSIP_PORT,
      // Without a label, another Loki could join by an address that a pod of this one had before.
      cluster_label: cluster.label,
      join_members: cluster.members,
      // When all of these restart at the same time, they form a ring of their own that the others never find.
      rejoin_interval: '30s',
    },
    schema_config: {
      configs: [
        // Structured metadata needs schema v13 with tsdb, and retention an index of 24 hours.
        {
          from: '2024-04-01',
          store: 'tsdb',
          object_store: store,
          schema: 'v13',
          index: { prefix: 'index_', period: '24h' },
        },
      ],
    },
    storage_config: {
      tsdb_shipper: {
        active_index_directory: `${DATA_PATH}/tsdb-shipper-active`,
        cache_location: `${DATA_PATH}/tsdb-shipper-cache`,
        cache_ttl: '24h',
      },
    },
    ingester: {
      lifecycler: cluster?.zoneAware ? { ring: { zone_awareness_enabled: true } } : undefined,
      chunk_encoding: 'snappy',
      chunk_target_size: 1_572_864,
      chunk_idle_period: '30m',
      max_chunk_age: '2h',
      flush_check_period: '30s',
      autoforget_unhealthy: true,
      wal: {
        enabled: true,
        dir: `${DATA_PATH}/wal`,
        checkpoint_duration: '5m',
        flush_on_shutdown: true,
        replay_memory_ceiling: `${props.replayMegabytes}MB`,
      },
    },
    limits_config: {
      ...retentionLimits(retention),
      ...sizeLimits(limits),
      ...otlpLimits(props.indexLabels),
      // The API that deletes lines has no users: every client that may push could remove evidence.
      deletion_mode: 'disabled',
    },
    compactor: {
      working_directory: `${DATA_PATH}/compactor`,
      compaction_interval: '10m',
      retention_enabled: true,
      // Replicas read an index that is up to an hour old, and the chunks that it names.
      retention_delete_delay: '2h',
      retention_delete_worker_count: 20,
      delete_request_store: store,
      delete_request_store_db_type: 'sqlite',
    },
    ruler: rulerSection(props.ruler, cluster !== undefined),
    querier: { max_concurrent: 4, query_ingesters_within: '3h' },
    query_range: {
      align_queries_with_step: true,
      cache_results: true,
      max_retries: 3,
      results_cache: { cache: cacheSection(props.caches.results, 100) },
    },
    chunk_store_config: { chunk_cache_config: cacheSection(props.caches.chunks, 256) },
    frontend: {
      encoding: 'protobuf',
      max_outstanding_per_tenant: 2048,
      log_queries_longer_than: '10s',
      compress_responses: true,
      tail_proxy_url: roles?.tail,
    },
    query_scheduler: { max_outstanding_requests_per_tenant: 2048 },
    index_gateway: roles && { mode: 'ring', ring: { replication_factor: roles.indexGateways } },
    pattern_ingester: { enabled: false },
    analytics: { reporting_enabled: false },
  };
  return merged(own, props.settings) as LokiConfig;
}

/** A cache in the process, or a memcached. */
function cacheSection(memcached: string | undefined, megabytes: number): object {
  return memcached === undefined
    ? { embedded_cache: { enabled: true, max_size_mb: megabytes, ttl: '1h' } }
    : { memcached: { expiration: '1h' }, memcached_client: { addresses: `dns+${memcached}` } };
}

function rulerSection({ alertmanagers, remoteWrites, grafanaUrl, externalLabels }: RulerProps, sharded: boolean) {
  return {
    enable_api: true,
    rule_path: `${DATA_PATH}/rules-temp`,
    evaluation_interval: '30s',
    poll_interval: '30s',
    // Links of alerts lead there.
    external_url: grafanaUrl,
    datasource_uid: 'loki',
    external_labels: Object.keys(externalLabels).length > 0 ? externalLabels : undefined,
    query_stats_enabled: true,
    storage: { type: 'local', local: { directory: RULES_PATH } },
    // Every replica, never the Service: each gets every alert.
    alertmanager_url: alertmanagers.length > 0 ? alertmanagers.join(',') : undefined,
    // Each rule is evaluated by one replica. If all did, recorded samples would arrive out of order.
    enable_sharding: sharded ? true : undefined,
    // Without a directory it is relative to the read-only working directory, and then no rule is evaluated.
    wal: { dir: `${DATA_PATH}/ruler-wal`, truncate_frequency: '15m', min_age: '5m', max_age: '4h' },
    wal_cleaner: { min_age: '12h', period: '1h' },
    remote_write:
      Object.keys(remoteWrites).length > 0
        ? { enabled: true, add_org_id_header: false, clients: remoteWrites }
        : undefined,
  };
}

/** Series that the ruler writes for each alert, with all its labels: one for each address of an attack. */
const ALERT_SERIES = 'ALERTS(_FOR_STATE)?';

/**
 * A receiver of recorded series, without those of alerts.
 *
 * @param labels added to series that have no label of the name: the ruler gives its external labels to alerts only
 */
export function remoteWriteClient(url: string, labels: { readonly [label: string]: string }) {
  return {
    url,
    queue_config: { capacity: 2500, max_shards: 4, max_samples_per_send: 500 },
    write_relabel_configs: [
      { source_labels: ['__name__'], regex: ALERT_SERIES, action: 'drop' },
      ...Object.entries(labels).map(([label, value]) => ({
        source_labels: [label],
        regex: '^$',
        target_label: label,
        replacement: value,
      })),
    ],
  };
}
