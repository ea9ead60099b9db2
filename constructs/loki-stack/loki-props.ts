import type { LokiSettings } from '../../formats/loki';
import type { RemoteWriteConfig } from '../../formats/prometheus';
import type { Endpoint, PodOptions, WithSecretKeys } from '../kit';
import type { IndexLabels, LokiLimits } from './limits';
import type { ObjectStorage } from './object-storage';
import type { LokiRetention } from './retention';
import type { LokiMode } from './sizing';

/** Defaults of `LokiStackProps`. */
export const LOKI_DEFAULTS = {
  name: 'loki',
  gigabytesPerDay: 10,
  retention: { days: 31 },
} as const;

/** A component of a distributed Loki. */
export type LokiRole =
  | 'distributor'
  | 'ingester'
  | 'querier'
  | 'query-frontend'
  | 'query-scheduler'
  | 'index-gateway'
  | 'compactor'
  | 'ruler';

/** Props of `LokiStack`. */
export interface LokiStackProps {
  /** Name of the objects and the Service. A distributed Loki appends its components, e.g. `-querier`. @default loki */
  readonly name?: string;
  /**
   * How Loki is run:
   *
   * - `monolithic`: one replica, on a volume or with a bucket.
   * - `replicated`: three replicas with a bucket; each line is in all of them until it is in the bucket.
   * - `distributed`: a workload for each component, for hundreds of gigabytes a day.
   *
   * @default - `replicated` with `objectStorage`, else `monolithic`
   */
  readonly mode?: LokiMode;
  /** Bucket for chunks and index. Required for several replicas. @default - chunks are on the volume */
  readonly objectStorage?: ObjectStorage;
  /** Gigabytes of lines in a day, before compression, to size for. @default 10 */
  readonly gigabytesPerDay?: number;
  /** How long lines are kept. @default - 31 days */
  readonly retention?: LokiRetention;
  /** Size of each volume; in `distributed`, of each ingester's. @default - sized for the load */
  readonly storageSize?: string;
  /** Storage class of the volumes. @default - the cluster's default class */
  readonly storageClass?: string;
  /** Attributes of OTLP lines that become index labels. @default - `DEFAULT_INDEX_LABELS` */
  readonly indexLabels?: IndexLabels;
  /** Limits of senders and queries. @default - those of `LokiLimits` */
  readonly limits?: LokiLimits;
  /**
   * Several tenants, each named by the header `X-Scope-OrgID` of its requests.
   * @default false: one tenant, `fake`, and the header is ignored
   */
  readonly multiTenancy?: boolean;
  /**
   * Three zones, as the label `topology.kubernetes.io/zone` of nodes names them. Each gets a third of the ingesters.
   * Each line is in all three zones. Only of `distributed`.
   * @default - one set of ingesters, spread over zones as evenly as the cluster can
   */
  readonly zones?: readonly string[];
  /** URL at which people reach Grafana, for links in alerts. @default - alerts have no link */
  readonly grafanaUrl?: string;
  /** Labels of every alert and every recorded series, e.g. `cluster`. @default - none */
  readonly externalLabels?: { readonly [label: string]: string };
  /** Servers of memcached that you run. @default - each process has its own caches */
  readonly caches?: LokiCaches;
  /**
   * More settings of `loki.yaml`, by section, as Loki reads them. They are merged over the construct's. A field that
   * names a file takes a key of a Secret. Settings that the construct writes are refused.
   * @default - none
   */
  readonly config?: LokiSettings;
  /** Options of the pods of every component. @default - none */
  readonly pod?: PodOptions;
  /** Options of single components, which replace those of `pod`. Only of `distributed`. @default - none */
  readonly roles?: { readonly [role in LokiRole]?: PodOptions };
}

/** Servers of memcached. */
export interface LokiCaches {
  /** For chunks that queries read again. @default - each process has its own, of 256 MB */
  readonly chunks?: Endpoint;
  /** For results of queries. @default - each process has its own, of 100 MB */
  readonly results?: Endpoint;
}

/** Settings of a receiver of recorded series, without its URL. */
export type LokiRemoteWriteSettings = Omit<RemoteWriteConfig, 'url' | 'write_relabel_configs'>;

/** Options of `addRemoteWrite()`. */
export interface LokiRemoteWrite {
  /** Path of the receiver. @default /api/v1/write */
  readonly path?: string;
  /**
   * More settings, as Prometheus reads them: `headers`, `basic_auth`, `queue_config` … A field that names a file takes a
   * key of a Secret.
   * @default - none
   */
  readonly config?: WithSecretKeys<LokiRemoteWriteSettings>;
}

/** Options of `addRules()`. */
export interface LokiRuleOptions {
  /** The tenant whose lines the rules read. Required with `multiTenancy`. @default - the only tenant */
  readonly tenant?: string;
}
