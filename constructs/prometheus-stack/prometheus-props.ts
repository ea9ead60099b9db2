import type { KeepList } from '../../metrics';
import type { Credentials, Destination, PodOptions, StorageVolume, WithSecretKeys } from '../kit';
import type { PrometheusSettings, RelabelConfig, ScrapeConfig } from './prometheus-config';
import type { RemoteWrite } from './remote-write';
import type { ScrapeCredentials } from './scrape-credentials';

/** Defaults of `PrometheusProps`. */
export const PROMETHEUS_DEFAULTS = {
  replicas: 2,
  intervalSeconds: 15,
  retentionDays: 30,
  activeSeries: 250_000,
} as const;

/** Props of `Prometheus`. */
export interface PrometheusProps {
  /** Name of the objects and of the Service. @default prometheus */
  readonly name?: string;
  /** Labels of every alert, and of every sample that is sent to a remote receiver, e.g. `cluster`. */
  readonly externalLabels: { readonly [label: string]: string };
  /** URL at which people reach the server, for links in alerts. */
  readonly externalUrl: string;
  /** Two replicas survive the loss of a node. @default 2 */
  readonly replicas?: number;
  /** Scrape and evaluation interval. @default 15 */
  readonly intervalSeconds?: number;
  /** How long samples are kept, in days. @default 30 */
  readonly retentionDays?: number;
  /** Active series to size memory and volume for. @default 250000 */
  readonly activeSeries?: number;
  /** Size of each volume, which the retention by size follows. Required for a claim that exists. @default - sized for the load */
  readonly storageSize?: string;
  /** Storage class of the volumes. @default - the cluster's default class */
  readonly storageClass?: string;
  /**
   * Kind of the volumes. With `emptyDir`, the samples are lost with the pod, and the node must have room for the size.
   * Prometheus does not support NFS:
   * https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects
   * @default claim
   */
  readonly storage?: StorageVolume;
  /** Names of the series that each scrape job keeps, e.g. `keepUsed()`. @default - every series */
  readonly keep?: KeepList;
  /** Receivers of samples, in addition to the local storage. @default - none */
  readonly remoteWrites?: readonly RemoteWrite[];
  /** The Secret. Required if a remote receiver has a token. @default - none */
  readonly credentials?: Credentials;
  /** Ranges that hold the API server's addresses, for discovery. @default - those of the cluster's network */
  readonly apiCidrs?: readonly string[];
  /** Options of the pods. `resources` replace those that `activeSeries` gives. @default - none */
  readonly pod?: PodOptions;
  /**
   * More settings of `prometheus.yml`, as Prometheus reads them: `global`, `storage`, `tracing`, `otlp`, `remote_read` …
   * They are merged over the construct's. A field that names a file takes a key of a Secret. Settings that the construct
   * writes are refused. You open the way to a receiver of traces, and to private servers of `remote_read`, with
   * `component.connectTo()`.
   * @default - none
   */
  readonly config?: WithSecretKeys<PrometheusSettings>;
  /**
   * Feature flags, in addition to `exemplar-storage`, e.g. `otlp-deltatocumulative`.
   * https://prometheus.io/docs/prometheus/latest/feature_flags/
   * @default - none
   */
  readonly features?: readonly string[];
}

/** Settings of a scrape job, without those that find its targets. A field that names a file takes a key of a Secret. */
export type ScrapeJobSettings = WithSecretKeys<
  Omit<ScrapeConfig, 'job_name' | 'scheme' | 'relabel_configs' | `${string}_sd_configs` | 'static_configs'>
> &
  ScrapeCredentials & {
    /** Relabelling after the rules that name the target. @default - none */
    readonly relabel?: readonly RelabelConfig[];
  };

/** Options of `addScrapeConfig()`. */
export interface ScrapeConfigOptions {
  /** Grant discovery without namespaces its rights in the whole cluster. @default false: it is refused */
  readonly allNamespaces?: boolean;
  /** Grant discovery in Kubernetes its rights. @default true */
  readonly grantRights?: boolean;
  /** The job may have no target: `ScrapeTargetMissing` does not watch it. @default false */
  readonly optional?: boolean;
}

/** Targets in a ConfigMap that an operator maintains. */
export interface FileDiscovery {
  /** Name of the scrape job. */
  readonly job: string;
  /** Name of the ConfigMap; its files end in `.yaml`. The server starts without it. */
  readonly configMap: string;
  /** Where the targets may be: opens the NetworkPolicy. */
  readonly destinations: readonly Destination[];
}
