import { readFileSync } from 'node:fs';
import type { Construct } from 'constructs';
import { packagePath } from '../../package-root';
import type { Inhibition } from '../../rules';
import {
  Component,
  ConfigDirectory,
  type Connection,
  type Credentials,
  DuplicateNameError,
  Endpoint,
  httpProbe,
  images,
  type PodOptions,
  toYaml,
} from '../kit';
import { PatchableConstruct } from '../kit/patchable-construct';
import {
  checkAlertRouting,
  checkExtraReceiver,
  checkLevels,
  checkNames,
  checkSlack,
  smarthost,
} from './alert-routing-checks';
import { alertmanagerConfig, type ExtraReceiver } from './alert-routing-config';
import type { AlertmanagerConfig, Receiver } from './alertmanager-config';
import type { Channels, DeadMansSwitch } from './channels';
import { channelKeys, routedReceivers } from './receivers';
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
export const ALERT_ROUTING_DEFAULTS = { replicas: 3 } as const;

/**
 * @typeParam LevelName words of the label `severity`
 * @typeParam TeamName words of the label `category`
 */
export interface AlertRoutingProps<LevelName extends string = string, TeamName extends string = string> {
  /** @default alertmanager */
  readonly name?: string;
  /** URL at which people reach Alertmanager, for links in notifications. */
  readonly externalUrl: string;
  /** Three replicas survive the loss of one without sending duplicates. @default 3 */
  readonly replicas?: number;
  /** Volume for silences and the log of notifications. @default 2Gi */
  readonly storageSize?: string;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
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
  /** @default - Monday to Friday, 09:00–17:00 UTC */
  readonly businessHours?: BusinessHours;
  /** Which alerts mute which. @default - none */
  readonly inhibitions?: readonly Inhibition[];
  /**
   * Receiver of traces, OTLP over HTTP. Webhook receivers get the trace in the header `traceparent`.
   * @default - nothing is traced
   */
  readonly tracing?: Endpoint;
  /** Options of the pods. @default - none */
  readonly pod?: PodOptions;
}

const CONFIG_PATH = '/etc/alertmanager/config';
const TEMPLATES_PATH = '/etc/alertmanager/templates';
const CREDENTIALS_PATH = '/etc/alertmanager/credentials';
const DATA_PATH = '/alertmanager';
const TEMPLATE = 'monitoring.tmpl';
const GOSSIP_PORT = 9094;
const DEFAULT_BUSINESS_HOURS: BusinessHours = { start: '09:00', end: '17:00', timeZone: 'UTC' };

/**
 * Alertmanager and its routes. Every alert goes to its team and to its level, through the channels that have settings.
 * An alert that matches no route goes to the fallback.
 */
export class AlertRouting extends PatchableConstruct {
  readonly component: Component;

  private readonly props: AlertRoutingProps;
  private readonly teams: Teams<string>;
  private readonly receivers: readonly Receiver[];
  private readonly heartbeats: Receiver[] = [];
  private readonly extra: ExtraReceiver[] = [];
  private readonly tracing: Connection | undefined;

  /** @throws SettingError when a prop is invalid, when alerts would reach nobody, or when a channel cannot work */
  constructor(scope: Construct, id: string, props: AlertRoutingProps) {
    super(scope, id);
    const {
      name = 'alertmanager',
      replicas = ALERT_ROUTING_DEFAULTS.replicas,
      channels,
      levels,
      teams = {},
      deadMansSwitch,
    } = props;
    this.props = props;
    this.teams = teams;
    checkAlertRouting(props);
    checkNames('levels', levels);
    checkNames('teams', teams);
    checkLevels(levels);
    checkSlack(channels, [...Object.values(levels), ...Object.values(teams), props.fallback]);
    const fallback = props.fallback ?? levels.high ?? Object.values(levels)[0]!;
    this.receivers = routedReceivers({ ...props, teams, fallback, file });

    const config = new ConfigDirectory(this, 'config', { name: `${name}-config`, path: CONFIG_PATH });
    config.addFile('alertmanager.yml', () => toYaml(this.config));
    const templates = new ConfigDirectory(this, 'templates', { name: `${name}-templates`, path: TEMPLATES_PATH });
    templates.addFile(
      TEMPLATE,
      readFileSync(packagePath('constructs', 'alert-routing', 'templates', TEMPLATE), 'utf8'),
    );

    const keys = Object.values(channelKeys(channels, deadMansSwitch)).filter((key) => key !== undefined);
    const { sms } = channels;
    this.component = new Component(this, 'server', {
      name,
      image: images.alertmanager,
      workload: {
        kind: 'StatefulSet',
        replicas,
        storage: { path: DATA_PATH, size: props.storageSize ?? '2Gi', storageClass: props.storageClass },
      },
      ports: {
        http: { port: 9093 },
        'gossip-tcp': { port: GOSSIP_PORT, replicasOnly: true },
        'gossip-udp': { port: GOSSIP_PORT, protocol: 'UDP', replicasOnly: true },
      },
      args: [
        `--config.file=${CONFIG_PATH}/alertmanager.yml`,
        `--storage.path=${DATA_PATH}`,
        '--data.retention=120h',
        `--web.external-url=${props.externalUrl}`,
        '--web.route-prefix=/',
      ],
      env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
      probes: { readiness: httpProbe('/-/ready'), liveness: httpProbe('/-/healthy') },
      resources: { cpu: '50m', memory: '128Mi' },
      mounts: [
        config.mount,
        templates.mount,
        // Optional: without the Secret, Alertmanager still shows the alerts.
        props.credentials.files(CREDENTIALS_PATH, keys, true),
      ],
      serviceAccountAnnotations: sms?.kind === 'sns' ? { 'eks.amazonaws.com/role-arn': sms.roleArn } : undefined,
      pod: props.pod,
      fixedReplicas: 'write the prop replicas of AlertRouting',
    });
    this.connectReplicas(replicas);
    this.tracing = props.tracing && this.component.connectTo(props.tracing);
    this.openChannels();
  }

  /** The API: Prometheus sends alerts there, Grafana shows them. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }

  /**
   * Adds a receiver whose route comes before those of teams and levels.
   *
   * @throws DuplicateNameError for a name that another receiver has: Alertmanager would not start
   * @throws SettingError for an invalid duration
   */
  addReceiver(extra: ExtraReceiver): void {
    this.checkReceiverName(extra.receiver);
    checkExtraReceiver(extra);
    this.extra.push(extra);
  }

  /**
   * Adds a receiver of Watchdog, in addition to the dead man's switch.
   *
   * @throws DuplicateNameError for a name that another receiver has: Alertmanager would not start
   */
  addHeartbeat(receiver: Receiver): void {
    this.checkReceiverName(receiver);
    this.heartbeats.push(receiver);
  }

  /** Connects to a receiver in the cluster and returns its address. */
  connectTo(endpoint: Endpoint): Connection {
    return this.component.connectTo(endpoint);
  }

  /** The configuration with everything that has been added so far. */
  get config(): AlertmanagerConfig {
    const { channels, levels, deadMansSwitch, businessHours = DEFAULT_BUSINESS_HOURS, inhibitions = [] } = this.props;
    const { teams, receivers, heartbeats, extra } = this;
    return alertmanagerConfig({
      channels,
      levels,
      teams,
      deadMansSwitch,
      businessHours,
      inhibitions,
      receivers,
      heartbeats,
      extra,
      tracing: this.tracing,
      templates: `${TEMPLATES_PATH}/*.tmpl`,
      file,
    });
  }

  private checkReceiverName({ name }: Receiver): void {
    const receivers = [...this.receivers, ...this.heartbeats, ...this.extra.map(({ receiver }) => receiver)];
    if (receivers.some((known) => known.name === name)) {
      throw new DuplicateNameError('receiver name', name);
    }
  }

  /** Replicas gossip about silences and sent notifications. A single one must not wait for peers. */
  private connectReplicas(replicas: number): void {
    if (replicas < 2) {
      this.component.addArgs('--cluster.listen-address=');
      return;
    }
    const peers = this.component.connectReplicas(['gossip-tcp', 'gossip-udp']);
    this.component.addArgs(
      `--cluster.listen-address=0.0.0.0:${GOSSIP_PORT}`,
      `--cluster.advertise-address=$(POD_IP):${GOSSIP_PORT}`,
      ...peers.map((peer) => `--cluster.peer=${peer}:${GOSSIP_PORT}`),
    );
  }

  /** Opens the NetworkPolicy for the channels. URLs that only the Secret holds are reached by HTTPS on port 443. */
  private openChannels(): void {
    const { channels, deadMansSwitch, privateReceivers = [] } = this.props;
    const { email, ...others } = channels;
    if (deadMansSwitch || Object.values(others).some((channel) => channel !== undefined)) {
      this.component.allowEgressTo(Endpoint.anyHost());
    }
    if (email) {
      const { host, port } = smarthost(email.smarthost);
      this.component.allowEgressTo(Endpoint.host(host, port, 'smtp', email.cidrs));
    }
    for (const { cidrs, port } of privateReceivers) {
      this.component.allowEgressTo(Endpoint.anyHost(port, cidrs));
    }
  }
}

/** Path of the file that holds a key of the Secret. */
function file(key: string): string {
  return `${CREDENTIALS_PATH}/${key}`;
}
