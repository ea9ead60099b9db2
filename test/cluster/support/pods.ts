import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from '../../../testing/cluster';
import { execute } from '../../../testing/cluster/namespaces';
import type { Cluster } from './cluster';

/** The fields of a pod that tests read. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels?: { readonly [label: string]: string };
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName: string;
    readonly hostNetwork?: boolean;
    readonly securityContext: { readonly runAsUser?: number; readonly runAsGroup?: number; readonly fsGroup?: number };
    readonly containers: readonly { readonly name: string; readonly image: string }[];
  };
  readonly status: {
    readonly phase: string;
    readonly podIP: string;
    readonly hostIP: string;
    readonly startTime: string;
    readonly containerStatuses: readonly { readonly restartCount: number; readonly ready: boolean }[];
  };
}

/** `namespace/name`. */
export function nameOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Running pods. @param namespace @default - of every namespace */
export async function runningPods({ api }: Cluster, namespace?: string): Promise<Pod[]> {
  const scope = namespace ? `--namespace=${namespace}` : '--all-namespaces';
  const { items } = JSON.parse(await succeed(api.kubectl('get', 'pods', scope, '--output=json'))) as { items: Pod[] };
  return items.filter(({ metadata, status }) => status.phase === 'Running' && !metadata.deletionTimestamp);
}

/** The process of a pod's container that was started first, as this machine numbers it. */
export function processOf(pod: Pod, program?: string): number {
  const pids = processesOf(pod).filter((pid) => !commandOf(pid).startsWith('/usr/bin/sleep'));
  const found = program === undefined ? pids[0] : pids.find((pid) => commandOf(pid).includes(program));
  if (found === undefined) {
    throw new Error(`${nameOf(pod)} has no process${program ? ` ${program}` : ''}`);
  }
  return found;
}

/** Processes of a pod: kubelet names its cgroup by the pod's uid. */
export function processesOf({ metadata }: Pod): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && read(join('/proc', name, 'cgroup')).includes(`/pod${metadata.uid}/`))
    .map(Number)
    .sort((one, other) => one - other);
}

/** Command line of a process. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

/** Runs a command in the network of a pod, as nobody. */
export function inNetworkOf(pod: Pod, ...command: readonly string[]): Promise<string> {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  return execute(['nsenter', `--net=/proc/${processesOf(pod)[0]}/ns/net`, ...nobody, ...command]);
}

/** The body of an HTTP response, requested from inside a pod. @throws Error when it is not 2xx */
export function httpFrom(pod: Pod, url: string): Promise<string> {
  const script = `fetch(${JSON.stringify(url)}).then(async (response) => {
    if (!response.ok) throw new Error(response.status + ' ' + (await response.text()));
    process.stdout.write(await response.text());
  })`;
  return inNetworkOf(pod, process.execPath, '--eval', script);
}

/** The text of a file that a process ended may have taken with it. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
