import { readFileSync } from 'node:fs';
import type { Construct } from 'constructs';
import { packagePath } from '../../package-root';
import {
  Component,
  ConfigDirectory,
  type Connection,
  DuplicateNameError,
  Endpoint,
  httpProbe,
  images,
  SecretFiles,
  startupProbe,
  toYaml,
  type WithSecretKeys,
} from '../kit';
import { goMemoryLimit } from '../kit/go-memory';
import { PatchableConstruct } from '../kit/patchable-construct';
import { storageFrom } from '../kit/storage';
import { checkAlertRouting, checkExtraReceiver, smarthost } from './alert-routing-checks';
import {
  type AlertmanagerSettings,
  alertmanagerConfig,
  checkSettings,
  type ExtraReceiver,
  type ResolvedReceiver,
} from './alert-routing-config';
import { ALERT_ROUTING_DEFAULTS, type AlertRoutingProps } from './alert-routing-props';
import type { AlertmanagerConfig, Receiver, TimeInterval } from './alertmanager-config';
import { GOSSIP_PORT, gossipArgs, POD_IP } from './gossip';
import { destinationsOf } from './receiver-egress';
import { channelKeys, routedReceivers } from './receivers';
import type { ReceiverConfigs, Teams } from './recipients';
import type { BusinessHours } from './routes';
import { alertmanagerMemory } from './sizing';

const CONFIG_PATH = '/etc/alertmanager/config';
const TEMPLATES_PATH = '/etc/alertmanager/templates';
const CREDENTIALS_PATH = '/etc/alertmanager/credentials';
const SECRETS_PATH = '/etc/alertmanager/secrets';
const DATA_PATH = '/alertmanager';
const TEMPLATE = 'monitoring.tmpl';
const DEFAULT_BUSINESS_HOURS: BusinessHours = { start: '09:00', end: '17:00', timeZone: 'UTC' };

/**
 * Alertmanager and its routes. Every alert goes to its team and to its level, through the channels that have settings.
 * An alert that matches no route goes to the fallback.
 */
export class AlertRouting extends PatchableConstruct {
  /** The server, for arguments, mounts and connections. */
  readonly component: Component;

  private readonly props: AlertRoutingProps;
  private readonly teams: Teams<string>;
  private readonly receivers: readonly Receiver[];
  private readonly heartbeats: Receiver[] = [];
  private readonly extra: ResolvedReceiver[] = [];
  private readonly timeIntervals: TimeInterval[] = [];
  private readonly templates: ConfigDirectory;
  private readonly settings: AlertmanagerSettings;
  private readonly secrets = new SecretFiles(SECRETS_PATH);
  private readonly tracing: Connection | undefined;

  /** @throws SettingError when a prop is invalid, when alerts would reach nobody, or when a channel cannot work */
  constructor(scope: Construct, id: string, props: AlertRoutingProps) {
    super(scope, id);
    const {
      name = 'alertmanager',
      replicas = ALERT_ROUTING_DEFAULTS.replicas,
      activeAlerts = ALERT_ROUTING_DEFAULTS.activeAlerts,
      channels,
      levels,
      teams = {},
      deadMansSwitch,
    } = props;
    this.props = props;
    this.teams = teams;
    checkAlertRouting(props);
    checkSettings(props.config ?? {});
    this.settings = this.secrets.resolve<AlertmanagerSettings>('config', '', props.config ?? {});
    const recipientConfigs: ReceiverConfigs[] = [];
    this.receivers = routedReceivers({
      ...props,
      teams,
      fallback: props.fallback ?? levels.high ?? Object.values(levels)[0]!,
      file,
      resolve: (configs) => {
        const resolved = this.secrets.resolve<ReceiverConfigs>('configs', 'receivers', configs);
        recipientConfigs.push(resolved);
        return resolved;
      },
    });

    const config = new ConfigDirectory(this, 'config', { name: `${name}-config`, path: CONFIG_PATH });
    config.addFile('alertmanager.yml', () => toYaml(this.config));
    this.templates = new ConfigDirectory(this, 'templates', { name: `${name}-templates`, path: TEMPLATES_PATH });
    this.templates.addFile(
      TEMPLATE,
      readFileSync(packagePath('constructs', 'alert-routing', 'templates', TEMPLATE), 'utf8'),
    );

    const keys = Object.values(channelKeys(channels, deadMansSwitch)).filter((key) => key !== undefined);
    const { sms } = channels;
    const resources = { cpu: '50m', memory: alertmanagerMemory(activeAlerts) };
    this.component = new Component(this, 'server', {
      name,
      image: images.alertmanager,
      workload: {
        kind: 'StatefulSet',
        replicas,
        storage: storageFrom(props, { path: DATA_PATH, size: props.storageSize ?? '2Gi', replicas }),
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
      env: [
        { name: POD_IP, valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'GOMEMLIMIT', value: goMemoryLimit(resources, props.pod?.resources) },
      ],
      probes: {
        // It resolves its peers before it listens. While the DNS does not answer, that takes longer than three probes.
        startup: startupProbe('/-/healthy', 180),
        readiness: httpProbe('/-/ready'),
        liveness: httpProbe('/-/healthy'),
      },
      resources,
      mounts: [
        config.mount,
        this.templates.mount,
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
    this.secrets.mountIn(this.component);
    for (const configs of recipientConfigs) {
      this.open(configs);
    }
  }

  /** The API: Prometheus sends alerts there, Grafana shows them. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }

  /**
   * Adds a receiver whose route comes before those of teams and levels, and opens the way to its service. For a service
   * in the cluster, take the URL from `connectTo()`; for other private addresses, use `privateReceivers`.
   *
   * @throws DuplicateNameError for a name that another receiver has: Alertmanager would not start
   * @throws SettingError for an invalid duration, for a secret that stands in the receiver itself, and for a private
   *   address without `privateReceivers`
   * @example
   * const opsgenie = new Credentials('opsgenie');
   * routing.addReceiver({
   *   receiver: { name: 'orders', opsgenie_configs: [{ api_key_file: { credentials: opsgenie, key: 'api-key' } }] },
   *   matchers: ['team = "orders"'],
   * });
   */
  addReceiver(extra: ExtraReceiver): void {
    checkExtraReceiver(extra);
    const receiver = this.resolved('receiver', extra.receiver);
    const receivers = (extra.receivers ?? []).map((each) => this.resolved('receivers', each));
    this.extra.push({ ...extra, receiver, receivers });
  }

  /**
   * Adds a receiver of Watchdog, in addition to the dead man's switch, and opens the way to its service as
   * `addReceiver()` does.
   *
   * @throws DuplicateNameError for a name that another receiver has: Alertmanager would not start
   */
  addHeartbeat(receiver: WithSecretKeys<Receiver>): void {
    this.heartbeats.push(this.resolved('receiver', receiver));
  }

  /**
   * Adds a time interval, which routes name in `muteTimeIntervals` and `activeTimeIntervals`.
   *
   * @example
   * routing.addTimeInterval({ name: 'weekend', time_intervals: [{ weekdays: ['saturday', 'sunday'] }] });
   */
  addTimeInterval(interval: TimeInterval): void {
    this.timeIntervals.push(interval);
  }

  /**
   * Adds a file of templates in Go's syntax, for the texts of receivers.
   *
   * @param name name of the file, without `.tmpl`
   * @throws DuplicateNameError for a second file of the same name
   * @example
   * routing.addTemplate('orders', '{{ define "orders.title" }}{{ .CommonLabels.alertname }}{{ end }}');
   */
  addTemplate(name: string, text: string): void {
    this.templates.addFile(`${name}.tmpl`, text);
  }

  /** Connects to a receiver in the cluster and returns its address. */
  connectTo(endpoint: Endpoint): Connection {
    return this.component.connectTo(endpoint);
  }

  /** The configuration with everything that has been added so far. */
  get config(): AlertmanagerConfig {
    const { channels, levels, deadMansSwitch, businessHours = DEFAULT_BUSINESS_HOURS, inhibitions = [] } = this.props;
    const { teams, receivers, heartbeats, extra, timeIntervals, settings } = this;
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
      timeIntervals,
      settings,
      tracing: this.tracing,
      templates: `${TEMPLATES_PATH}/*.tmpl`,
      file,
    });
  }

  private resolved(setting: string, receiver: WithSecretKeys<Receiver>): Receiver {
    this.checkReceiverName(receiver);
    const resolved = this.secrets.resolve<Receiver>(setting, 'receivers', receiver);
    this.open(resolved);
    return resolved;
  }

  private open(receiver: Omit<Receiver, 'name'>): void {
    for (const destination of destinationsOf(receiver, this.props.privateReceivers)) {
      this.component.allowEgressTo(destination);
    }
  }

  private checkReceiverName({ name }: Pick<Receiver, 'name'>): void {
    const receivers = [
      ...this.receivers,
      ...this.heartbeats,
      ...this.extra.flatMap((each) => [each.receiver, ...each.receivers]),
    ];
    if (receivers.some((known) => known.name === name)) {
      throw new DuplicateNameError('receiver name', name);
    }
  }

  /** Replicas gossip about silences and sent notifications. */
  private connectReplicas(replicas: number): void {
    const peers = replicas < 2 ? [] : this.component.connectReplicas(['gossip-tcp', 'gossip-udp']);
    this.component.addArgs(...gossipArgs(peers));
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
