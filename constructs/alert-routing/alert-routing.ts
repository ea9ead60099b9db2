import { readFileSync } from 'node:fs';
import { Construct } from 'constructs';
import { packagePath } from '../../package-root';
import { CATEGORIES, type Inhibition } from '../../rules';
import {
  Component,
  ConfigDirectory,
  type Connection,
  type Credentials,
  Endpoint,
  httpProbe,
  images,
  SettingError,
  toYaml,
} from '../kit';
import {
  type AlertmanagerConfig,
  inhibitRules,
  type Receiver,
  type Route,
  type Timing,
  tracing,
} from './alertmanager-config';
import { type Audience, LEVELS, type Levels, type Teams } from './audience';
import type { Channels, DeadMansSwitch } from './channels';
import { audienceReceiver, DEFAULT_KEYS, deadMansSwitchReceiver, secretKeys, slackKey } from './receivers';
import { type BusinessHours, businessHoursInterval, receiverName, routeTree } from './routes';

export interface AlertRoutingProps {
  /** @default alertmanager */
  readonly name?: string;
  /** Where people reach Alertmanager; links in notifications lead there. */
  readonly externalUrl: string;
  /** Three survive the loss of one and still agree. @default 3 */
  readonly replicas?: number;
  /** Volume for silences and the log of notifications. @default 2Gi */
  readonly storageSize?: string;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
  /** The Secret that the channels' keys are in. */
  readonly credentials: Credentials;
  /** The ways out. */
  readonly channels: Channels;
  /** Who hears of an alert by its severity. */
  readonly levels: Levels;
  /** Who hears of an alert by its category, besides. @default - nobody */
  readonly teams?: Teams;
  /** Who hears of an alert whose severity is unknown. @default - the audience of level high */
  readonly fallback?: Audience;
  /** Where receivers are that the Internet does not reach, e.g. a gateway in the same network. @default - nowhere */
  readonly privateReceivers?: readonly { readonly cidrs: readonly string[]; readonly port: number }[];
  /** Where Watchdog is listened for. @default - nowhere: a silent monitoring system stays unnoticed */
  readonly deadMansSwitch?: DeadMansSwitch;
  /** @default - Monday to Friday, 09:00–17:00 UTC */
  readonly businessHours?: BusinessHours;
  /** Which alerts silence which. @default - none */
  readonly inhibitions?: readonly Inhibition[];
  /**
   * Receiver of traces, OTLP over HTTP. Receivers that are webhooks are told the trace in a header `traceparent`.
   * @default - nothing is traced
   */
  readonly tracing?: Endpoint;
}

/** A receiver of one's own, and the alerts that it gets. */
export interface ExtraReceiver {
  readonly receiver: Receiver;
  /** Matchers of the alerts, e.g. `team = "payments"`. */
  readonly matchers: readonly string[];
  /** Let the alert go on to its team and level. @default true */
  readonly continue?: boolean;
  /** Labels by which alerts are told together. @default - as those of the other receivers */
  readonly groupBy?: readonly string[];
  /** How long alerts wait, and when they are told again. @default - as level high */
  readonly timing?: Timing;
}

const CONFIG_PATH = '/etc/alertmanager/config';
const TEMPLATES_PATH = '/etc/alertmanager/templates';
const CREDENTIALS_PATH = '/etc/alertmanager/credentials';
const DATA_PATH = '/alertmanager';
const TEMPLATE = 'monitoring.tmpl';
const GOSSIP_PORT = 9094;

/**
 * Alertmanagers that decide who hears of what. Every alert goes to its team and to its level through the channels that
 * have settings; one that matches nothing reaches a human too.
 */
export class AlertRouting extends Construct {
  readonly component: Component;

  private readonly props: AlertRoutingProps;
  private readonly extra: ExtraReceiver[] = [];
  private readonly heartbeats: Receiver[] = [];
  private readonly peers: readonly string[];
  private readonly tracing: Connection | undefined;

  constructor(scope: Construct, id: string, props: AlertRoutingProps) {
    super(scope, id);
    const name = props.name ?? 'alertmanager';
    this.props = props;

    const config = new ConfigDirectory(this, 'config', { name: `${name}-config`, path: CONFIG_PATH });
    config.addFile('alertmanager.yml', () => toYaml(this.config));
    const templates = new ConfigDirectory(this, 'templates', { name: `${name}-templates`, path: TEMPLATES_PATH });
    templates.addFile(
      TEMPLATE,
      readFileSync(packagePath('constructs', 'alert-routing', 'templates', TEMPLATE), 'utf8'),
    );

    const { sms } = props.channels;
    this.component = new Component(this, 'server', {
      name,
      image: images.alertmanager,
      workload: {
        kind: 'StatefulSet',
        replicas: props.replicas ?? 3,
        storage: { path: DATA_PATH, size: props.storageSize ?? '2Gi', storageClass: props.storageClass },
      },
      ports: {
        http: { port: 9093 },
        'gossip-tcp': { port: GOSSIP_PORT, replicasOnly: true },
        'gossip-udp': { port: GOSSIP_PORT, protocol: 'UDP', replicasOnly: true },
      },
      args: () => [
        `--config.file=${CONFIG_PATH}/alertmanager.yml`,
        `--storage.path=${DATA_PATH}`,
        '--data.retention=120h',
        `--web.external-url=${props.externalUrl}`,
        '--web.route-prefix=/',
        ...this.clusterArgs(),
      ],
      env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
      probes: { readiness: httpProbe('/-/ready'), liveness: httpProbe('/-/healthy') },
      resources: { cpu: '50m', memory: '128Mi' },
      mounts: [config.mount, templates.mount, this.credentials()],
      serviceAccountAnnotations: sms?.kind === 'sns' ? { 'eks.amazonaws.com/role-arn': sms.roleArn } : undefined,
    });
    this.peers = (props.replicas ?? 3) > 1 ? this.component.connectReplicas(['gossip-tcp', 'gossip-udp']) : [];
    this.tracing = props.tracing && this.component.connectTo(props.tracing);
    this.connectChannels();
    this.checkSlack();
    // Settings that would leave somebody unheard are known now; say so here, with the caller on the stack.
    this.receivers();
  }

  /** The API: Prometheus sends alerts to it, Grafana shows them. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }

  /** Adds a receiver that sees alerts before teams and levels do. */
  addReceiver(extra: ExtraReceiver): void {
    this.extra.push(extra);
  }

  /** Adds a listener for Watchdog beside the dead man's switch. */
  addHeartbeat(receiver: Receiver): void {
    this.heartbeats.push(receiver);
  }

  /** Connects to a receiver inside the cluster and says where it is. */
  connectTo(endpoint: Endpoint): Connection {
    return this.component.connectTo(endpoint);
  }

  /** The configuration as it stands. */
  get config(): AlertmanagerConfig {
    const { channels, inhibitions = [], deadMansSwitch } = this.props;
    const { email } = channels;
    const receivers = this.receivers();
    return {
      global: {
        resolve_timeout: '5m',
        slack_api_url_file: channels.slack?.kind === 'webhook' ? file(slackKey(channels.slack)) : undefined,
        slack_app_token_file: channels.slack?.kind === 'app' ? file(slackKey(channels.slack)) : undefined,
        smtp_smarthost: email?.smarthost,
        smtp_from: email?.from,
        smtp_auth_username: email?.username,
        smtp_auth_password_file: email?.username && file(email.passwordKey ?? DEFAULT_KEYS.smtp),
        smtp_require_tls: email && true,
      },
      templates: [`${TEMPLATES_PATH}/*.tmpl`],
      route: routeTree({
        teams: this.teamsHeard(receivers),
        watchdog: [
          ...this.heartbeats.map(({ name }) => name),
          deadMansSwitch ? receiverName.deadMansSwitch : receiverName.nobody,
        ],
        extra: this.extra.map(({ receiver, matchers, continue: goesOn, groupBy, timing }): Route => {
          return { receiver: receiver.name, matchers, continue: goesOn ?? true, group_by: groupBy, ...timing };
        }),
      }),
      time_intervals: this.keepsBusinessHours ? [businessHoursInterval(this.businessHours)] : undefined,
      tracing: this.tracing && tracing(this.tracing),
      inhibit_rules: inhibitRules(inhibitions),
      receivers,
    };
  }

  /** @throws SettingError when a level, or a team that alone hears of its alerts, would reach nobody */
  private receivers(): readonly Receiver[] {
    const { levels, channels, deadMansSwitch, fallback } = this.props;
    const reach = (name: string, audience: Audience) => audienceReceiver(name, audience, channels, file);
    const mustReach = (setting: string, name: string, audience: Audience) => {
      const receiver = reach(name, audience);
      if (!receiver) {
        throw new SettingError(setting, audience, `these alerts would reach nobody; ${mend(audience)}`);
      }
      return receiver;
    };
    return [
      ...LEVELS.map((level) => mustReach(`alerting.levels.${level}`, receiverName.level(level), levels[level])),
      ...CATEGORIES.flatMap((category) => {
        const team = this.teams[category];
        const name = receiverName.team(category);
        if (!team) {
          return [];
        }
        return team.businessHoursOnly
          ? [mustReach(`alerting.teams.${category}`, name, team)]
          : (reach(name, team) ?? []);
      }),
      mustReach('alerting.fallback', receiverName.fallback, fallback ?? levels.high),
      deadMansSwitch
        ? deadMansSwitchReceiver(
            receiverName.deadMansSwitch,
            file(deadMansSwitch.urlKey ?? DEFAULT_KEYS.deadMansSwitch),
          )
        : { name: receiverName.nobody },
      ...this.heartbeats,
      ...this.extra.map(({ receiver }) => receiver),
    ];
  }

  /** @throws SettingError when one incoming webhook should serve several channels */
  private checkSlack(): void {
    const { channels, levels, fallback } = this.props;
    const audiences = [...Object.values(levels), ...Object.values(this.teams), fallback];
    const slack = new Set(audiences.flatMap((audience) => audience?.slack ?? []));
    if (channels.slack?.kind === 'webhook' && slack.size > 1) {
      throw new SettingError(
        'alerting.channels.slack.kind',
        'webhook',
        `an incoming webhook posts to one channel, and ${[...slack].join(', ')} are named; write app, or name one channel`,
      );
    }
  }

  private get teams(): Teams {
    return this.props.teams ?? {};
  }

  private get businessHours(): BusinessHours {
    return this.props.businessHours ?? { start: '09:00', end: '17:00', timeZone: 'UTC' };
  }

  private get keepsBusinessHours(): boolean {
    return Object.values(this.teams).some((team) => team?.businessHoursOnly);
  }

  /** Teams that some channel reaches. */
  private teamsHeard(receivers: readonly Receiver[]): Teams {
    const names = new Set(receivers.map(({ name }) => name));
    return Object.fromEntries(
      Object.entries(this.teams).filter(([category]) => names.has(receiverName.team(category))),
    );
  }

  /** Alertmanager starts without the Secret, so that alerts are seen while it is missing. */
  private credentials() {
    return this.props.credentials.files(
      CREDENTIALS_PATH,
      secretKeys(this.props.channels, this.props.deadMansSwitch),
      true,
    );
  }

  private clusterArgs(): readonly string[] {
    return this.peers.length === 0
      ? ['--cluster.listen-address=']
      : [
          `--cluster.listen-address=0.0.0.0:${GOSSIP_PORT}`,
          `--cluster.advertise-address=$(POD_IP):${GOSSIP_PORT}`,
          ...this.peers.map((peer) => `--cluster.peer=${peer}:${GOSSIP_PORT}`),
        ];
  }

  /** Opens the ways out. Hosts that only the Secret knows are reached by HTTPS. */
  private connectChannels(): void {
    const { channels, deadMansSwitch } = this.props;
    const { email, slack, pagerDuty, sms, webhook } = channels;
    if (slack || pagerDuty || sms || webhook || deadMansSwitch) {
      this.component.connectTo(Endpoint.anyHost());
    }
    if (email) {
      const { host, port } = smarthost(email.smarthost);
      this.component.connectTo(Endpoint.host(host, port, 'smtp', email.cidrs));
    }
    for (const { cidrs, port } of this.props.privateReceivers ?? []) {
      this.component.connectTo(Endpoint.anyHost(port, cidrs));
    }
  }
}

function file(key: string): string {
  return `${CREDENTIALS_PATH}/${key}`;
}

const CHANNELS = ['slack', 'email', 'pagerDuty', 'sms', 'webhook'] as const satisfies readonly (keyof Audience)[];

function mend(audience: Audience): string {
  const wanted = CHANNELS.filter((channel) => {
    const value = audience[channel];
    return Array.isArray(value) ? value.length > 0 : value;
  });
  return wanted.length === 0
    ? 'name a Slack channel, an e-mail address or another channel'
    : `give alerting.channels settings for one of ${wanted.join(', ')}`;
}

function smarthost(value: string): { host: string; port: number } {
  const [, host, port] = /^([^:]+):(\d+)$/.exec(value) ?? [];
  if (host === undefined) {
    throw new SettingError('alerting.channels.email.smarthost', value, 'write host:port, e.g. smtp.sightedit.com:587');
  }
  return { host, port: Number(port) };
}
