import { k8s } from 'cdk8s-plus-28';
import { ofFamilies, PRIVATE_CIDRS, PRIVATE_IPV6_CIDRS, type ResolvedNetwork } from './cluster-network';
import type { PodPort, Pods } from './pods';

export type { PodPort, Pods };

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

/** The Internet, and what is no part of it, for each family. */
const INTERNET = [
  { cidr: '0.0.0.0/0', except: [...PRIVATE_CIDRS, '169.254.0.0/16'] },
  { cidr: '::/0', except: [...PRIVATE_IPV6_CIDRS, 'fe80::/10'] },
];

/**
 * Peers for the Internet: every address except private and link-local ones. A component that may leave the cluster still
 * cannot reach other pods or the cloud's metadata service (169.254.169.254, fd00:ec2::254).
 */
export function internetPeers({ ipFamilies, internetExceptCidrs }: ResolvedNetwork): k8s.NetworkPolicyPeer[] {
  return INTERNET.filter(({ cidr }) => ofFamilies([cidr], ipFamilies).length > 0).map(({ cidr, except }) => {
    const family = cidr.includes(':') ? 'IPv6' : 'IPv4';
    return { ipBlock: { cidr, except: [...except, ...ofFamilies(internetExceptCidrs, [family])] } };
  });
}

export function policyPorts(ports: readonly PodPort[]): k8s.NetworkPolicyPort[] {
  return ports.map(({ port, protocol }) => ({
    port: k8s.IntOrString.fromNumber(port),
    protocol: protocol ?? 'TCP',
  }));
}

/** Ports of a DNS server. */
export function dnsPorts(port = 53): readonly PodPort[] {
  return [{ port, protocol: 'UDP' }, { port }];
}

/** Egress to the cluster's DNS and its node-local cache, which every component needs: one rule for each port. */
export function dnsEgress({ dnsPods, dnsCidrs }: ResolvedNetwork): k8s.NetworkPolicyEgressRule[] {
  const peersAt = (wanted: number) => [
    ...dnsPods
      .filter(({ port = 53 }) => port === wanted)
      .map(({ namespace, labels }) => ({ ...namespacePeer(namespace), podSelector: { matchLabels: { ...labels } } })),
    // Pods on the node's network, and a ClusterIP that is answered on the node: no selector matches them.
    ...(wanted === 53 ? cidrPeers(dnsCidrs) : []),
  ];
  const ports = [...new Set([53, ...dnsPods.map(({ port = 53 }) => port)])];
  return ports
    .map((port) => ({ to: peersAt(port), ports: policyPorts(dnsPorts(port)) }))
    .filter(({ to }) => to.length > 0);
}
