import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIN } from '../../tools/catalogue';
import { node as nodePackage, packagedDirectory } from '../../tools/packages';
import { hierarchies } from './cgroups';

/** Programs of Debian's packages, by package. */
const DEBIAN: { readonly [program: string]: string } = {
  '/usr/bin/containerd': 'containerd',
  '/usr/bin/ctr': 'containerd',
  '/usr/sbin/runc': 'runc',
  '/usr/sbin/iptables': 'iptables',
  '/usr/sbin/nft': 'nftables',
  '/usr/sbin/conntrack': 'conntrack',
  '/usr/bin/socat': 'socat',
  '/usr/lib/cni/ptp': 'containernetworking-plugins',
  '/usr/bin/openssl': 'openssl',
  '/usr/bin/redis-server': 'redis-server',
  '/usr/lib/postgresql/15/bin/initdb': 'postgresql-15',
};

/** Programs that `npm run tools` builds. */
const BUILT = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
  'coredns',
  'kube-network-policies',
  'prometheus',
  'alertmanager',
  'blackbox_exporter',
  'kube-state-metrics',
  'node_exporter',
  'postgres_exporter',
  'redis_exporter',
];

/** Controllers of cgroup v1 that kubelet and runc need. */
const CONTROLLERS = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'pids'];

/**
 * Tried in namespaces that end with the command: a private mount, and the rules that hand packets to the enforcer of
 * NetworkPolicies.
 */
const TRIAL = [
  'mount -t tmpfs tmpfs /mnt',
  'ip link set lo up',
  'ip link add trial type bridge',
  'iptables -t mangle -A POSTROUTING -m addrtype --src-type LOCAL -j RETURN',
  'iptables -t mangle -A POSTROUTING -m conntrack --ctstate ESTABLISHED -j RETURN',
  'iptables -t mangle -A POSTROUTING -s 192.0.2.0/24 -j NFQUEUE --queue-num 100',
  'nft add table ip trial',
].join(' && ');

/** What this machine lacks to run a cluster, one sentence each. Empty: it can. */
export function missingRequirements(): string[] {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return ['a cluster needs Linux and root: it makes namespaces, mounts and cgroups'];
  }
  const packages = [...new Set(Object.entries(DEBIAN).flatMap(([file, name]) => (existsSync(file) ? [] : [name])))];
  const programs = BUILT.filter((name) => !existsSync(join(BIN, name)));
  const found = hierarchies().flatMap(({ controllers }) => controllers);
  const controllers = CONTROLLERS.filter((name) => !found.includes(name));
  return [
    ...(packages.length > 0 ? [`Debian packages are missing: apt-get install ${packages.join(' ')}`] : []),
    ...(programs.length > 0 ? [`programs are missing: npm run tools -- ${programs.join(' ')}`] : []),
    ...(existsSync(packagedDirectory(nodePackage)) ? [] : ['Node is missing: npm run tools -- node']),
    ...(controllers.length > 0
      ? [`cgroup v1 controllers are missing: ${controllers.join(', ')}. Clusters on cgroup v2 alone are not supported`]
      : []),
    ...(readFileSync('/proc/filesystems', 'utf8').includes('\toverlay') ? [] : ['the kernel has no overlayfs']),
    ...(packages.length > 0 ? [] : trialProblems()),
  ];
}

function trialProblems(): string[] {
  try {
    execFileSync('unshare', ['--mount', '--net', '--pid', '--fork', 'sh', '-c', TRIAL], { stdio: 'pipe' });
    return [];
  } catch (error) {
    const { stderr, message } = error as { stderr?: Buffer; message: string };
    return [`the kernel refuses what nodes need: ${stderr?.toString().trim() || message}`];
  }
}
