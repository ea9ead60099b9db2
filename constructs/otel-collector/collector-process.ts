import type { Construct } from 'constructs';
import type { CollectorComponents, CollectorConfig } from '../../formats/otel-collector';
import { remembered } from '../../memo';
import {
  Component,
  type ComponentPort,
  ConfigDirectory,
  httpProbe,
  images,
  type Mount,
  type PodOptions,
  type Resources,
  startupProbe,
  toYaml,
  type Workload,
} from '../kit';
import { goMemoryLimit } from '../kit/go-memory';
import { HEALTH_PORT, METRICS_PORT } from './config-builder';

const CONFIG_PATH = '/etc/otelcol';

/** User id that the collector's image runs as. */
const COLLECTOR_USER = 10001;

/** A start that waits for the Kubernetes API, or that compacts a long queue. */
const START_SECONDS = 300;

/** A collector as a workload. */
export interface CollectorProcessProps {
  /** Name of the objects and of the Service. */
  readonly name: string;
  /** The file, when the manifests are written. */
  readonly config: () => CollectorConfig;
  /** Ids of processors that need a ConfigMap of their own, because of their size. @default - none */
  readonly largeProcessors?: readonly string[];
  /** How the pods are run. */
  readonly workload: Workload;
  /** Requests and limits of the container. Go keeps its heap below 80 % of the memory. */
  readonly resources: Resources;
  /** Ports of receivers, in addition to `metrics` and `health`. @default - none */
  readonly ports?: { readonly [name: string]: ComponentPort };
  /** Volumes in addition to that of the file. @default - none */
  readonly mounts?: readonly Mount[];
  /** User and group id. @default 10001, that of the image */
  readonly user?: number;
  /** Seconds from SIGTERM to SIGKILL: time to deliver what is in memory. @default 30 */
  readonly terminationGraceSeconds?: number;
  /** The caller's options. @default - none */
  readonly pod?: PodOptions;
  /** Name of the prop that `pod` comes from, for messages. @default pod */
  readonly podSetting?: string;
  /** Why the option `replicas` of `pod` is refused. @default - it is not */
  readonly fixedReplicas?: string;
}

/** Adds a collector. Its first port, `metrics`, has the metrics of the collector itself. */
export function addCollector(scope: Construct, id: string, props: CollectorProcessProps): Component {
  const { name, config, workload, resources, ports, mounts = [], user = COLLECTOR_USER } = props;
  const directory = new ConfigDirectory(scope, `${id}-config`, { name: `${name}-config`, path: CONFIG_PATH });
  const large = props.largeProcessors ?? [];
  directory.addFile('config.yaml', () => toYaml(without(config(), large)));
  for (const processor of large) {
    const part = partOf(processor);
    // A pipeline that nothing needs so far does not exist, nor do its processors.
    const content = () => largeFile(JSON.stringify({ processors: only(config().processors, processor) }));
    directory.addFile(`${part}.yaml`, content, `${name}-config-${part}`);
  }
  const memoryLimit = goMemoryLimit(resources, props.pod?.resources, `${props.podSetting ?? 'pod'}.resources`);
  return new Component(scope, id, {
    name,
    image: images.otelCollector,
    workload,
    ports: { metrics: { port: METRICS_PORT }, health: { port: HEALTH_PORT }, ...ports },
    args: ['config', ...large.map(partOf)].map((part) => `--config=${CONFIG_PATH}/${part}.yaml`),
    env: [
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'GOMEMLIMIT', value: memoryLimit },
    ],
    probes: {
      startup: startupProbe('/', START_SECONDS, 'health'),
      readiness: httpProbe('/', 'health'),
      liveness: httpProbe('/', 'health', { failureThreshold: 6 }),
    },
    resources,
    mounts: [directory.mount, ...mounts],
    user,
    terminationGraceSeconds: props.terminationGraceSeconds,
    pod: props.pod,
    podSetting: props.podSetting,
    fixedReplicas: props.fixedReplicas,
  });
}

/** A synthesis renders each file several times, and collectors with the same patterns have the same files. */
const largeFile = remembered((json: string) => toYaml(JSON.parse(json)));

/** The collector merges its files: https://opentelemetry.io/docs/collector/configuration/#location */
function without(config: CollectorConfig, large: readonly string[]): CollectorConfig {
  const processors = Object.entries(config.processors ?? {}).filter(([id]) => !large.includes(id));
  return large.length > 0 ? { ...config, processors: Object.fromEntries(processors) } : config;
}

/** Name of the file of a processor, e.g. `transform-spans`. */
function partOf(processor: string): string {
  return processor.replaceAll(/[^a-z0-9]+/g, '-');
}

function only(processors: CollectorComponents = {}, id: string): CollectorComponents {
  const settings = processors[id];
  return settings ? { [id]: settings } : {};
}
