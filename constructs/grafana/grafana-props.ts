import type { Credentials, Endpoint, PodOptions, StorageVolume } from '../kit';
import type { GrafanaSettings } from './grafana-config';

/** Props of `Grafana`. */
export interface GrafanaProps {
  /** Name of the objects and of the Service. @default grafana */
  readonly name?: string;
  /** URL at which people reach Grafana, for its links. With a path, Grafana serves below it. */
  readonly externalUrl: string;
  /** The Secret that holds the administrator's name and password. */
  readonly credentials: Credentials;
  /** Key of the administrator's name in the Secret. @default GRAFANA_ADMIN_USER */
  readonly adminUserKey?: string;
  /** Key of the administrator's password in the Secret. @default GRAFANA_ADMIN_PASSWORD */
  readonly adminPasswordKey?: string;
  /** Volume for users, stars and preferences; data sources and dashboards are provisioned. @default 5Gi */
  readonly storageSize?: string;
  /** Storage class of the volume. @default - the cluster's default class */
  readonly storageClass?: string;
  /** Kind of the volume. With `emptyDir`, users and their preferences are lost with the pod. @default claim */
  readonly storage?: StorageVolume;
  /**
   * Options of the pods. More than one of `replicas` needs an external database in `ini.database`, or in `env`
   * (`GF_DATABASE_TYPE` or `GF_DATABASE_URL`); the pods then have no volume.
   * @default - none
   */
  readonly pod?: PodOptions;
  /**
   * Any settings of `grafana.ini`, by section, over those of the construct. A secret is a key of a Secret. Settings that
   * the construct writes are refused. You open the way to other servers with `component.connectTo()`.
   * https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/
   * @default - none
   */
  readonly ini?: GrafanaSettings;
}

/** A dashboard in classic JSON. */
export interface GrafanaDashboard {
  /** Part of the dashboard's URL: at most 40 letters, digits, `-` and `_`. It must never change. */
  readonly uid: string;
  /** Title of the folder. */
  readonly folder: string;
  /** The dashboard's JSON model. */
  readonly json: object;
}

/** A Prometheus server, e.g. the construct `Prometheus`. */
export interface PrometheusSource {
  /** Where the server listens. */
  readonly endpoint: Endpoint;
  /** Scrape interval: `$__rate_interval` is at least four of them. */
  readonly intervalSeconds: number;
}

/** How a Prometheus is called, and what its exemplars lead to. */
export interface PrometheusNames extends DataSourceNames {
  /** `uid` of the data source that holds the traces of exemplars. @default - exemplars are no links */
  readonly tracesUid?: string;
}

/** How a Jaeger is called, and what its spans lead to. */
export interface JaegerSource extends DataSourceNames {
  /** `uid` of a Loki with the lines of the traces. @default - spans are no links to lines */
  readonly logsUid?: string;
  /** `uid` of a Prometheus with the span metrics of an `OtelCollector`. @default - spans are no links to metrics */
  readonly metricsUid?: string;
}

/** How a data source is called. */
export interface DataSourceNames {
  /** Name that people see. @default - the kind of server, e.g. `Prometheus` */
  readonly name?: string;
  /** Identifier that dashboards refer to. @default - the kind of server, e.g. `prometheus` */
  readonly uid?: string;
  /** Whether panels use it that name no data source. @default - the first Prometheus is the default */
  readonly isDefault?: boolean;
  /** Path of the API below the endpoint, e.g. `/prometheus` of Mimir. @default - none */
  readonly path?: string;
}

/** How a Loki is called, and what its lines lead to. */
export interface LokiSource extends DataSourceNames {
  /** `uid` of the data source that holds the traces. @default - trace ids are no links */
  readonly tracesUid?: string;
}
