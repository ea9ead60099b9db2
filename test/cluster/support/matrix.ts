import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { succeed } from '../../../testing/cluster';
import {
  API_PORT,
  API_SERVICE,
  CONTROL_PLANE,
  DNS_SERVICE,
  INTERNET,
  METADATA,
  NODES,
} from '../../../testing/cluster/layout';
import type { Cluster } from './cluster';
import { inNetworkOf, nameOf, type Pod, processesOf, runningPods } from './pods';
import { type Attempt, isAllowed, type NamespaceLabels, type Policy, type Side } from './policies';

const run = promisify(execFile);
const DIAL = join(__dirname, 'dial.cjs');

/** Ports that the tests open outside the cluster, so that a packet that gets there is answered. */
const OUTSIDE: readonly { readonly address: string; readonly what: string; readonly ports: readonly number[] }[] = [
  { address: INTERNET, what: 'the Internet', ports: [80, 443, 587, 5432, 8443, 9100] },
  { address: METADATA, what: 'the metadata service', ports: [80, 443] },
  { address: CONTROL_PLANE, what: 'a private address', ports: [443, 9187] },
];

/** Ports of every node: node-exporter's and kubelet's. */
const NODE_PORTS = [9100, 10250];

/** Sources that dial at the same time. Each spends most of its time waiting for what is closed. */
const AT_ONCE = 8;

/** A connection that was tried. */
export interface Outcome {
  /** `namespace/pod -> target:port`. */
  readonly name: string;
  readonly expected: boolean;
  readonly open: boolean;
}

/** What is dialled: where a packet goes, and where a Service sends it, which is what policies see. */
interface Target {
  readonly name: string;
  readonly dialled: { readonly host: string; readonly port: number; readonly protocol: 'TCP' | 'UDP' };
  readonly reached: Attempt['to'];
}

/** The policies of the cluster, and the labels of its namespaces. */
export async function policiesOf({ api }: Cluster): Promise<{ policies: Policy[]; namespaces: NamespaceLabels }> {
  const read = async <T>(...args: string[]) =>
    (JSON.parse(await succeed(api.kubectl('get', ...args, '--output=json'))) as { items: T[] }).items;
  const namespaces = await read<{ metadata: { name: string; labels: { [label: string]: string } } }>('namespaces');
  return {
    policies: await read<Policy>('networkpolicies', '--all-namespaces'),
    namespaces: new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels])),
  };
}

/**
 * Dials every target from every pod and from outside.
 *
 * @param rules what the policies are expected to be
 * @param isWanted picks sources and targets by name @default - all of them
 */
export async function dialEverything(
  cluster: Cluster,
  rules: Awaited<ReturnType<typeof policiesOf>>,
  isWanted: (source: string, target: string) => boolean = () => true,
): Promise<Outcome[]> {
  const pods = (await runningPods(cluster)).filter(({ spec }) => !spec.hostNetwork);
  const listeners = await listen();
  try {
    const targets = targetsOf(pods);
    const sources: { readonly name: string; readonly side: Side }[] = [
      ...pods.map((pod) => ({ name: nameOf(pod), side: { address: pod.status.podIP, pod } })),
      { name: 'outside', side: { address: CONTROL_PLANE } },
    ];
    const outcomes: Outcome[][] = [];
    const waiting = [...sources];
    const worker = async () => {
      for (let source = waiting.shift(); source; source = waiting.shift()) {
        outcomes.push(await dialFrom(source, targets, rules, isWanted));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return outcomes.flat();
  } finally {
    for (const server of listeners) {
      server.close();
    }
  }
}

async function dialFrom(
  { name, side }: { readonly name: string; readonly side: Side },
  targets: readonly Target[],
  rules: Awaited<ReturnType<typeof policiesOf>>,
  isWanted: (source: string, target: string) => boolean,
): Promise<Outcome[]> {
  const wanted = targets.filter(
    (target) =>
      target.reached.address !== side.address &&
      // Outside there are no Services, and between two addresses without a pod there is no policy to test.
      (side.pod || (target.reached.pod && target.reached.address === target.dialled.host)) &&
      isWanted(name, target.name),
  );
  const expected = wanted.map(({ reached }) =>
    isAllowed({ from: side, to: reached }, rules.policies, rules.namespaces),
  );
  const open = await dial(side, wanted);
  // A busy machine may answer late. A connection that must not be open gets no second chance.
  const late = wanted.filter((_, index) => expected[index] && !open[index]);
  const again = new Map((await dial(side, late)).map((isOpen, index) => [late[index], isOpen]));
  return wanted.map((target, index) => ({
    name: `${name} -> ${target.name}`,
    expected: expected[index]!,
    open: open[index]! || again.get(target) === true,
  }));
}

async function dial({ pod }: Side, targets: readonly Target[]): Promise<boolean[]> {
  if (targets.length === 0) {
    return [];
  }
  const argument = JSON.stringify(targets.map(({ dialled }) => dialled));
  const output = pod
    ? await inNetworkOf(pod, process.execPath, DIAL, argument)
    : (await run(process.execPath, [DIAL, argument])).stdout;
  return JSON.parse(output) as boolean[];
}

function targetsOf(pods: readonly Pod[]): Target[] {
  const tcp = (name: string, address: string, port: number, pod?: Pod): Target => ({
    name: `${name}:${port}`,
    dialled: { host: address, port, protocol: 'TCP' },
    reached: { address, port, protocol: 'TCP', pod },
  });
  const dns = pods.find(({ metadata }) => metadata.labels?.['k8s-app'] === 'kube-dns')!;
  const service = (name: string, host: string, port: number, reached: Attempt['to']): Target => ({
    name: `${name}:${port}/${reached.protocol}`,
    dialled: { host, port, protocol: reached.protocol },
    reached,
  });
  return [
    ...pods.flatMap((pod) => portsOf(pod).map((port) => tcp(nameOf(pod), pod.status.podIP, port, pod))),
    ...NODES.flatMap(({ name, address }) => NODE_PORTS.map((port) => tcp(name, address, port))),
    ...OUTSIDE.flatMap(({ address, what, ports }) => ports.map((port) => tcp(what, address, port))),
    tcp('API server', CONTROL_PLANE, API_PORT),
    service('Service kubernetes', API_SERVICE, 443, { address: CONTROL_PLANE, port: API_PORT, protocol: 'TCP' }),
    ...(['TCP', 'UDP'] as const).map((protocol) =>
      service('Service kube-dns', DNS_SERVICE, 53, { address: dns.status.podIP, port: 53, protocol, pod: dns }),
    ),
  ];
}

/** TCP ports on which a pod listens for others, as its kernel lists them: `0: 00000000:2382 00000000:0000 0A …`. */
function portsOf(pod: Pod): number[] {
  const [pid] = processesOf(pod);
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8')).join('\n');
  const own = [...pod.status.podIP.split('.').map(Number)].reverse();
  const address = own.map((octet) => octet.toString(16).toUpperCase().padStart(2, '0')).join('');
  const listening = [...tables.matchAll(/^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A /gm)];
  const ports = listening
    .filter(([, local]) => /^0+$/.test(local!) || local === address)
    .map(([, , port]) => Number.parseInt(port!, 16));
  return [...new Set(ports)].sort((one, other) => one - other);
}

/** Servers on the addresses outside the cluster. The tests run in that network. */
async function listen(): Promise<Server[]> {
  const places = OUTSIDE.flatMap(({ address, ports }) => ports.map((port) => ({ address, port })));
  return Promise.all(
    places.map(
      ({ address, port }) =>
        new Promise<Server>((resolve, reject) => {
          const server = createServer((socket) => socket.on('error', () => {}).end());
          server.once('error', reject);
          server.listen(port, address, () => resolve(server));
        }),
    ),
  );
}

/** Outcomes that differ from what the policies say. */
export function wrongOf(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter(({ expected, open }) => expected !== open)
    .map(({ name, expected }) => `${name} should be ${expected ? 'open' : 'closed'}`);
}
