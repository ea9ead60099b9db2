import { describeManifest, type Manifest, ofKind } from '../../../testing/manifests';
import { selects } from '../graph/pods';
import { covers, NODE_RANGE } from '../graph/ranges';
import {
  type Direction,
  dnsPlaces,
  egressPorts,
  ingressPorts,
  matches,
  outsidePlaces,
  ownPlaces,
  type Place,
  policiesFor,
  portKey,
  rulesOf,
} from '../graph/reach';

const DIRECTIONS = ['ingress', 'egress'] as const;

/** Policy types, by the field that holds their rules. */
const TYPES = { ingress: 'Ingress', egress: 'Egress' } as const;

/** Each of our namespaces denies everything by default, in both directions. */
export function defaultDeny(manifests: readonly Manifest[]): string[] {
  return ofKind(manifests, 'Namespace').flatMap(({ metadata: { name } }) => {
    const denied = ofKind(manifests, 'NetworkPolicy')
      .filter(({ metadata, spec }) => metadata.namespace === name && Object.keys(spec.podSelector).length === 0)
      .filter(({ spec }) => !spec.ingress && !spec.egress)
      .flatMap(({ spec }) => spec.policyTypes);
    return Object.values(TYPES)
      .filter((type) => !denied.includes(type))
      .map((type) => `Namespace ${name} does not deny ${type} by default`);
  });
}

/** No rule opens all peers, all ports, a whole namespace, or every address. */
export function openRules(manifests: readonly Manifest[]): string[] {
  return forEachRule(manifests, (policy, direction, { rule, peers }) => {
    const where = `${describeManifest(policy)}: an ${direction} rule`;
    return [
      peers.length === 0 && `${where} names no peer, which means everybody`,
      !rule.ports?.length && `${where} names no port, which means all of them`,
      peers.some(({ ipBlock, podSelector }) => !ipBlock && selects(podSelector ?? {}, {})) &&
        `${where} has a peer without labels, which means a whole namespace`,
      peers.some(({ namespaceSelector }) => namespaceSelector && selects(namespaceSelector, {})) &&
        `${where} has a peer in every namespace`,
      peers.some(({ ipBlock }) => ipBlock?.cidr === '0.0.0.0/0' && covers(ipBlock, NODE_RANGE)) &&
        `${where} means the Internet but includes private addresses`,
    ].flatMap((problem) => (problem ? [problem] : []));
  });
}

/** A policy names the directions of its rules in its types. Without types, the API server would infer them. */
export function policyTypes(manifests: readonly Manifest[]): string[] {
  return ofKind(manifests, 'NetworkPolicy').flatMap((policy) =>
    DIRECTIONS.filter(
      (direction) => policy.spec[direction] && !policy.spec.policyTypes?.includes(TYPES[direction]),
    ).map((direction) => `${describeManifest(policy)} has ${direction} rules but not the type ${TYPES[direction]}`),
  );
}

/** Every workload may resolve names, with the cluster's DNS and with its cache on the node. */
export function nameResolution(manifests: readonly Manifest[]): string[] {
  return ownPlaces(manifests).flatMap((place) =>
    dnsPlaces.flatMap((dns) => {
      const open = egressPorts(manifests, place, dns);
      return dns.ports
        .map(portKey)
        .filter((port) => !open.includes(port))
        .map((port) => `${place.name} cannot reach ${dns.name} on ${port}`);
    }),
  );
}

/** Every peer matches pods: ours, the application's, or the cluster's DNS. */
export function policyPeers(manifests: readonly Manifest[]): string[] {
  const places = [...ownPlaces(manifests), ...outsidePlaces];
  return forEachRule(manifests, (policy, direction, { peers }) =>
    peers
      .filter(({ ipBlock }) => !ipBlock)
      .filter((peer) => !places.some((place) => matches(peer, policy.metadata.namespace, place)))
      .map((peer) => `${describeManifest(policy)}: no pods match the ${direction} peer ${JSON.stringify(peer)}`),
  );
}

/** The pods listen on every port that a policy opens. */
export function policyPorts(manifests: readonly Manifest[]): string[] {
  const own = ownPlaces(manifests);
  const places = [...own, ...outsidePlaces];
  const unheard = (opened: readonly string[], place: Place) => {
    const listens = place.ports.map(portKey);
    return opened.filter((port) => !listens.includes(port));
  };
  return [
    ...own.flatMap((from) =>
      places.flatMap((to) =>
        unheard(egressPorts(manifests, from, to), to).map(
          (port) => `${from.name} may call ${to.name} on ${port}, on which it does not listen`,
        ),
      ),
    ),
    ...places.flatMap((to) => {
      const opened = policiesFor(manifests, to).flatMap((policy) =>
        rulesOf(policy, 'ingress').flatMap(({ rule }) => (rule.ports ?? []).map(portKey)),
      );
      return unheard(opened, to).map((port) => `${to.name} admits others on ${port}, on which it does not listen`);
    }),
  ];
}

/** Pods whose policies are ours admit every client that may call them. */
export function egressAdmitted(manifests: readonly Manifest[]): string[] {
  return pairs(manifests).flatMap(([from, to]) => {
    const admitted = ingressPorts(manifests, from, to);
    return egressPorts(manifests, from, to)
      .filter((port) => !admitted.includes(port))
      .map((port) => `${from.name} may call ${to.name} on ${port}, which does not admit it`);
  });
}

/** Every client that is admitted may call. Clients call pods on the node's network at the node's address. */
export function ingressUsed(manifests: readonly Manifest[]): string[] {
  return pairs(manifests).flatMap(([from, to]) => {
    const called = egressPorts(manifests, from, to);
    return ingressPorts(manifests, from, to)
      .filter((port) => !called.includes(port))
      .map((port) => `${to.name} admits ${from.name} on ${port}, which may not call it`);
  });
}

/** Our policies in other namespaces only admit: we do not know what else their owners permit. */
export function guestPolicies(manifests: readonly Manifest[]): string[] {
  const own = ofKind(manifests, 'Namespace').map(({ metadata }) => metadata.name);
  return ofKind(manifests, 'NetworkPolicy')
    .filter(({ metadata }) => !own.includes(metadata.namespace))
    .flatMap((policy) => [
      ...(policy.spec.policyTypes?.includes('Egress') ? [`${describeManifest(policy)} restricts egress`] : []),
      ...(selects(policy.spec.podSelector, {}) ? [`${describeManifest(policy)} is about every pod`] : []),
    ]);
}

/** Our pods, with all pods whose policies are ours. */
function pairs(manifests: readonly Manifest[]): [from: Place, to: Place][] {
  const own = ownPlaces(manifests);
  const targets = [...own, ...outsidePlaces.filter(({ admission }) => admission === 'ours')];
  return own.flatMap((from) => targets.map((to): [Place, Place] => [from, to]));
}

function forEachRule(
  manifests: readonly Manifest[],
  inspect: (policy: Manifest, direction: Direction, rule: ReturnType<typeof rulesOf>[number]) => string[],
): string[] {
  return ofKind(manifests, 'NetworkPolicy').flatMap((policy) =>
    DIRECTIONS.flatMap((direction) => rulesOf(policy, direction).flatMap((rule) => inspect(policy, direction, rule))),
  );
}
