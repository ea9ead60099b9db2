import { k8s } from 'cdk8s-plus-28';
import type { Labels } from './labels';

/** Pods as a peer of a NetworkPolicy. */
export interface Pods {
  /** Their namespace. */
  readonly namespace: string;
  /** Labels that select them. */
  readonly labels: Labels;
}

/** A port of a pod. */
export interface PodPort {
  /** Port of the pods. */
  readonly port: number;
  /** Protocol of the port. @default TCP */
  readonly protocol?: 'TCP' | 'UDP';
}

/** Private IPv4 ranges (RFC 1918 and RFC 6598), which hold nodes, pods and API servers. */
export const PRIVATE_CIDRS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

/** Label that the API server sets on every namespace. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/** Peer for pods, as seen from a namespace: pods of another namespace need a namespace selector as well. */
export function podsPeer(pods: Pods, from: { readonly namespace: string }): k8s.NetworkPolicyPeer {
  const podSelector = { matchLabels: { ...pods.labels } };
  return pods.namespace === from.namespace ? { podSelector } : { ...namespacePeer(pods.namespace), podSelector };
}

/** Peer for every pod of a namespace. */
export function namespacePeer(namespace: string): k8s.NetworkPolicyPeer {
  return { namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: namespace } } };
}

/** Peers for address ranges. */
export function cidrPeers(cidrs: readonly string[]): k8s.NetworkPolicyPeer[] {
  return cidrs.map((cidr) => ({ ipBlock: { cidr } }));
}

/**
 * Peer for the Internet: every IPv4 address except private and link-local ones. A component that may leave the cluster
 * still cannot reach other pods or the cloud's metadata service (169.254.169.254).
 */
export function internetPeer(): k8s.NetworkPolicyPeer {
  return { ipBlock: { cidr: '0.0.0.0/0', except: [...PRIVATE_CIDRS, '169.254.0.0/16'] } };
}

export function policyPorts(ports: readonly PodPort[]): k8s.NetworkPolicyPort[] {
  return ports.map(({ port, protocol }) => ({
    port: k8s.IntOrString.fromNumber(port),
    protocol: protocol ?? 'TCP',
  }));
}

/**
 * Address of the node-local DNS cache. Its pods are on the node's network, which no selector matches.
 * https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
 */
const NODE_LOCAL_DNS = '169.254.20.10/32';

/** Egress to the cluster's DNS and its node-local cache, which every component needs. */
export function dnsEgress(): k8s.NetworkPolicyEgressRule {
  const clusterDns = {
    ...namespacePeer('kube-system'),
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  };
  return {
    to: [clusterDns, ...cidrPeers([NODE_LOCAL_DNS])],
    ports: policyPorts([{ port: 53, protocol: 'UDP' }, { port: 53 }]),
  };
}
