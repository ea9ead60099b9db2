import type { Construct } from 'constructs';
import type { CollectorComponents, CollectorPipeline } from '../../formats/otel-collector';
import type { PromtailStage } from '../../formats/promtail';
import { type Endpoint, type PodOptions, SettingError } from '../kit';
import { checkExternalLabel, checkName, checkPort, parseBytes } from '../kit/checks';
import { checkParsing, type LogParsing } from './parsing';

/** Where lines are sent. A `LokiStack` is one. */
export interface LogStore {
  /** Address of Loki. */
  readonly pushEndpoint: Endpoint;
  /** Path of its OTLP endpoint, without `/v1/logs`. */
  readonly otlpPath: string;
}

/** The program that reads the files of a node. */
export type LogAgent = 'opentelemetry' | 'promtail';

/** Parts of the collector's file that count lines, and serve the counts as metrics. */
export interface LogCounter {
  /** Connectors. Each gets every line, behind `processors`. */
  readonly connectors: CollectorComponents;
  /** Processors of its own pipelines. */
  readonly processors: CollectorComponents;
  /** Exporters that serve the metrics, at the address `POD_ADDRESS`. */
  readonly exporters: CollectorComponents;
  /** Pipelines of metrics, by id. */
  readonly pipelines: { readonly [id: string]: CollectorPipeline };
  /** Port of the metrics. */
  readonly port: number;
}

/** Props of `LogCollector`. */
export interface LogCollectorProps {
  /** Where lines are sent: a `LokiStack`, or the address of another Loki. */
  readonly loki: LogStore;
  /** Name of the objects, and of the directory of its state, `/var/lib/<name>` on each node. @default log-collector */
  readonly name?: string;
  /**
   * The program on each node: the OpenTelemetry Collector, or Promtail 3.6, which is no longer maintained. Both give a line
   * the same labels.
   * @default opentelemetry
   */
  readonly agent?: LogAgent;
  /** Value of the index label `cluster`. @default - the name that `inCluster()` gave the chart; without one, no label */
  readonly cluster?: string;
  /** Tenant of a Loki with several. @default - none */
  readonly tenant?: string;
  /**
   * Processors of the collector, in their order. They get every line and every event after it was parsed, and before it is
   * queued: nothing that they remove is on a disk of the collector.
   * @default - none
   */
  readonly processors?: CollectorComponents;
  /** Counts lines by what `processors` have left in them; not events, and not Promtail's lines. @default - none */
  readonly counter?: LogCounter;
  /**
   * Stages of Promtail at the same place. Required with `agent: 'promtail'` and `processors`.
   * @default - none
   */
  readonly promtailStages?: readonly PromtailStage[];
  /** How to read the lines of some containers. @default - as those of all others */
  readonly parsing?: readonly LogParsing[];
  /**
   * Files of the node below `/var/log`, as patterns. Only lines of the kernel and the kubelet are taken.
   * @default - kern.log, kubelet.log, messages and syslog
   */
  readonly nodeLogs?: readonly string[];
  /**
   * Files below `/var/log` with audit events of the Kubernetes API, as patterns. Nodes without them send none.
   * @default - /var/log/kubernetes/audit/*.log and /var/log/kube-apiserver-audit.log
   */
  readonly auditLogs?: readonly string[];
  /** Collect Kubernetes events, by a collector of its own. @default true */
  readonly events?: boolean;
  /**
   * Scope of the collector of Kubernetes events, e.g. a chart of another namespace: it needs no access to the nodes.
   * @default - beside the agents
   */
  readonly eventsScope?: Construct;
  /** Most bytes of lines that wait for Loki on each node's disk. Only of the OpenTelemetry Collector. @default 1Gi */
  readonly queueSize?: string;
  /** Options of the pods on the nodes. @default - none */
  readonly pod?: PodOptions;
  /** Options of the pod that collects Kubernetes events. @default - none */
  readonly eventsPod?: PodOptions;
}

/** Defaults of `LogCollectorProps`. */
export const LOG_COLLECTOR_DEFAULTS = {
  name: 'log-collector',
  agent: 'opentelemetry',
  nodeLogs: ['kern.log', 'kubelet.log', 'messages', 'syslog'].map((file) => `/var/log/${file}`),
  auditLogs: ['/var/log/kubernetes/audit/*.log', '/var/log/kube-apiserver-audit.log'],
  events: true,
  queueSize: '1Gi',
} as const;

/**
 * Checks the props.
 *
 * @throws SettingError for the first mistake
 */
export function checkLogCollector(props: LogCollectorProps): void {
  const { name, agent, cluster, tenant, processors = {}, promtailStages, queueSize } = props;
  // The collector of the events appends `-events`.
  checkName('name', `${name ?? LOG_COLLECTOR_DEFAULTS.name}-events`);
  if (agent !== undefined && agent !== 'opentelemetry' && agent !== 'promtail') {
    throw new SettingError('agent', agent, 'write opentelemetry or promtail');
  }
  if (cluster !== undefined) {
    checkExternalLabel('cluster', cluster);
  }
  if (tenant !== undefined && !/^[\w.'()*!-]{1,150}$/.test(tenant)) {
    throw new SettingError('tenant', tenant, "write letters, digits and !-_.*'(), at most 150");
  }
  if (agent === 'promtail' && Object.keys(processors).length > 0 && promtailStages === undefined) {
    const fix = 'write stages that do the same as processors: Promtail runs no processors; [] for none';
    throw new SettingError('promtailStages', promtailStages, fix);
  }
  if (agent !== 'promtail' && promtailStages !== undefined) {
    throw new SettingError('promtailStages', promtailStages, "remove it, or write agent: 'promtail'");
  }
  if (agent === 'promtail' && queueSize !== undefined) {
    throw new SettingError('queueSize', queueSize, 'remove it: Promtail has no queue on the disk');
  }
  parseBytes('queueSize', queueSize ?? LOG_COLLECTOR_DEFAULTS.queueSize);
  for (const setting of ['nodeLogs', 'auditLogs'] as const) {
    for (const path of props[setting] ?? []) {
      if (!/^\/var\/log\/(?!pods\/|containers\/)[\w./*-]+$/.test(path) || path.includes('..')) {
        throw new SettingError(setting, path, 'write a path below /var/log, outside of pods and containers');
      }
    }
  }
  if (props.counter) {
    checkPort('counter.port', props.counter.port);
  }
  checkParsing(props.parsing);
}
