import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { temporaryDirectory } from '../../../testing/cleanup';
import type { Kubernetes, WatchEvent } from '../../../testing/kubernetes';
import { answers, type Server, startServer } from '../../../testing/server';

/** The fields of a pod that are read here. */
interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly deletionTimestamp?: string;
    readonly labels?: { readonly [label: string]: string };
  };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly Container[] };
  readonly status: { readonly phase: string };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: number | string } };
}

/** A pod with a running process. */
export interface PodProcess {
  readonly pod: string;
  readonly pid: number;
  /** URL of its container port: `http://127.64.0.1:3000`. */
  readonly url: string;
  readonly ready: boolean;
}

export interface PodProcesses {
  /** Running processes, oldest first. */
  running(): readonly PodProcess[];
  /** Stops watching and ends every process. The pods stay. */
  stop(): Promise<void>;
}

const MERGE = 'application/merge-patch+json';
const NODE = 'node-a';

/**
 * Stands in for scheduler and kubelet in one namespace. It binds each pod to a node, runs the command of its container
 * as a process on a separate loopback address, sets `Ready` when the readiness probe succeeds, and ends the process
 * when the pod is deleted. Deployments, autoscalers and disruption budgets are left to the real controllers.
 *
 * Differences from a kubelet:
 *
 * - one container per pod, as the user of the test, without image, volumes, limits or network namespace: nothing is
 *   killed for memory, and NetworkPolicies have no effect;
 * - readiness is probed until the first success; there are no liveness or startup probes and no hooks;
 * - variables in commands are not expanded;
 * - a process that exits is not restarted: its pod fails, and the pod's owner creates another.
 */
export async function startPodProcesses(kubernetes: Kubernetes, namespace: string): Promise<PodProcesses> {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } };
  await kubernetes.send('POST', '/api/v1/nodes', node).catch(ignoreConflict);
  const kubelet = new Kubelet(kubernetes, namespace);
  const ending = new AbortController();
  const watching = kubelet.watch(ending.signal);
  return {
    running: () => kubelet.running(),
    stop: async () => {
      ending.abort();
      await watching;
      await kubelet.end();
    },
  };
}

interface Known {
  readonly pod: Pod;
  readonly ip: string;
  server?: Server;
  ready: boolean;
  /** Whether its process is ending or has ended. */
  ending: boolean;
  removing: boolean;
}

class Kubelet {
  private readonly known = new Map<string, Known>();
  /** Each pod gets an address of a range that only this test uses. */
  private readonly range = `127.${64 + Math.floor(Math.random() * 64)}.${Math.floor(Math.random() * 256)}`;
  private addresses = 0;

  constructor(
    private readonly kubernetes: Kubernetes,
    private readonly namespace: string,
  ) {}

  running(): readonly PodProcess[] {
    return [...this.known.values()].flatMap(({ pod, ip, server, ready, ending }) =>
      server && !ending
        ? [{ pod: pod.metadata.name, pid: server.pid, url: `http://${ip}:${portOf(containerOf(pod))}`, ready }]
        : [],
    );
  }

  /** Watches the pods until it is stopped, and reconnects after a failure. */
  async watch(signal: AbortSignal): Promise<void> {
    const path = this.path('');
    while (!signal.aborted) {
      try {
        const list = await this.kubernetes.send<{ items: Pod[]; metadata: { resourceVersion: string } }>('GET', path);
        for (const pod of list.items) {
          this.see({ type: 'ADDED', object: pod });
        }
        for await (const event of this.kubernetes.watch<Pod>(path, list.metadata.resourceVersion, signal)) {
          if (event.type === 'ERROR') {
            break; // 410 Gone: the resourceVersion is too old. List again.
          }
          this.see(event);
        }
      } catch {
        await sleep(200, undefined, { signal }).catch(() => {});
      }
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.known.values()].map(({ server }) => server?.stop()));
  }

  private see({ type, object: pod }: WatchEvent<Pod>): void {
    const known = this.known.get(pod.metadata.uid);
    if (type === 'DELETED') {
      this.known.delete(pod.metadata.uid);
      void known?.server?.stop();
    } else if (known && pod.metadata.deletionTimestamp && !known.removing) {
      known.ending = true;
      known.removing = true;
      void this.remove(known);
    } else if (!known && pod.status.phase === 'Pending' && !pod.metadata.deletionTimestamp) {
      this.addresses += 1;
      const added: Known = { pod, ip: `${this.range}.${this.addresses}`, ready: false, ending: false, removing: false };
      this.known.set(pod.metadata.uid, added);
      void this.run(added).catch((error: Error) => this.fail(added, error.message));
    }
  }

  private async run(known: Known): Promise<void> {
    const { pod, ip } = known;
    const { name } = pod.metadata;
    const container = containerOf(pod);
    if (!pod.spec.nodeName) {
      const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
      await this.kubernetes.send('POST', this.path(`${name}/binding`), { metadata: { name }, target });
    }
    const { path, port } = container.readinessProbe.httpGet;
    const started = new Date().toISOString();
    await this.report(known, started, false);
    const [command, ...args] = [...container.command, ...(container.args ?? [])];
    const env = Object.fromEntries((container.env ?? []).map((variable) => [variable.name, variable.value]));
    const server = await startServer(name, {
      command: command!,
      args,
      env: { ...env, POD_NAME: name, POD_NAMESPACE: this.namespace, POD_IP: ip },
      ready: () => answers(`http://${ip}:${typeof port === 'number' ? port : portOf(container, port)}${path}`),
    });
    known.server = server;
    if (known.ending) {
      await server.stop();
      return;
    }
    known.ready = true;
    await this.report(known, started, true);
    await this.fail(known, `the process ended with ${await server.ended}`);
  }

  /** Sets the status of the container: running, and ready or not. */
  private async report({ pod, ip }: Known, started: string, ready: boolean): Promise<void> {
    const { name, image } = containerOf(pod);
    const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: ready || type === 'PodScheduled' || type === 'Initialized' ? 'True' : 'False',
      lastTransitionTime: new Date().toISOString(),
    }));
    await this.patchStatus(pod, {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      hostIP: '127.0.0.1',
      startTime: started,
      conditions,
      containerStatuses: [
        {
          name,
          image,
          imageID: '',
          containerID: `process://${pod.metadata.uid}`,
          ready,
          started: true,
          restartCount: 0,
          state: { running: { startedAt: started } },
        },
      ],
    });
  }

  private async fail(known: Known, message: string): Promise<void> {
    if (!known.ending) {
      known.ending = true;
      await known.server?.stop();
      await this.patchStatus(known.pod, { phase: 'Failed', message }).catch(() => {});
    }
  }

  /** Ends the process and confirms the deletion of the pod, as a kubelet does. */
  private async remove({ pod, server }: Known): Promise<void> {
    await server?.stop();
    const options = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } };
    await this.kubernetes.send('DELETE', this.path(pod.metadata.name), options).catch(() => {});
  }

  private async patchStatus({ metadata }: Pod, status: object): Promise<void> {
    const body = { metadata: { uid: metadata.uid }, status };
    await this.kubernetes.send('PATCH', this.path(`${metadata.name}/status`), body, MERGE);
  }

  private path(rest: string): string {
    return `/api/v1/namespaces/${this.namespace}/pods${rest && '/'}${rest}`;
  }
}

function containerOf({ spec, metadata }: Pod): Container {
  const [container, ...others] = spec.containers;
  if (!container || others.length > 0) {
    throw new Error(`${metadata.name} has ${spec.containers.length} containers: the stand-in runs one`);
  }
  return container;
}

function portOf({ ports = [], name }: Container, wanted = 'http'): number {
  const port = ports.find((each) => each.name === wanted)?.containerPort;
  if (!port) {
    throw new Error(`container ${name} has no port ${wanted}`);
  }
  return port;
}

function ignoreConflict(error: Error): void {
  if (!error.message.includes('answered 409')) {
    throw error;
  }
}

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Bundles the leaky service into one script for Node. */
export function buildLeakyService(): string {
  const script = join(temporaryDirectory(), 'leaky-service.cjs');
  buildSync({
    entryPoints: [join(__dirname, 'leaky-service.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    outfile: script,
  });
  return script;
}

/** Settings of `leakyDeployment()`. */
export interface LeakyDeploymentProps {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: { readonly [label: string]: string };
  readonly script: string;
  readonly replicas: number;
  readonly memoryLimit: string;
}

/** A Deployment of the leaky service, written like SightEdit's own: with scrape annotations, requests and limits. */
export function leakyDeployment(props: LeakyDeploymentProps): object {
  const { name, namespace, labels = {}, script, replicas, memoryLimit } = props;
  const component = name.replace(/^sightedit-/, '');
  const selector = { 'app.kubernetes.io/name': 'sightedit', 'app.kubernetes.io/component': component };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { ...selector, ...labels } },
    spec: {
      replicas,
      selector: { matchLabels: selector },
      template: {
        metadata: {
          labels: selector,
          annotations: {
            'prometheus.io/scrape': 'true',
            'prometheus.io/port': '3000',
            'prometheus.io/path': '/metrics',
          },
        },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: component,
              image: 'registry.example/sightedit:1',
              command: [process.execPath, '--max-semi-space-size=1', script],
              env: [{ name: 'PORT', value: '3000' }],
              ports: [{ name: 'http', containerPort: 3000 }],
              readinessProbe: { httpGet: { path: '/health/ready', port: 'http' } },
              resources: {
                requests: { cpu: '100m', memory: '64Mi' },
                limits: { cpu: '500m', memory: memoryLimit },
              },
            },
          ],
        },
      },
    },
  };
}
