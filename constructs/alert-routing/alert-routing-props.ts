import type { Inhibition } from '../../rules';
import type { Credentials, Endpoint, PodOptions, StorageVolume, WithSecretKeys } from '../kit';
import type { AlertmanagerSettings } from './alert-routing-config';
import type { Channels, DeadMansSwitch } from './channels';
import type { Levels, Recipients, Teams } from './recipients';
import type { BusinessHours } from './routes';

/** Receivers with private addresses. */
export interface PrivateReceivers {
  /** Ranges that hold their addresses, at least one. */
  readonly cidrs: readonly string[];
  /** Port of the receivers, TCP. */
  readonly port: number;
}

/** Defaults of `AlertRoutingProps`. */
export const ALERT_ROUTING_DEFAULTS = { replicas: 3, activeAlerts: 20_000 } as const;

/**
 * Props of `AlertRouting`.
 * @typeParam LevelName words of the label `severity`
 * @typeParam TeamName words of the label `category`
 */
export interface AlertRoutingProps<LevelName extends string = string, TeamName extends string = string> {
  /** Name of the objects and of the Service. @default alertmanager */
  readonly name?: string;
  /** URL at which people reach Alertmanager, for links in notifications. */
  readonly externalUrl: string;
  /** Three replicas survive the loss of one without sending duplicates. @default 3 */
  readonly replicas?: number;
  /** Alerts that fire at the same time, to size memory for. @default 20000 */
  readonly activeAlerts?: number;
  /** Volume for silences and the log of notifications. @default 2Gi */
  readonly storageSize?: string;
  /** Storage class of the volumes. @default - the cluster's default class */
  readonly storageClass?: string;
  /**
   * Kind of the volumes. With `emptyDir`, a new pod gets the silences from the other replicas; a single replica loses
   * them.
   * @default claim
   */
  readonly storage?: StorageVolume;
  /** The Secret that holds the channels' keys. */
  readonly credentials: Credentials;
  /** How people are notified. */
  readonly channels: Channels;
  /**
   * Recipients by severity, the most urgent first. The words are yours: those of the label `severity` of your rules,
   * e.g. `page` and `ticket`.
   */
  readonly levels: Levels<LevelName>;
  /**
   * Recipients by category, in addition to those of the severity. The words are yours: those of the label `category`.
   * @default - none
   */
  readonly teams?: Teams<TeamName>;
  /** Recipients of alerts with an unknown severity. @default - those of level high, or of the most urgent level */
  readonly fallback?: Recipients;
  /** Receivers that are not on the Internet, e.g. a gateway in the same network. @default - none */
  readonly privateReceivers?: readonly PrivateReceivers[];
  /** Service that expects Watchdog. @default - none: nobody notices when the whole monitoring system is down */
  readonly deadMansSwitch?: DeadMansSwitch;
  /** When alerts that are not urgent reach people. @default - Monday to Friday, 09:00–17:00 UTC */
  readonly businessHours?: BusinessHours;
  /** Which alerts mute which. @default - none */
  readonly inhibitions?: readonly Inhibition[];
  /**
   * Receiver of traces, OTLP over HTTP. Webhook receivers get the trace in the header `traceparent`.
   * @default - nothing is traced
   */
  readonly tracing?: Endpoint;
  /**
   * More settings of `alertmanager.yml`, as Alertmanager reads them: `global`, `inhibit_rules`, `tracing`,
   * `event_recorder`. A field that names a file takes a key of a Secret. Settings that the construct writes are refused.
   * @default - none
   */
  readonly config?: WithSecretKeys<AlertmanagerSettings>;
  /** Options of the pods. `resources` replace those that `activeAlerts` gives. @default - none */
  readonly pod?: PodOptions;
}
