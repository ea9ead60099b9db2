import { Chart } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import {
  Component,
  ConfigDirectory,
  type Connection,
  type Endpoint,
  hostDirectory,
  hostState,
  httpProbe,
  images,
  type Mount,
  scratch,
  toYaml,
} from '../kit';
import { parseBytes } from '../kit/checks';
import { namespaceOf } from '../kit/component-checks';
import { clusterOf } from '../kit/object-names';
import { PatchableConstruct } from '../kit/patchable-construct';
import { addCollector } from '../otel-collector/collector-process';
import { agentConfig, type ExportConfig, eventsConfig, STATE_PATH } from './collector-config';
import { PODS_PATH } from './line-format';
import { checkLogCollector, LOG_COLLECTOR_DEFAULTS, type LogCollectorProps } from './log-collector-props';
import { escapeVariables, PROMTAIL_PORT, PROMTAIL_STATE, promtailConfig } from './promtail-config';

const PROMTAIL_CONFIG = '/etc/promtail';

/** Bytes of events that wait for Loki: hours of them, in a cluster of some hundred nodes. */
const EVENTS_QUEUE = 100_000_000;

/**
 * The container runtimes write the lines of containers for root only (mode 0640). Without capabilities, root reads what it
 * owns and no file that is another user's alone.
 */
const ROOT = 0;

/** Rights to read pods, which the agents take labels and annotations from. */
const READ_PODS: k8s.PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] };

const READ_EVENTS: k8s.PolicyRule = { apiGroups: [''], resources: ['events'], verbs: ['get', 'list', 'watch'] };

const NODE_NAME = { name: 'K8S_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };

/**
 * Collects the lines of all containers, of the kernel, the kubelet and the audit log, and the events of Kubernetes, and sends
 * them to Loki. The agents read files of their nodes, so the namespace needs the Pod Security level `privileged`.
 *
 * @example
 * const loki = new LokiStack(chart, 'loki', { gigabytesPerDay: 5, retention: { days: 14 } });
 * new LogCollector(chart, 'logs', { loki });
 */
export class LogCollector extends PatchableConstruct {
  /** The agents, one on each node. */
  readonly agent: Component;
  /** The collector of Kubernetes events. */
  readonly events?: Component;

  private readonly props: LogCollectorProps;
  private readonly name: string;

  /** @throws SettingError when a prop is invalid */
  constructor(scope: Construct, id: string, props: LogCollectorProps) {
    super(scope, id);
    checkLogCollector(props);
    this.props = props;
    this.name = props.name ?? LOG_COLLECTOR_DEFAULTS.name;
    this.agent = props.agent === 'promtail' ? this.addPromtail() : this.addAgent();
    this.agent.addEnv(NODE_NAME);
    this.agent.addClusterRole([READ_PODS]);
    if (props.events ?? LOG_COLLECTOR_DEFAULTS.events) {
      this.events = this.addEvents();
      this.events.addClusterRole([READ_EVENTS]);
    }
  }

  /** Metrics of the agents. */
  get endpoint(): Endpoint {
    return this.agent.endpoint('metrics');
  }

  /** Metrics of the collector of Kubernetes events, if there is one. */
  get eventsEndpoint(): Endpoint | undefined {
    return this.events?.endpoint('metrics');
  }

  /** Metrics of `counter`, if there is one. */
  get counterEndpoint(): Endpoint | undefined {
    return this.props.counter && this.props.agent !== 'promtail' ? this.agent.endpoint('counter') : undefined;
  }

  private addAgent(): Component {
    let connection: Connection | undefined;
    const { counter } = this.props;
    const agent = addCollector(this, 'agent', {
      name: this.name,
      workload: { kind: 'DaemonSet' },
      config: () => agentConfig({ ...this.exportConfig(connection!, this.queueBytes), ...this.reading(), counter }),
      resources: { cpu: '100m', memory: '256Mi' },
      mounts: [...this.logMounts(), hostState('state', `/var/lib/${this.name}`, STATE_PATH)],
      ports: counter && { counter: { port: counter.port } },
      user: ROOT,
      pod: this.props.pod,
    });
    connection = agent.connectTo(this.props.loki.pushEndpoint);
    return agent;
  }

  private addPromtail(): Component {
    let connection: Connection | undefined;
    const { tenant, promtailStages: stages = [], pod } = this.props;
    const config = new ConfigDirectory(this, 'agent-config', { name: `${this.name}-config`, path: PROMTAIL_CONFIG });
    config.addFile('promtail.yaml', () =>
      escapeVariables(
        toYaml(
          promtailConfig({
            url: connection!.url('/loki/api/v1/push'),
            cluster: this.cluster,
            tenant,
            stages,
            ...this.reading(),
          }),
        ),
      ),
    );
    const agent = new Component(this, 'agent', {
      name: this.name,
      image: images.promtail,
      workload: { kind: 'DaemonSet' },
      ports: { metrics: { port: PROMTAIL_PORT } },
      args: [`-config.file=${PROMTAIL_CONFIG}/promtail.yaml`, '-config.expand-env=true'],
      probes: { readiness: httpProbe('/ready', 'metrics'), liveness: httpProbe('/metrics', 'metrics') },
      resources: { cpu: '100m', memory: '256Mi' },
      mounts: [config.mount, ...this.logMounts(), hostState('state', `/var/lib/${this.name}`, PROMTAIL_STATE)],
      user: ROOT,
      pod,
    });
    connection = agent.connectTo(this.props.loki.pushEndpoint);
    return agent;
  }

  /** One replica: each one would send every event. */
  private addEvents(): Component {
    let connection: Connection | undefined;
    const name = `${this.name}-events`;
    const { eventsScope } = this.props;
    const events = addCollector(eventsScope ?? this, eventsScope ? name : 'events', {
      name,
      workload: { kind: 'Deployment', replicas: 1 },
      config: () => eventsConfig(this.exportConfig(connection!, EVENTS_QUEUE)),
      resources: { cpu: '20m', memory: '192Mi' },
      mounts: [scratch('state', STATE_PATH, '256Mi')],
      pod: { updateStrategy: { type: 'Recreate' }, ...this.props.eventsPod },
      podSetting: 'eventsPod',
      fixedReplicas: 'run one: each replica would send every event',
    });
    connection = events.connectTo(this.props.loki.pushEndpoint);
    return events;
  }

  private exportConfig(connection: Connection, queueBytes: number): ExportConfig {
    const { loki, tenant, processors = {} } = this.props;
    return { endpoint: connection.url(loki.otlpPath), cluster: this.cluster, tenant, processors, queueBytes };
  }

  /** What is read on a node, and how. */
  private reading() {
    const {
      parsing = [],
      nodeLogs = LOG_COLLECTOR_DEFAULTS.nodeLogs,
      auditLogs = LOG_COLLECTOR_DEFAULTS.auditLogs,
    } = this.props;
    return { self: { namespace: namespaceOf(Chart.of(this)), name: this.name }, parsing, nodeLogs, auditLogs };
  }

  /** Logs of the node are files of `/var/log` itself, which are renamed: the directory is mounted only for them. */
  private logMounts(): readonly Mount[] {
    const { nodeLogs, auditLogs } = this.reading();
    const path = nodeLogs.length + auditLogs.length > 0 ? '/var/log' : PODS_PATH;
    return [hostDirectory('logs', path, path)];
  }

  private get queueBytes(): number {
    return parseBytes('queueSize', this.props.queueSize ?? LOG_COLLECTOR_DEFAULTS.queueSize);
  }

  private get cluster(): string | undefined {
    return this.props.cluster ?? clusterOf(this);
  }
}
