import { appendFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Component, LogCollector, type LogCollectorProps, LokiStack, type LokiStackProps } from '../constructs';
import { writeInto } from './files';
import { type Kubernetes, makeNamespace } from './kubernetes';
import { configFiles, type Manifest } from './manifests';
import { containerOf, manifestsOf, NAMESPACE, testChart } from './render';
import { answers, freePorts, type Server, startServer } from './server';

/** Node that the pods of the tests are on. */
export const NODE = 'node-a';

/** The manifests of a collector and of the Loki that it sends to. */
export function collectorManifests(props: Partial<LogCollectorProps> = {}, loki: LokiStackProps = {}): Manifest[] {
  const chart = testChart();
  new LogCollector(chart, 'logs', { loki: new LokiStack(chart, 'loki', loki), ...props });
  return manifestsOf(chart);
}

/** A pod in the API, and the directory that the kubelet would write its lines to. */
export interface LoggedPod {
  readonly name: string;
  readonly container: string;
  /** Below the directory that takes the place of `/var/log`. */
  readonly directory: string;
}

/** Applies the rights of a component and returns a file with the credentials of its ServiceAccount. */
export async function credentialsOf(
  kubernetes: Kubernetes,
  manifests: readonly Manifest[],
  name: Component['name'],
  root: string,
): Promise<string> {
  const kinds = ['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];
  const items = manifests.filter(({ kind }) => kinds.includes(kind));
  const applied = await kubernetes.kubectlWith({ apiVersion: 'v1', kind: 'List', items }, 'apply');
  const token = await kubernetes.kubectl('create', 'token', name, `--namespace=${NAMESPACE}`);
  if (applied.code !== 0 || token.code !== 0) {
    throw new Error(`no rights for ${name}: ${applied.stderr}${token.stderr}`);
  }
  const { url, caFile } = kubernetes.connection;
  return writeInto(
    root,
    `kubeconfig-${name}`,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': caFile } }],
      users: [{ name, user: { token: token.stdout.trim() } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
      'current-context': 'test',
    }),
  );
}

/** Creates a pod in the API server, which has no kubelet. */
export async function addPod(
  kubernetes: Kubernetes,
  pod: {
    readonly namespace: string;
    readonly name: string;
    readonly container: string;
    readonly labels?: object;
    readonly annotations?: object;
  },
): Promise<LoggedPod> {
  const { namespace, name, container, labels, annotations } = pod;
  if ((await kubernetes.kubectl('get', 'namespace', namespace)).code !== 0) {
    await makeNamespace(kubernetes, namespace);
  }
  const { metadata } = await kubernetes.send<Manifest>('POST', `/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name, namespace, labels, annotations },
    spec: { nodeName: NODE, containers: [{ name: container, image: 'none' }] },
  });
  // Promtail finds no pod without an address, which the kubelet would write.
  const status = { phase: 'Running', podIP: '10.244.0.9', podIPs: [{ ip: '10.244.0.9' }] };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  await kubernetes.send('PATCH', path, { status }, 'application/merge-patch+json');
  return { name, container, directory: `pods/${namespace}_${name}_${metadata.uid}/${container}` };
}

/** An event of a pod, as the kubelet makes it. The collector takes none that is older than its start. */
export async function addEvent(kubernetes: Kubernetes, namespace: string): Promise<void> {
  await kubernetes.send('POST', `/api/v1/namespaces/${namespace}/events`, {
    metadata: { generateName: 'web-', namespace },
    involvedObject: { kind: 'Pod', name: 'web-1', namespace },
    reason: 'BackOff',
    message: 'Back-off restarting failed container',
    type: 'Warning',
    lastTimestamp: new Date(Date.now() + 1000).toISOString().replace(/\.\d+/, ''),
    source: { component: 'kubelet', host: NODE },
  });
}

/** A line as the container runtime writes it. */
export function criLine(text: string, { time = new Date(), stream = 'stdout', tag = 'F' } = {}): string {
  const nanoseconds = String(sequence++ % 1_000_000).padStart(6, '0');
  return `${time.toISOString().replace('Z', nanoseconds)}Z ${stream} ${tag} ${text}\n`;
}

/** Makes each time of a line its own. */
let sequence = 0;

/** Appends to a file below the directory that takes the place of `/var/log`. */
export function appendLog(root: string, path: string, text: string): void {
  const file = join(root, 'var/log', path);
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, text);
}

/** Renames the file of a container, as the kubelet does when it is large. */
export function rotate(root: string, { directory }: LoggedPod, number: number): void {
  const file = join(root, 'var/log', directory, '0.log');
  renameSync(file, `${file}.20261201-${String(number).padStart(6, '0')}`);
}

/** A running agent, or the collector of events. */
export interface Agent {
  readonly server: Server;
  readonly metricsUrl: string;
  /** Metrics of the prop `counter`. Promtail has none. */
  readonly counterUrl?: string;
}

/** How an agent is started as a process on loopback. */
export interface StartedAgent {
  readonly manifests: readonly Manifest[];
  /** @default log-collector */
  readonly name?: string;
  /** Directory that takes the place of the container's root. */
  readonly root: string;
  readonly kubeconfig: string;
  /** Port of the Loki of the test. @default - nothing listens */
  readonly lokiPort?: number;
  /** Changes the text of the file. @default - nothing */
  readonly change?: (config: string) => string;
}

/** Starts a collector with the file of its ConfigMap, and waits until it is healthy. */
export async function startAgent(title: string, process: StartedAgent): Promise<Agent> {
  const { manifests, name = 'log-collector', root, kubeconfig, lokiPort = 9, change = (text) => text } = process;
  const [metrics = 0, health = 0, counter = 0] = await freePorts(3);
  const text = change(configFiles(manifests, `${name}-config`)['config.yaml']!);
  const config = text
    .replaceAll(/\/var\/(?=log|lib)/g, `${root}/var/`)
    .replaceAll('auth_type: serviceAccount', 'auth_type: kubeConfig')
    .replaceAll(/http:\/\/loki\.[a-z-]+\.svc:3100/g, `http://127.0.0.1:${lokiPort}`)
    .replace('port: 8888', `port: ${metrics}`)
    .replace(':13133', `:${health}`)
    .replace(':8889', `:${counter}`);
  const file = writeInto(root, `etc/${name}.yaml`, config);
  const memory = containerOf(manifests, name).env.find((each: { name: string }) => each.name === 'GOMEMLIMIT').value;
  const server = await startServer(title, {
    command: 'otelcol',
    args: [`--config=${file}`],
    env: { POD_IP: '127.0.0.1', K8S_NODE_NAME: NODE, KUBECONFIG: kubeconfig, GOMEMLIMIT: memory },
    ready: () => answers(`http://127.0.0.1:${health}/`),
  });
  const urlOf = (port: number) => `http://127.0.0.1:${port}/metrics`;
  return { server, metricsUrl: urlOf(metrics), counterUrl: urlOf(counter) };
}

/** Starts Promtail with the file of its ConfigMap. */
export async function startPromtail(command: string, process: StartedAgent): Promise<Agent> {
  const { manifests, root, kubeconfig, lokiPort = 9 } = process;
  const [port = 0] = await freePorts(1);
  const text = configFiles(manifests, 'log-collector-config')['promtail.yaml']!;
  const config = text
    .replaceAll(/\/var\/(?=log|lib)/g, `${root}/var/`)
    .replaceAll('role: pod\n        selectors', `role: pod\n        kubeconfig_file: ${kubeconfig}\n        selectors`)
    .replaceAll(`http://loki.${NAMESPACE}.svc:3100`, `http://127.0.0.1:${lokiPort}`)
    .replace('http_listen_port: 9080', `http_listen_address: 127.0.0.1\n  http_listen_port: ${port}`);
  const file = writeInto(root, 'etc/promtail.yaml', config);
  mkdirSync(join(root, 'var/lib/promtail'), { recursive: true });
  const server = await startServer('promtail', {
    command,
    args: [`-config.file=${file}`, '-config.expand-env=true'],
    // Promtail takes the targets of the host that it believes to be on.
    env: { HOSTNAME: NODE, K8S_NODE_NAME: NODE },
    ready: () => answers(`http://127.0.0.1:${port}/ready`),
  });
  return { server, metricsUrl: `http://127.0.0.1:${port}/metrics` };
}

/** Lines of the log of a collector that are no information. */
export function complaintsOf({ server }: Agent): readonly string[] {
  return server
    .log()
    .split('\n')
    .filter((line) => line !== '' && !line.includes('"level":"info"'));
}
