import type { k8s } from 'cdk8s-plus-28';
import type { CiliumEntity } from './cluster-network';
import type { Labels } from './labels';

/** Kind of the objects with Cilium's own policies. https://docs.cilium.io/en/stable/network/kubernetes/policy/ */
export const CILIUM_POLICY = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy' } as const;

/** Entities, and the ports on which they are opened. */
export interface CiliumRule {
  readonly entities: readonly CiliumEntity[];
  readonly ports: readonly k8s.NetworkPolicyPort[];
}

interface PortRule {
  readonly ports: readonly { readonly port: string; readonly protocol: string }[];
}

/** The part of `spec` that this program writes. */
export interface CiliumPolicySpec {
  readonly endpointSelector: { readonly matchLabels: Labels };
  readonly ingress?: readonly { readonly fromEntities: readonly CiliumEntity[]; readonly toPorts: PortRule[] }[];
  readonly egress?: readonly { readonly toEntities: readonly CiliumEntity[]; readonly toPorts: PortRule[] }[];
}

/**
 * The policy of the pods with some labels. It adds to the NetworkPolicy of the same pods: Cilium permits what one of
 * them permits. https://docs.cilium.io/en/stable/security/policy/layer3/#entities-based
 */
export function ciliumPolicySpec(
  labels: Labels,
  { ingress, egress }: { readonly ingress: readonly CiliumRule[]; readonly egress: readonly CiliumRule[] },
): CiliumPolicySpec {
  return {
    endpointSelector: { matchLabels: { ...labels } },
    // An empty list would be a rule set that selects nobody: without ingress, the NetworkPolicy alone decides.
    ...(ingress.length > 0 && {
      ingress: ingress.map(({ entities, ports }) => ({ fromEntities: [...entities], toPorts: [portRule(ports)] })),
    }),
    egress: egress.map(({ entities, ports }) => ({ toEntities: [...entities], toPorts: [portRule(ports)] })),
  };
}

function portRule(ports: readonly k8s.NetworkPolicyPort[]): PortRule {
  return { ports: ports.map(({ port, protocol = 'TCP' }) => ({ port: String(port?.value), protocol })) };
}
