import type { Endpoint, PodOptions, SecretKey, StorageProps } from '../kit';
import type { SamplingStrategies } from './sampling-strategies';

/** Elasticsearch as the store of traces. */
export interface ElasticsearchStorage {
  /** The server: an endpoint with the scheme `https` or `http`. */
  readonly server: Endpoint;
  /** Name of the user, who may create, read, write and delete indices that begin with the prefix. */
  readonly username: string;
  /** The Secret and the key of the password. */
  readonly password: SecretKey;
  /** The Secret and the key of the authority that signed the server's certificate. @default - public authorities */
  readonly certificateAuthority?: SecretKey;
  /** First part of the names of the indices, e.g. `orders` for `orders-jaeger-span-2026-11-30`. @default - none */
  readonly indexPrefix?: string;
  /** Primary shards of the index of a day. @default 5 */
  readonly shards?: number;
  /** Copies of each shard. @default 1 */
  readonly shardReplicas?: number;
}

/** Props of `Jaeger`. */
export interface JaegerProps extends StorageProps {
  /** Name of the objects and of the Service. @default jaeger */
  readonly name?: string;
  /** Days after which a trace is deleted. @default 3 */
  readonly retentionDays?: number;
  /** Spans that are stored in a second, after sampling: the size of Badger's volume follows from it. @default 100 */
  readonly spansPerSecond?: number;
  /**
   * Keep traces in Elasticsearch, for two replicas of Jaeger and for more than a volume holds. A CronJob deletes the
   * indices of past days.
   * @default - Badger, a database on the volume of one replica
   */
  readonly elasticsearch?: ElasticsearchStorage;
  /** Prometheus with the span metrics of an `OtelCollector`, for the tab Monitor. @default - the tab has no data */
  readonly prometheus?: Endpoint;
  /**
   * Which share of traces clients begin. Clients ask for it on port 5778 (HTTP) or 5779 (gRPC).
   * @default - nothing is served: clients follow their own settings
   */
  readonly samplingStrategies?: SamplingStrategies;
  /** Path that the web interface and its API are served below, e.g. `/jaeger`. @default - the root */
  readonly basePath?: string;
  /** Options of the pods. `replicas` needs `elasticsearch`, where it is 2 by default. @default - none */
  readonly pod?: PodOptions;
}

/** Defaults of `JaegerProps`. */
export const JAEGER_DEFAULTS = { name: 'jaeger', retentionDays: 3, spansPerSecond: 100 } as const;
