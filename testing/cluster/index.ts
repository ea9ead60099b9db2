import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type ApiClient, apiClient } from '../api-client';
import { waitFor } from '../server';
import { makeCgroups, processesIn, removeCgroups } from './cgroups';
import { startControlPlane } from './control-plane';
import { makeCredentials, writeKubeconfig } from './credentials';
import { imageStore } from './image-store';
import { API_PORT, CONTROL_PLANE, logDirectory, NODES, stateDirectory } from './layout';
import { background, entering, initBelow } from './namespaces';
import { makeNetwork, prepareNode, startNode, writeNodeConfigurations } from './nodes';
import { provisionOnce } from './provisioner';

/** What other processes need to know of a running cluster. */
export interface ClusterState {
  /** Process 1 of its PID namespace, in the network of the control plane. */
  readonly holder: number;
  readonly directory: string;
  /** Its cgroup, in each hierarchy. */
  readonly cgroups: readonly string[];
  /** Images that stand in for programs that cannot be built: what each is. */
  readonly standIns: readonly string[];
}

/** A cluster that this process has started. */
export interface LaunchedCluster extends ClusterState {
  /** kubeconfig for this machine. */
  readonly kubeconfig: string;
  /** Resolves when the cluster has ended without this process: `npm run cluster -- down`. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

const STATE_FILE = 'cluster.json';

/** The running cluster. `undefined`: none runs. */
export function runningCluster(): ClusterState | undefined {
  const file = join(stateDirectory(), STATE_FILE);
  if (!existsSync(file)) {
    return undefined;
  }
  const state = JSON.parse(readFileSync(file, 'utf8')) as ClusterState;
  return processesIn(state.cgroups).includes(state.holder) ? state : undefined;
}

/** Ends everything that a cluster has left, running or not. @returns whether there was anything */
export async function sweep(): Promise<boolean> {
  const directory = stateDirectory();
  const file = join(directory, 'cgroups.json');
  const cgroups: readonly string[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  const found = existsSync(directory);
  await waitFor('the processes of the cluster to end', async () => {
    const left = processesIn(cgroups);
    for (const pid of left) {
      process.kill(pid, 'SIGKILL');
    }
    return left.length === 0;
  });
  await waitFor('the cgroups of the cluster to go', async () => removeCgroups(cgroups).length === 0);
  rmSync(directory, { recursive: true, force: true });
  return found;
}

/**
 * Starts a cluster of three nodes: etcd, control plane, kubelets, DNS, storage and enforcement of NetworkPolicies. All
 * of it ends with this process, however that ends.
 *
 * @param progress called with each step
 * @throws Error when a cluster runs already
 */
export async function launchCluster(progress: (step: string) => void = () => {}): Promise<LaunchedCluster> {
  if (runningCluster()) {
    throw new Error('a cluster runs already: stop it with "npm run cluster -- down"');
  }
  await sweep();
  const directory = stateDirectory();
  rmSync(logDirectory(), { recursive: true, force: true });
  mkdirSync(logDirectory(), { recursive: true });
  mkdirSync(directory, { recursive: true });
  const cgroups = makeCgroups();
  writeFileSync(join(directory, 'cgroups.json'), JSON.stringify(cgroups));
  const keeper = startHolder(cgroups);
  const ended = new Promise((resolve) => keeper.once('exit', resolve));
  const servers: { stop(): void }[] = [];
  const stop = async () => {
    for (const server of servers) {
      server.stop();
    }
    if (keeper.exitCode !== null || keeper.signalCode !== null) {
      return; // Another process has ended it, and may have started the next one.
    }
    keeper.stdin!.end();
    await ended;
    await sweep();
  };
  try {
    const holder = await initBelow(keeper.pid!);
    await makeNetwork(holder);
    await makeCredentials(directory);
    writeNodeConfigurations(directory);
    const [store] = await Promise.all([
      imageStore(),
      startControlPlane(holder, directory).then(() => progress('control plane')),
    ]);
    progress('images');
    const relay = await relayApi(holder, directory);
    servers.push({ stop: () => relay.close() });
    const url = `https://127.0.0.1:${(relay.address() as AddressInfo).port}`;
    const kubeconfig = writeKubeconfig(directory, 'admin', url, 'machine');
    const api = clientOf(directory, url, kubeconfig);
    const state: ClusterState = {
      holder,
      directory,
      cgroups,
      standIns: store.images.filter(({ isStandIn }) => isStandIn).map(({ content }) => content),
    };
    await Promise.all(
      NODES.map(async (node) => {
        await prepareNode(node, directory, store);
        await startNode(node, state);
      }),
    );
    progress('nodes');
    servers.push(startProvisioner(api, join(directory, 'volumes')));
    await waitFor('the nodes to be Ready', () => nodesAreReady(api), { timeoutSeconds: 120 });
    await install(api);
    progress('nodes Ready, DNS, storage');
    writeFileSync(join(directory, STATE_FILE), JSON.stringify(state));
    return { ...state, kubeconfig, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The administrator's client in the network of the control plane. */
export function clusterClient({ directory }: ClusterState): ApiClient {
  const kubeconfig = join(directory, 'credentials', 'admin.kubeconfig');
  return clientOf(directory, `https://${CONTROL_PLANE}:${API_PORT}`, kubeconfig);
}

function clientOf(directory: string, url: string, kubeconfig: string): ApiClient {
  const caFile = join(directory, 'certificates', 'ca.crt');
  return apiClient({ url, caFile, tokenFile: join(directory, 'credentials', 'admin') }, kubeconfig);
}

/** It ends with its standard input, which closes with this process. */
function startHolder(cgroups: readonly string[]): ChildProcess {
  const log = openSync(join(logDirectory(), 'holder.log'), 'a');
  const script = join(__dirname, 'holder.sh');
  const child = spawn('bash', [script, ...cgroups], { stdio: ['pipe', log, log], detached: true });
  closeSync(log);
  return child;
}

/** The API server on loopback of this machine: a Unix socket crosses network namespaces. */
async function relayApi(holder: number, directory: string): Promise<Server> {
  const socket = join(directory, 'api.sock');
  background(
    entering(
      holder,
      ['net', 'pid'],
      ['socat', `UNIX-LISTEN:${socket},fork,mode=600`, `TCP:${CONTROL_PLANE}:${API_PORT}`],
    ),
    join(logDirectory(), 'relay.log'),
  );
  await waitFor('the relay', async () => existsSync(socket));
  const server = createServer((client) => {
    const upstream = connect(socket);
    client.pipe(upstream).pipe(client);
    client.once('error', () => upstream.destroy());
    upstream.once('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return server;
}

function startProvisioner(api: ApiClient, directory: string): { stop(): void } {
  let stopped = false;
  const round = async () => {
    while (!stopped) {
      // The API server may be restarting. The next round tries again.
      await provisionOnce(api, directory).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  void round();
  return {
    stop: () => {
      stopped = true;
    },
  };
}

async function nodesAreReady(api: ApiClient): Promise<boolean> {
  interface Node {
    readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
  }
  const { items } = await api.send<{ items: Node[] }>('GET', '/api/v1/nodes');
  const isReady = ({ status }: Node) =>
    status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return items.length === NODES.length && items.every(isReady);
}

/** DNS, storage and the rights of the policies' enforcer. */
async function install(api: ApiClient): Promise<void> {
  for (const { name, podCidr } of NODES) {
    await succeed(api.kubectl('patch', 'node', name, '--patch', JSON.stringify({ spec: { podCIDR: podCidr } })));
  }
  await succeed(api.kubectl('apply', '--filename', join(__dirname, 'addons.yaml')));
  await succeed(api.kubectl('rollout', 'status', 'deployment/coredns', '--namespace=kube-system', '--timeout=120s'));
}

/** @throws Error with kubectl's message when the command fails */
export async function succeed(result: ReturnType<ApiClient['kubectl']>): Promise<string> {
  const { code, stdout, stderr } = await result;
  if (code !== 0) {
    throw new Error(`kubectl: ${stderr}`);
  }
  return stdout;
}
