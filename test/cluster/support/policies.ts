import { BlockList } from 'node:net';
import type { Pod } from './pods';

/** The fields of a NetworkPolicy, as Kubernetes documents them. */
export interface Policy {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly Direction[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}

type Direction = 'Ingress' | 'Egress';

interface Selector {
  readonly matchLabels?: { readonly [label: string]: string };
}

interface Rule {
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

/** One side of a connection: an address, and the pod that has it. A pod on its node's network counts as the node. */
export interface Side {
  readonly address: string;
  readonly pod?: Pod;
}

/** A connection that may or may not be allowed. */
export interface Attempt {
  readonly from: Side;
  readonly to: Side & { readonly port: number; readonly protocol: 'TCP' | 'UDP' };
}

/** Labels of the namespaces, by name. */
export type NamespaceLabels = ReadonlyMap<string, { readonly [label: string]: string }>;

/**
 * Whether NetworkPolicies allow a connection. Written from the API's documentation, independent of any enforcer and of
 * the constructs. It knows what the platform's policies use.
 *
 * @throws Error about a field that it does not know
 */
export function isAllowed({ from, to }: Attempt, policies: readonly Policy[], namespaces: NamespaceLabels): boolean {
  const port = { port: to.port, protocol: to.protocol };
  return (
    isDirectionAllowed('Egress', from, to, port, policies, namespaces) &&
    // A node may always reach its own pods.
    ((from.address === to.pod?.status.hostIP && !to.pod.spec.hostNetwork) ||
      isDirectionAllowed('Ingress', to, from, port, policies, namespaces))
  );
}

function isDirectionAllowed(
  direction: Direction,
  subject: Side,
  other: Side,
  { port, protocol }: { port: number; protocol: string },
  policies: readonly Policy[],
  namespaces: NamespaceLabels,
): boolean {
  const pod = subject.pod;
  if (!pod || pod.spec.hostNetwork) {
    return true; // Policies select pods with a network of their own.
  }
  const selecting = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace &&
      spec.policyTypes.includes(direction) &&
      isSelected(spec.podSelector, pod.metadata.labels),
  );
  const rules = selecting.flatMap(({ metadata, spec }) =>
    ((direction === 'Ingress' ? spec.ingress : spec.egress) ?? []).map((rule) => ({ rule, own: metadata.namespace })),
  );
  return (
    selecting.length === 0 ||
    rules.some(({ rule, own }) => {
      const peers = direction === 'Ingress' ? rule.from : rule.to;
      return (
        (!rule.ports || rule.ports.some((each) => portMatches(each, port, protocol))) &&
        (!peers || peers.some((peer) => isPeer(peer, own, other, namespaces)))
      );
    })
  );
}

function portMatches(allowed: { readonly [field: string]: unknown }, port: number, protocol: string): boolean {
  if (typeof allowed.port !== 'number' || 'endPort' in allowed) {
    throw new Error(`unknown kind of port: ${JSON.stringify(allowed)}`);
  }
  return allowed.port === port && allowed.protocol === protocol;
}

function isPeer(peer: Peer, own: string, { address, pod }: Side, namespaces: NamespaceLabels): boolean {
  if (peer.ipBlock) {
    const { cidr, except = [] } = peer.ipBlock;
    return isWithin(address, cidr) && !except.some((each) => isWithin(address, each));
  }
  if (!pod || pod.spec.hostNetwork) {
    return false;
  }
  const { namespace, labels } = pod.metadata;
  const isNamespace = peer.namespaceSelector
    ? isSelected(peer.namespaceSelector, namespaces.get(namespace))
    : namespace === own;
  return isNamespace && (!peer.podSelector || isSelected(peer.podSelector, labels));
}

function isSelected(selector: Selector, labels: { readonly [label: string]: string } = {}): boolean {
  const unknown = Object.keys(selector).filter((field) => field !== 'matchLabels');
  if (unknown.length > 0) {
    throw new Error(`unknown kind of selector: ${unknown.join(', ')}`);
  }
  return Object.entries(selector.matchLabels ?? {}).every(([label, value]) => labels[label] === value);
}

function isWithin(address: string, cidr: string): boolean {
  const [network, bits] = cidr.split('/') as [string, string];
  const list = new BlockList();
  const family = network.includes(':') ? 'ipv6' : 'ipv4';
  list.addSubnet(network, Number(bits), family);
  return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}
