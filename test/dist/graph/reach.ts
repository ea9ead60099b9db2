import { type Manifest, ofKind } from '../../../testing/manifests';
import { DNS_PODS, OUTSIDE_PODS, type OutsidePods } from './outside';
import { type Labels, type Part, type Port, podsOf, selects } from './pods';
import { covers, NODE_RANGE } from './ranges';

/** Pods as NetworkPolicies see them. */
export interface Place {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly ports: readonly Port[];
  /** Their addresses, if they are on the node's network: no pod selector matches them. */
  readonly nodeRange?: string;
}

export type Direction = 'ingress' | 'egress';

/** Our pods. */
export function ownPlaces(manifests: readonly Manifest[]): Place[] {
  return podsOf(manifests).map((pods) => ({ ...pods, nodeRange: pods.spec.hostNetwork ? NODE_RANGE : undefined }));
}

/** Pods that somebody else deploys. */
export const outsidePlaces = OUTSIDE_PODS.map(outsidePlace);

/** Pods of the DNS. */
export const dnsPlaces = DNS_PODS.map(outsidePlace);

/** Ports, as `TCP 3000`, that the policies of `from` let it call at `to`. */
export function egressPorts(manifests: readonly Manifest[], from: Place, to: Place): string[] {
  const listens = to.ports.map(portKey);
  return (
    portsOf(manifests, 'egress', from, (peer, namespace) => matches(peer, namespace, to))
      // The same range of nodes has other agents, with other ports.
      .filter((port) => to.nodeRange !== NODE_RANGE || listens.includes(port))
  );
}

/** Ports that the policies of `to` open for `from`. */
export function ingressPorts(manifests: readonly Manifest[], from: Place, to: Place): string[] {
  return portsOf(manifests, 'ingress', to, (peer, namespace) => matches(peer, namespace, from));
}

/** Ports that the policies of `from` let it call at a whole range of addresses. */
export function rangePorts(manifests: readonly Manifest[], from: Place, range: string): string[] {
  return portsOf(manifests, 'egress', from, ({ ipBlock }) => ipBlock !== undefined && covers(ipBlock, range));
}

/** Whether a peer of a policy in a namespace matches a place. */
export function matches(peer: Part, policyNamespace: string, place: Place): boolean {
  if (peer.ipBlock) {
    return place.nodeRange !== undefined && covers(peer.ipBlock, place.nodeRange);
  }
  const sameNamespace = peer.namespaceSelector
    ? // Every namespace has this label.
      selects(peer.namespaceSelector, { 'kubernetes.io/metadata.name': place.namespace })
    : place.namespace === policyNamespace;
  return sameNamespace && place.nodeRange === undefined && selects(peer.podSelector ?? {}, place.labels);
}

/** Policies that select a place. */
export function policiesFor(manifests: readonly Manifest[], place: Place): Manifest[] {
  return ofKind(manifests, 'NetworkPolicy').filter(
    ({ metadata, spec }) => metadata.namespace === place.namespace && selects(spec.podSelector, place.labels),
  );
}

/** Rules of a policy, with their peers. */
export function rulesOf({ spec }: Manifest, direction: Direction): { rule: Part; peers: Part[] }[] {
  return (spec[direction] ?? []).map((rule: Part) => ({
    rule,
    peers: rule[direction === 'ingress' ? 'from' : 'to'] ?? [],
  }));
}

/** `TCP 3000`. */
export function portKey({ port, protocol = 'TCP' }: Part): string {
  return `${protocol} ${port}`;
}

function outsidePlace(pods: OutsidePods) {
  return { ...pods, nodeRange: pods.nodeAddress };
}

function portsOf(
  manifests: readonly Manifest[],
  direction: Direction,
  place: Place,
  isPeer: (peer: Part, namespace: string) => boolean,
): string[] {
  const ports = policiesFor(manifests, place).flatMap((policy) =>
    rulesOf(policy, direction)
      .filter(({ peers }) => peers.some((peer) => isPeer(peer, policy.metadata.namespace)))
      .flatMap(({ rule }) => (rule.ports ?? []).map(portKey)),
  );
  return [...new Set<string>(ports)];
}
