import type { Construct } from 'constructs';
import type { OwnAlerts, RemediationPolicy } from '../../remediation';
import type { Endpoint, Image, PodOptions } from '../kit';
import type { CertificateIssuer } from './certificate';
import type {
  ConnectionProps,
  Limits,
  RecordRetention,
  RemediationMode,
  WebhookLinks,
  WebhookLoki,
  WebhookSlack,
} from './remediation-webhook-config';

/** Props of `RemediationWebhook`. */
export interface RemediationWebhookProps {
  /** Name of the objects and of the Service. @default remediation-webhook */
  readonly name?: string;
  /** Which alerts trigger which actions. */
  readonly policies: readonly RemediationPolicy[];
  /** `dry-run` asks the targets what would happen; `active` changes them. @default dry-run */
  readonly mode?: RemediationMode;
  /** Number of replicas, 1 or more. One of them works on a target at a time. @default 2 */
  readonly replicas?: number;
  /** Prometheus, which verifies the effect of actions. */
  readonly prometheus: Endpoint;
  /**
   * Loki, e.g. a `LokiStack`. The webhook asks its ruler too whether an alert fires, and incidents hold the lines of
   * `openIncident({ logs })`. Loki with several tenants is not supported.
   * @default - alerts of Loki's rules trigger nothing, and incidents hold no lines
   */
  readonly loki?: WebhookLoki;
  /**
   * Where addresses are looked up: the endpoint of a `ThreatIntelligence`. Incidents then have a `threat_level`.
   * @default - none
   */
  readonly threats?: Endpoint;
  /**
   * Labels of the rules whose alerts the webhook raises itself, so that its alerts and those of Prometheus are the same:
   * `ownAlertsOf(catalogue.alerts)`. Required if you change the labels of these rules.
   * @default - those of the shipped rules: `severity` high, `category` meta
   */
  readonly ownAlerts?: OwnAlerts;
  /** Labels that Prometheus adds to its alerts. The webhook's own alerts carry them too. @default - none */
  readonly externalLabels?: { readonly [label: string]: string };
  /**
   * Names of labels that `alert_relabel_configs` of Prometheus add, change or drop. The webhook does not compare them
   * when it asks Prometheus whether an alert fires.
   * @default - none
   */
  readonly relabelledLabels?: readonly string[];
  /** Links in the webhook's own alerts: the runbooks, without the alert's name, and a dashboard. @default - none */
  readonly links?: WebhookLinks;
  /** Servers that actions change beside Kubernetes, by the names that policies use. @default - none */
  readonly connections?: { readonly [name: string]: ConnectionProps };
  /** Slack channel for approvals and failures, and the key of the bot token. @default - Alertmanager alone notifies */
  readonly slack?: WebhookSlack;
  /** Receiver of traces, OTLP over HTTP. @default - traces are not stored; their ids are in logs and records */
  readonly tracing?: Endpoint;
  /** Limits that apply to every policy. @default - see DEFAULT_LIMITS */
  readonly limits?: Partial<Limits>;
  /** How long finished records are kept. @default - 90 days, 2000 records */
  readonly retention?: RecordRetention;
  /** Directory of runbooks, `<AlertName>.md`, which are served as web pages. @default - none */
  readonly runbooks?: string;
  /**
   * Scopes of the ConfigMaps that hold the bundled server and the runbooks: charts of the same namespace, which put
   * them into manifest files of their own.
   * @default - the webhook itself
   */
  readonly payloads?: {
    /** Scope of the ConfigMaps that hold the bundled server. */
    readonly server?: Construct;
    /** Scope of the ConfigMaps that hold the runbooks. */
    readonly runbooks?: Construct;
  };
  /** A certificate that cert-manager issues and renews. @default - none, or that of `tlsSecret` */
  readonly certificate?: CertificateIssuer;
  /**
   * Secret of type `kubernetes.io/tls` with `ca.crt`.
   * @default - that of `certificate`; without one it is HTTP, behind the NetworkPolicy
   */
  readonly tlsSecret?: string;
  /** An image that has the server at /app/server.cjs. @default - a stock Node image, with the server from ConfigMaps */
  readonly image?: Image;
  /**
   * Write the CustomResourceDefinition of the records. A cluster has it once: leave it to one webhook, and write `false`
   * for the others. The records stay in the namespace of their webhook.
   * @default true
   */
  readonly installCrd?: boolean;
  /** Ranges that hold the API server's addresses. @default - those of the cluster's network */
  readonly apiCidrs?: readonly string[];
  /**
   * Options of the pods. A ServiceAccount that exists must be the webhook's alone: the admission policy restricts every
   * pod that uses it.
   * @default - none
   */
  readonly pod?: PodOptions;
}
