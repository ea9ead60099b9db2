import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';

/** Address of the control plane on the network that connects the nodes. */
export const CONTROL_PLANE = '172.31.77.1';
/** Port of the API server. The NetworkPolicies allow 443, 6443 and 8443. */
export const API_PORT = 6443;
/** Addresses of pods; each node has a /24 of them. */
export const POD_CIDR = '10.244.0.0/16';
/** Addresses of Services. */
export const SERVICE_CIDR = '10.96.0.0/16';
/** Address of the API server's Service, the first one. */
export const API_SERVICE = '10.96.0.1';
/** Address of the cluster DNS. */
export const DNS_SERVICE = '10.96.0.10';
/** A public address of the simulated Internet: a documentation range (RFC 5737). */
export const INTERNET = '198.51.100.10';
/** The metadata service of clouds, simulated too. */
export const METADATA = '169.254.169.254';
/** Networks of clusters are bridges; this is the name of the one that connects the nodes. */
export const BRIDGE = 'nodes';

/** A node of the cluster. */
export interface NodePlace {
  readonly name: string;
  /** Its address on the network of the nodes, which is its InternalIP. */
  readonly address: string;
  /** Addresses of its pods. */
  readonly podCidr: string;
  /** Its label topology.kubernetes.io/zone. */
  readonly zone: string;
}

/** The nodes, each in a zone of its own. Production needs three: its replicas must not share a node. */
export const NODES: readonly NodePlace[] = ['a', 'b', 'c'].map((letter, index) => ({
  name: `node-${letter}`,
  address: `172.31.77.1${index + 1}`,
  podCidr: `10.244.${index + 1}.0/24`,
  zone: `zone-${letter}`,
}));

/** Versions of images that belong to the cluster and not to the platform. */
export const IMAGES = {
  pause: 'registry.k8s.io/pause:3.10.1',
  coredns: 'registry.k8s.io/coredns/coredns:v1.12.4',
  postgres: 'docker.io/library/postgres:15-bookworm',
  redis: 'docker.io/library/redis:7.0-bookworm',
  backend: 'ghcr.io/sightedit/backend:test',
} as const;

/** Directory of images, state and logs. Links are resolved: kubelet mounts these paths. */
export function clusterDirectory(): string {
  const directory = join(ROOT, '.tools', 'cluster');
  mkdirSync(directory, { recursive: true });
  return realpathSync(directory);
}

/** Name of the cluster. Several can run, because each has a network of its own. */
export const CLUSTER_NAME = process.env.SIGHTEDIT_TEST_CLUSTER ?? 'cluster';

/** Files of the running cluster. */
export function stateDirectory(): string {
  return join(clusterDirectory(), `run-${CLUSTER_NAME}`);
}

/** Logs of the running cluster, or of the last one. */
export function logDirectory(): string {
  return join(clusterDirectory(), `logs-${CLUSTER_NAME}`);
}
