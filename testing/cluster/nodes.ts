import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIN } from '../../tools/catalogue';
import { waitFor } from '../server';
import { makeCgroup, processesIn, removeCgroups } from './cgroups';
import { CONTAINERD_CONFIG, copyStore, type ImageStore } from './image-store';
import {
  API_PORT,
  BRIDGE,
  CONTROL_PLANE,
  DNS_SERVICE,
  INTERNET,
  logDirectory,
  METADATA,
  NODES,
  type NodePlace,
  POD_CIDR,
} from './layout';
import { background, entering, execute, initBelow } from './namespaces';

/** Makes the network that connects the nodes, with the simulated Internet. Nothing leads out of it. */
export async function makeNetwork(holder: number): Promise<void> {
  const commands = [
    'ip link set lo up',
    `ip address add ${INTERNET}/32 dev lo`,
    `ip address add ${METADATA}/32 dev lo`,
    `ip link add ${BRIDGE} type bridge`,
    `ip address add ${CONTROL_PLANE}/24 dev ${BRIDGE}`,
    `ip link set ${BRIDGE} up`,
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    ...NODES.map(({ address, podCidr }) => `ip route add ${podCidr} via ${address}`),
  ];
  await execute(entering(holder, ['net', 'pid', 'mount'], ['sh', '-ec', commands.join('\n')]));
}

/** Writes the configurations of the programs of a node. */
export function writeNodeConfigurations(directory: string): void {
  const certificates = join(directory, 'certificates');
  const resolver = join(directory, 'resolv.conf');
  // Pods that use the node's DNS have none: there is nothing outside.
  writeFileSync(resolver, '');
  writeFileSync(join(directory, 'containerd.toml'), CONTAINERD_CONFIG);
  const kubelet = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(certificates, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    clusterDNS: [DNS_SERVICE],
    clusterDomain: 'cluster.local',
    resolvConf: resolver,
    // The disk belongs to the machine: a full one must not evict pods, nor remove their images.
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
      'imagefs.inodesFree': '1%',
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    nodeStatusUpdateFrequency: '4s',
    // A ConfigMap reaches its pods in seconds.
    syncFrequency: '10s',
    maxPods: 60,
  };
  const proxy = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clusterCIDR: POD_CIDR,
    clientConnection: { kubeconfig: join(directory, 'credentials', 'kube-proxy.kubeconfig') },
    // The limits of connection tracking belong to the whole machine.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    nodePortAddresses: ['primary'],
  };
  writeFileSync(join(directory, 'kubelet.json'), JSON.stringify(kubelet, null, 2));
  writeFileSync(join(directory, 'kube-proxy.json'), JSON.stringify(proxy, null, 2));
}

/** Gives a node its images and its directories. A node that was lost keeps them. */
export async function prepareNode({ name }: NodePlace, directory: string, store: ImageStore): Promise<void> {
  mkdirSync(join(directory, name), { recursive: true });
  await copyStore(store, join(directory, name, 'containerd'));
}

/**
 * Starts a node in namespaces below those of `holder`.
 *
 * @param cgroups cgroup of the cluster, in each hierarchy
 * @returns the process 1 of the node, as this process sees it
 */
export async function startNode(
  node: NodePlace,
  { holder, directory, cgroups }: { holder: number; directory: string; cgroups: readonly string[] },
): Promise<number> {
  const home = join(directory, node.name);
  const own = cgroups.map((cgroup) => makeCgroup(join(cgroup, node.name)));
  rmSync(join(home, 'ready'), { force: true });
  const inner = [
    ...['unshare', '--net', '--cgroup', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child=KILL'],
    ...['--mount-proc', 'bash', join(__dirname, 'node.sh'), node.name, node.address, node.podCidr, home],
    ...[BIN, logDirectory(), CONTROL_PLANE, String(API_PORT), node.zone],
  ];
  const join_ = `for directory in ${own.join(' ')}; do echo $$ >"$directory/cgroup.procs"; done; exec "$@"`;
  const child = background(
    ['sh', '-ec', join_, 'sh', ...entering(holder, ['net', 'pid', 'mount'], inner)],
    join(logDirectory(), `${node.name}.log`),
  );
  const init = await initBelow(child.pid!);
  // Named by process id, the namespace needs no mount in /run/netns.
  const link = `ip link add ${node.name} type veth peer name eth0 netns ${init}`;
  const attach = `ip link set ${node.name} master ${BRIDGE} up`;
  await execute(entering(holder, ['net'], ['sh', '-ec', `${link}; ${attach}`]));
  await waitFor(`${node.name} to start its programs`, async () => existsSync(join(home, 'ready')));
  writeFileSync(join(home, 'init'), String(init));
  return init;
}

/** Process 1 of a running node. */
function initOf({ name }: NodePlace, directory: string): number {
  return Number(readFileSync(join(directory, name, 'init'), 'utf8'));
}

/** Ends a node as a power cut does. Its disk stays. */
export async function killNode(node: NodePlace, directory: string, cgroups: readonly string[]): Promise<void> {
  process.kill(initOf(node, directory), 'SIGKILL');
  const own = cgroups.map((cgroup) => join(cgroup, node.name));
  await waitFor(`${node.name} to end`, async () => processesIn(own).length === 0);
  await waitFor(`the cgroups of ${node.name} to go`, async () => removeCgroups(own).length === 0);
}

/** The node that a name says. */
export function nodeNamed(name: string): NodePlace {
  const found = NODES.find((node) => node.name === name);
  if (!found) {
    throw new Error(`there is no node ${name}, only ${NODES.map((node) => node.name).join(', ')}`);
  }
  return found;
}
