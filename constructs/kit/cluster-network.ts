import type { Construct } from 'constructs';
import { checkCidrs, checkNamespace, checkPodLabels, checkPort, familyOf } from './checks';
import { SettingError } from './errors';
import type { Pods } from './pods';

/** Construct context key of `ClusterNetwork`. */
export const NETWORK_CONTEXT = 'sightedit-monitoring:network';

/** A family of addresses, as Kubernetes names it. */
export type IpFamily = 'IPv4' | 'IPv6';

/**
 * Who enforces policies, and so which objects are written:
 *
 * - `kubernetes`: NetworkPolicies.
 * - `cilium`: NetworkPolicies, and a CiliumNetworkPolicy beside each that needs nodes or the API server. Cilium's
 *   `ipBlock` does not match them: https://docs.cilium.io/en/stable/network/kubernetes/policy/#networkpolicy
 * - `none`: no policies at all.
 */
export type PolicyKind = 'kubernetes' | 'cilium' | 'none';

/** Values of `PolicyKind`. */
export const POLICY_KINDS: readonly PolicyKind[] = ['kubernetes', 'cilium', 'none'];

/** What Cilium calls a peer that is neither a pod nor an address outside the cluster. */
export type CiliumEntity = 'host' | 'remote-node' | 'kube-apiserver' | 'ingress';

/** Pods of the cluster's DNS. */
export interface DnsPods extends Pods {
  /** Port of the pods, which may differ from the Service's: policies see the pods' port. @default 53 */
  readonly port?: number;
}

/** The cluster's network. It is stated once for each cluster, with `inNetwork()`; every policy follows from it. */
export interface ClusterNetwork {
  /** Who enforces policies. @default kubernetes */
  readonly policies?: PolicyKind;
  /**
   * Address families of pods and Services, the primary one first. Ranges of other families are left out of policies:
   * some plugins fail on them (https://github.com/aws/aws-network-policy-agent/pull/647).
   * @default - IPv4
   */
  readonly ipFamilies?: readonly IpFamily[];
  /** Ranges that hold the nodes' addresses. @default - every private range */
  readonly nodeCidrs?: readonly string[];
  /** Ranges that hold the API server's addresses. @default - every private range */
  readonly apiCidrs?: readonly string[];
  /**
   * Addresses of the DNS that no pod has: caches on the node, and the ClusterIP of the DNS where such a cache answers
   * on it. https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
   * @default - 169.254.20.10/32 (upstream) and 169.254.25.10/32 (kubespray)
   */
  readonly dnsCidrs?: readonly string[];
  /** Pods of the DNS. @default - `k8s-app: kube-dns` in `kube-system`; with Cilium also `k8s-app: node-local-dns` */
  readonly dnsPods?: readonly DnsPods[];
  /**
   * Ranges that are no part of the Internet, in addition to private and link-local ones: public addresses that nodes or
   * pods have.
   * @default - none
   */
  readonly internetExceptCidrs?: readonly string[];
}

/** The network with its defaults. */
export type ResolvedNetwork = Required<ClusterNetwork>;

/** Private IPv4 ranges (RFC 1918 and RFC 6598), which hold nodes, pods and API servers. */
export const PRIVATE_CIDRS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

/** Private IPv6 ranges: unique local addresses (RFC 4193). */
export const PRIVATE_IPV6_CIDRS = ['fc00::/7'];

/** Addresses of caches on the node: the default of Kubernetes, and that of kubespray. */
export const NODE_LOCAL_DNS_CIDRS = ['169.254.20.10/32', '169.254.25.10/32'];

/** Pods of the DNS, as most distributions label them. */
export const KUBE_DNS: DnsPods = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };

/**
 * The cache as pods of their own, to which Cilium redirects:
 * https://docs.cilium.io/en/stable/network/kubernetes/local-redirect-policy/#node-local-dns-cache
 */
export const NODE_LOCAL_DNS: DnsPods = { namespace: 'kube-system', labels: { 'k8s-app': 'node-local-dns' } };

/** The private ranges of some families. */
export function privateCidrs(families: readonly IpFamily[] = ['IPv4']): readonly string[] {
  return families.flatMap((family) => (family === 'IPv4' ? PRIVATE_CIDRS : PRIVATE_IPV6_CIDRS));
}

/** The network with its defaults. */
export function resolveNetwork(network: ClusterNetwork = {}): ResolvedNetwork {
  const { policies = 'kubernetes', ipFamilies = ['IPv4'] } = network;
  return {
    policies,
    ipFamilies,
    nodeCidrs: network.nodeCidrs ?? privateCidrs(ipFamilies),
    apiCidrs: network.apiCidrs ?? privateCidrs(ipFamilies),
    dnsCidrs: network.dnsCidrs ?? ofFamilies(NODE_LOCAL_DNS_CIDRS, ipFamilies),
    dnsPods: network.dnsPods ?? (policies === 'cilium' ? [KUBE_DNS, NODE_LOCAL_DNS] : [KUBE_DNS]),
    internetExceptCidrs: network.internetExceptCidrs ?? [],
  };
}

/**
 * Says what the network of a chart's cluster is like.
 *
 * @param scope a chart, or a construct that holds the cluster's charts, before anything is added to it
 * @returns the scope
 * @throws SettingError for an invalid range, and for one of a family that the cluster does not have
 * @example
 * const chart = inNetwork(new Chart(app, 'metrics', { namespace: 'monitoring' }), { policies: 'cilium' });
 */
export function inNetwork<T extends Construct>(scope: T, network: ClusterNetwork): T {
  checkClusterNetwork('network', network);
  scope.node.setContext(NETWORK_CONTEXT, network);
  return scope;
}

/** The network as it was stated, without defaults. */
export function statedNetwork(scope: Construct): ClusterNetwork {
  return scope.node.tryGetContext(NETWORK_CONTEXT) ?? {};
}

/** The network of a construct's cluster. */
export function networkOf(scope: Construct): ResolvedNetwork {
  return resolveNetwork(statedNetwork(scope));
}

/** The ranges that belong to some families. */
export function ofFamilies(cidrs: readonly string[], families: readonly IpFamily[]): readonly string[] {
  return cidrs.filter((cidr) => families.includes(familyOf(cidr)));
}

/**
 * Checks a network.
 *
 * @param setting name of the setting, e.g. `network`
 * @throws SettingError
 */
export function checkClusterNetwork(setting: string, network: ClusterNetwork): void {
  const { policies, ipFamilies } = resolveNetwork(network);
  if (!POLICY_KINDS.includes(policies)) {
    throw new SettingError(`${setting}.policies`, policies, `write one of ${POLICY_KINDS.join(', ')}`);
  }
  checkFamilies(`${setting}.ipFamilies`, ipFamilies);
  checkRanges(`${setting}.nodeCidrs`, network.nodeCidrs, ipFamilies);
  checkRanges(`${setting}.apiCidrs`, network.apiCidrs, ipFamilies);
  // None is meant: without a cache, the pods are enough.
  checkRanges(`${setting}.dnsCidrs`, some(network.dnsCidrs), ipFamilies);
  checkRanges(`${setting}.internetExceptCidrs`, some(network.internetExceptCidrs), ipFamilies);
  const all = network.internetExceptCidrs?.find((cidr) => cidr.endsWith('/0'));
  if (all !== undefined) {
    throw new SettingError(`${setting}.internetExceptCidrs`, all, 'write a smaller range: this one is the Internet');
  }
  checkDnsPods(`${setting}.dnsPods`, network.dnsPods);
}

function some(cidrs: readonly string[] | undefined): readonly string[] | undefined {
  return cidrs?.length ? cidrs : undefined;
}

function checkFamilies(setting: string, families: readonly IpFamily[]): void {
  const known: readonly string[] = ['IPv4', 'IPv6'];
  if (families.length === 0 || new Set(families).size < families.length || families.some((f) => !known.includes(f))) {
    throw new SettingError(setting, families, "write ['IPv4'], ['IPv6'], or both with the primary family first");
  }
}

function checkRanges(setting: string, cidrs: readonly string[] | undefined, families: readonly IpFamily[]): void {
  checkCidrs(setting, cidrs);
  const other = cidrs?.find((cidr) => !families.includes(familyOf(cidr)));
  if (other !== undefined) {
    const fix = `the cluster has ${families.join(' and ')} only: remove the range, or add ${familyOf(other)} to ipFamilies`;
    throw new SettingError(setting, other, fix);
  }
}

function checkDnsPods(setting: string, pods: readonly DnsPods[] | undefined): void {
  if (pods?.length === 0) {
    throw new SettingError(setting, pods, 'name the pods of the DNS: without them no name resolves');
  }
  for (const { namespace, labels, port } of pods ?? []) {
    checkNamespace(`${setting}.namespace`, namespace);
    checkPodLabels(`${setting}.labels`, labels);
    checkPort(`${setting}.port`, port ?? 53);
  }
}
