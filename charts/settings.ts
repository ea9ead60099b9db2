import type {
  AlertRoutingProps,
  ClusterNetwork,
  DatadogVendor,
  ElasticsearchStorage,
  ExternalCredentialsProps,
  ImageOverrides,
  ImageRegistries,
  JaegerProps,
  Level,
  LogAgent,
  LokiStackProps,
  NewRelicVendor,
  OtelCollectorProps,
  OutsideClient,
  Platform,
  PostgresTls,
  ProbedUrl,
  PrometheusStackProps,
  RedisTls,
  RemediationWebhookProps,
  Scheduling,
  SentryVendor,
  ThreatIntelligenceProps,
} from '../constructs';
import type { Category } from '../rules';
import type { NationalId } from '../rules/sanitising';

/** The application that is monitored. */
export interface ApplicationSettings {
  /** Namespace of the application. It must exist. @default sightedit */
  readonly namespace: string;
  /** `https://` URLs that are probed from outside the application. One with a private address needs `{ url, cidrs }`. */
  readonly probedUrls: readonly (string | ProbedUrl)[];
  /**
   * Write the NetworkPolicies in the application's namespace that admit the platform. They isolate the backend,
   * PostgreSQL and Redis, so the namespace must admit its own traffic. If `false`, its owner admits the pods that
   * `docs/architecture.md` names. Roles to read its objects are always written.
   * @default true
   */
  readonly admit: boolean;
  /** Database of the application. @default sightedit_production */
  readonly database: string;
  /** How connections to the database are secured. @default require: encrypted, the server is not verified */
  readonly databaseTls?: PostgresTls;
  /**
   * How connections to Redis are secured. `disable` is plain text: the password and the denylist can then be read and
   * changed on the network.
   * @default disable
   */
  readonly cacheTls?: 'disable' | RedisTls;
}

/** URLs at which people reach the web interfaces, for links in alerts. The defaults are those of a port-forward. */
export interface LinkSettings {
  /** URL of Grafana. @default http://localhost:3000 */
  readonly grafana: string;
  /** URL of Prometheus. @default http://localhost:9090 */
  readonly prometheus: string;
  /** URL of Alertmanager. @default http://localhost:9093 */
  readonly alertmanager: string;
  /** URL of the runbooks, without the alert's name. @default - the webhook's own pages */
  readonly runbooks: string;
}

/** Prometheus. The defaults are those of `PrometheusProps`, or of the profile. */
export interface MetricsSettings
  extends Required<Pick<PrometheusStackProps, 'replicas' | 'intervalSeconds' | 'retentionDays' | 'activeSeries'>>,
    Pick<PrometheusStackProps, 'storageSize' | 'remoteWrites' | 'limits'> {
  /**
   * Where the targets in the ConfigMap `prometheus-file-targets` may be.
   * @default - ports 9100 (hosts), 9121 (Redis) and 9187 (PostgreSQL) of every private range
   */
  readonly fileTargets: {
    /** Ports of the targets. */
    readonly ports: readonly number[];
    /** Ranges that hold the targets' addresses. */
    readonly cidrs: readonly string[];
  };
  /**
   * Names of series to keep in addition to those that rules, dashboards and runbooks read, or `all`. The application's
   * own metrics are always kept.
   * @default - none
   */
  readonly keep: readonly string[] | 'all';
  /**
   * Let Prometheus receive series by remote write. With logs, Loki then sends the series of its recording rules. Everyone
   * who reaches Prometheus can write series too, and so raise alerts and start remediations.
   * @default false
   */
  readonly remoteWriteReceiver: boolean;
}

/** Loki and the agents that read logs. The defaults are those of the profile. */
export interface LogSettings
  extends Required<Pick<LokiStackProps, 'gigabytesPerDay' | 'retention'>>,
    Pick<LokiStackProps, 'objectStorage' | 'storageSize' | 'limits'> {
  /**
   * `off` deploys no Loki, `monolithic` one replica, `replicated` three with a bucket.
   * @default - `replicated` with `objectStorage`, else `monolithic`
   */
  readonly mode: 'off' | 'monolithic' | 'replicated';
  /** The program that reads the logs of a node. Promtail is no longer maintained. @default opentelemetry */
  readonly collector: LogAgent;
  /** Countries whose national identification numbers are masked, in addition to what is always masked. @default - none */
  readonly nationalIds: readonly NationalId[];
}

/** Vendors that data is sent to as well. Their keys are in the platform's Secret. */
export interface VendorSettings {
  /** Datadog. Its key is `DATADOG_API_KEY`. @default - nothing is sent */
  readonly datadog?: Omit<DatadogVendor, 'apiKey'>;
  /** New Relic. Its key is `NEW_RELIC_LICENSE_KEY`. @default - nothing is sent */
  readonly newRelic?: Omit<NewRelicVendor, 'licenseKey'>;
  /** Sentry. Its key is `SENTRY_PUBLIC_KEY`. @default - nothing is sent */
  readonly sentry?: Omit<SentryVendor, 'publicKey'>;
}

/** The gateway for traces, logs and metrics of the application, and Jaeger. The defaults are those of the profile. */
export interface TraceSettings
  extends Required<Pick<OtelCollectorProps, 'replicas' | 'browserOrigins'>>,
    Pick<OtelCollectorProps, 'sampling'>,
    Required<Pick<JaegerProps, 'retentionDays' | 'spansPerSecond'>> {
  /** `off` deploys neither the gateway nor Jaeger. @default jaeger */
  readonly mode: 'off' | 'jaeger';
  /** Keep traces in Elasticsearch. The password is `ELASTICSEARCH_PASSWORD`. @default - on Jaeger's volume */
  readonly elasticsearch?: Omit<ElasticsearchStorage, 'password' | 'certificateAuthority'>;
  /** Vendors that data is sent to as well. @default - none */
  readonly vendors: VendorSettings;
}

/** Feeds that incidents name. The defaults are those of `ThreatIntelligenceProps`. */
export interface ThreatIntelligenceSettings
  extends Required<Pick<ThreatIntelligenceProps, 'feeds' | 'schedule'>>,
    Pick<ThreatIntelligenceProps, 'limits'> {}

/** Alertmanager and its routes. The defaults are those of `AlertRoutingProps`, or of the profile. */
export type AlertingSettings = Required<Pick<AlertRoutingProps, 'replicas' | 'activeAlerts'>> &
  Pick<
    AlertRoutingProps<Level, Category>,
    'channels' | 'levels' | 'teams' | 'fallback' | 'businessHours' | 'deadMansSwitch' | 'privateReceivers' | 'replicas'
  >;

/** The remediation webhook. The defaults are those of `RemediationWebhookProps`, or of the profile. */
export interface RemediationSettings
  extends Required<Pick<RemediationWebhookProps, 'mode' | 'replicas'>>,
    Pick<RemediationWebhookProps, 'certificate' | 'tlsSecret' | 'limits'> {
  /**
   * Deployments of the application that may be restarted and scaled. Their owner labels each of them as well.
   * @default sightedit-backend, sightedit-cdn and sightedit-website
   */
  readonly deployments: readonly string[];
  /** Their HorizontalPodAutoscalers. @default - each Deployment's name with `-hpa` appended */
  readonly autoscalers: readonly string[];
  /** Largest number of replicas of a Deployment. @default 20 */
  readonly maxReplicas: number;
  /** Prefixes of the Redis keys that may be removed. @default cache: */
  readonly cachePrefixes: readonly string[];
  /** Public ranges that are never blocked, e.g. the content delivery network, partners and the office. @default - none */
  readonly neverBlock: readonly string[];
  /**
   * Public addresses of the load balancers in front of the application, in CIDR notation; `[]` if they have only private
   * ones. They are never blocked. It has no default: a missing answer would let an alert lock everybody out.
   */
  readonly loadBalancers?: readonly string[];
  /** Slack channel for what a person should see, posted by the app of `alerting.channels.slack`. @default - none */
  readonly slackChannel?: string;
}

/** The cluster's network. `docs/networks.md` says for each platform what to set. */
export interface NetworkSettings extends Required<ClusterNetwork> {
  /**
   * Who may open Grafana, Prometheus, Alertmanager and the runbooks: pods of an ingress controller or a gateway, address
   * ranges of balancers and of nodes, or what Cilium calls them.
   * @default - nobody: a port-forward needs no permission
   */
  readonly ingress: readonly OutsideClient[];
}

/** Which pods the scheduler takes first. */
export interface SchedulingSettings extends Required<Scheduling> {
  /**
   * PriorityClass of the servers. The default is created: scheduled first, evicted last, and no pod makes room for them.
   * @default - the name of the platform's namespace
   */
  readonly serverPriorityClass: string;
  /**
   * PriorityClass of the agents on each node. The default is created: on a full node, pods of applications make room.
   * @default - the name of the agents' namespace
   */
  readonly agentPriorityClass: string;
}

/** The Secret that holds every credential. */
export interface CredentialSettings {
  /** Name of the Secret. @default sightedit-monitoring-credentials */
  readonly secretName: string;
  /** Let the External Secrets Operator fill the Secret. @default - you create it with kubectl */
  readonly externalSecret?: Omit<ExternalCredentialsProps, 'credentials'>;
}

/** The settings of the platform, with their defaults filled in by `resolveSettings()`. */
export interface MonitoringSettings {
  /** Name of the cluster; a label of every alert. Settings of two clusters can be added to one App. */
  readonly cluster: string;
  /** E.g. `production`; a label of every alert. */
  readonly environment: string;
  /** Region of the cluster; a label of every alert. */
  readonly region: string;
  /** Kubernetes distribution of the cluster. */
  readonly platform: Platform;
  /** Namespace of the platform. @default sightedit-monitoring */
  readonly namespace: string;
  /** Namespace of the agents that need access to their host. @default the namespace with `-node` appended */
  readonly nodeNamespace: string;
  /** The application that is monitored. */
  readonly application: ApplicationSettings;
  /** URLs at which people reach the servers. */
  readonly links: LinkSettings;
  /** Prometheus and its exporters. */
  readonly metrics: MetricsSettings;
  /** Loki and the agents that read logs. */
  readonly logs: LogSettings;
  /** The gateway for traces, logs and metrics of the application, and Jaeger. */
  readonly traces: TraceSettings;
  /** Alertmanager: channels, levels and teams. */
  readonly alerting: AlertingSettings;
  /** The remediation webhook. */
  readonly remediation: RemediationSettings;
  /** Feeds of addresses, for incidents. Without a feed, nothing of it is deployed. @default - no feed */
  readonly threatIntelligence: ThreatIntelligenceSettings;
  /** The Secret that holds every credential. */
  readonly credentials: CredentialSettings;
  /** The cluster's network: who enforces policies, address ranges, and who may open the web interfaces. */
  readonly network: NetworkSettings;
  /** Which pods the scheduler takes first. */
  readonly scheduling: SchedulingSettings;
  /** Class of every volume. @default - the cluster's default class */
  readonly storageClass?: string;
  /** Mirror that every image is pulled from, or one for each registry. @default - each image's own registry */
  readonly imageRegistry?: ImageRegistries;
  /** Other tags, digests or repositories of images, by name. @default - the pinned ones */
  readonly images?: ImageOverrides;
  /** Value of the label `app.kubernetes.io/part-of` of every object. @default sightedit-monitoring */
  readonly partOf: string;
}

/** The settings that you write: the required ones, and those that differ from the defaults. */
export interface MonitoringInput
  extends Pick<
    MonitoringSettings,
    'cluster' | 'environment' | 'region' | 'platform' | 'storageClass' | 'imageRegistry' | 'images'
  > {
  /** Namespace of the platform. */
  readonly namespace?: string;
  /** Namespace of the node exporter. */
  readonly nodeNamespace?: string;
  /** Value of the label `app.kubernetes.io/part-of` of every object. */
  readonly partOf?: string;
  /** The application that is monitored. */
  readonly application: Pick<ApplicationSettings, 'probedUrls'> & Partial<ApplicationSettings>;
  /** URLs at which people reach the servers. */
  readonly links?: Partial<LinkSettings>;
  /** Prometheus and its exporters. */
  readonly metrics?: Partial<MetricsSettings>;
  /** Loki and the agents that read logs. */
  readonly logs?: Partial<LogSettings>;
  /** The gateway for traces, logs and metrics of the application, and Jaeger. */
  readonly traces?: Partial<TraceSettings>;
  /** Alertmanager: channels, levels and teams. */
  readonly alerting: Omit<AlertingSettings, 'replicas' | 'activeAlerts'> &
    Partial<Pick<AlertingSettings, 'replicas' | 'activeAlerts'>>;
  /** The remediation webhook. */
  readonly remediation?: Partial<RemediationSettings>;
  /** Feeds of addresses, for incidents. */
  readonly threatIntelligence?: Partial<ThreatIntelligenceSettings>;
  /** The Secret that holds every credential. */
  readonly credentials?: Partial<CredentialSettings>;
  /** The cluster's network: who enforces policies, address ranges, and who may open the web interfaces. */
  readonly network?: Partial<NetworkSettings>;
  /** Which pods the scheduler takes first. */
  readonly scheduling?: Partial<SchedulingSettings>;
}
