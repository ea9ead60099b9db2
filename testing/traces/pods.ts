import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { CollectorConfig } from '../../constructs';
import { toYaml } from '../../formats/yaml';
import { temporaryDirectory } from '../cleanup';
import { writeInto } from '../files';
import { configFiles, type Manifest, ofKind } from '../manifests';
import { answers, type Server, startServer } from '../server';

/**
 * Addresses on loopback, one for each pod: the ports in the files stay those of the cluster. A process of the tests has
 * a range of its own.
 */
const RANGE = `127.${64 + (process.pid % 64)}.${Math.floor(process.pid / 64) % 250}`;
let used = 0;

/** An address that no other pod of this process has. */
export function podAddress(): string {
  used += 1;
  return `${RANGE}.${used}`;
}

/** A collector, or a Jaeger, as a process on an address of its own. */
export interface Pod {
  readonly address: string;
  readonly server: Server;
  /** Series of its own metrics whose name matches, with their values. */
  metrics(name: RegExp, port?: number): Promise<readonly { readonly series: string; readonly value: number }[]>;
}

export interface PodProps {
  readonly manifests: readonly Manifest[];
  /** Name of the ConfigMap. */
  readonly configMap: string;
  /** @default - a new one */
  readonly address?: string;
  /** Texts of the file and what takes their place, e.g. the name of a Service and an address. */
  readonly replace?: { readonly [text: string]: string };
  /** Changes the file. @default - nothing */
  readonly change?: (config: CollectorConfig) => CollectorConfig;
  /** Directory that takes the place of the container's root. It outlives the process. @default - a new one */
  readonly root?: string;
  /** Directories of the container and the ConfigMaps that they hold. @default - none */
  readonly files?: { readonly [directory: string]: string };
  readonly env?: NodeJS.ProcessEnv;
  /** @default otelcol */
  readonly program?: 'otelcol' | 'jaeger';
}

/** Directories of the container that are moved below `root`. */
const DIRECTORIES = /(?<=[\s'":])\/(?=(?:var\/lib\/otelcol|badger|etc\/)[\w/.-]*)/g;

/** Starts a pod's container as a process, and waits until it is healthy. */
export async function startPod(name: string, props: PodProps): Promise<Pod> {
  const { manifests, configMap, change = (config) => config, program = 'otelcol' } = props;
  const { address = podAddress(), root = temporaryDirectory() } = props;
  let text = configFiles(manifests, configMap)['config.yaml']!;
  for (const [from, to] of Object.entries(props.replace ?? {})) {
    text = text.replaceAll(from, to);
  }
  const config = change(load(text.replaceAll(DIRECTORIES, `${root}/`)) as CollectorConfig);
  const file = writeInto(root, 'config.yaml', toYaml(config));
  for (const [directory, other] of Object.entries(props.files ?? {})) {
    for (const [path, content] of Object.entries(configFiles(manifests, other))) {
      writeInto(root, join(directory, path), content);
    }
  }
  mkdirSync(join(root, 'var/lib/otelcol'), { recursive: true });
  const health = program === 'jaeger' ? '/status' : '/';
  const server = await startServer(name, {
    command: program,
    args: [file, ...largeFiles(manifests, configMap, root)].map((path) => `--config=${path}`),
    env: { ...props.env, POD_IP: address, GOMEMLIMIT: '400MiB' },
    ready: () => answers(`http://${address}:13133${health}`),
    timeoutSeconds: 120,
  });
  return {
    address,
    server,
    metrics: (pattern, port = 8888) => metricsOf(`http://${address}:${port}/metrics`, pattern),
  };
}

/** Writes the files that have ConfigMaps of their own. Returns their paths. */
function largeFiles(manifests: readonly Manifest[], configMap: string, root: string): string[] {
  return ofKind(manifests, 'ConfigMap')
    .filter(({ metadata }) => metadata.name.startsWith(`${configMap}-`))
    .flatMap(({ data }) => Object.entries(data as Record<string, string>))
    .map(([name, content]) => writeInto(root, name, content));
}

async function metricsOf(url: string, pattern: RegExp) {
  const text = await (await fetch(url)).text();
  return text
    .split('\n')
    .filter((line) => pattern.test(line.replace(/[{ ].*/, '')) && !line.startsWith('#'))
    .map((line) => ({ series: line.replace(/ [^ ]+$/, ''), value: Number(line.split(' ').at(-1)) }));
}

/** The sum of the values of a pod's series. */
export async function sumOf(pod: Pod, pattern: RegExp, port?: number): Promise<number> {
  return (await pod.metrics(pattern, port)).reduce((sum, { value }) => sum + value, 0);
}

/** Leaves out Kubernetes attributes, which need an API server. */
export function withoutKubernetes(config: CollectorConfig): CollectorConfig {
  const isOther = (id: string) => !id.startsWith('k8s_attributes');
  const pipelines = Object.entries(config.service.pipelines).map(([id, pipeline]) => [
    id,
    { ...pipeline, processors: pipeline.processors?.filter(isOther) },
  ]);
  return {
    ...config,
    processors: Object.fromEntries(Object.entries(config.processors ?? {}).filter(([id]) => isOther(id))),
    service: { ...config.service, pipelines: Object.fromEntries(pipelines) },
  };
}

/** Lines of a pod's log at level warning or above. */
export function complaintsOf({ server }: Pod): string[] {
  return server
    .log()
    .split('\n')
    .filter((line) => /"level":"(?:warn|error|fatal|panic|dpanic)"|^panic:|^fatal error|deprecat/i.test(line));
}
