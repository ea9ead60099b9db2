import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { CILIUM_POLICY, type CiliumRule, ciliumPolicySpec } from './cilium';
import { type CiliumEntity, networkOf, type PolicyKind } from './cluster-network';
import { SettingError } from './errors';
import type { Labels } from './labels';
import { lazily } from './lazily';
import { dnsEgress, dnsPorts, type Pods, policyPorts } from './network';
import { patchable } from './patch';

export interface PodNetworkPolicyProps {
  readonly name: string;
  readonly labels: Labels;
  /** The pods that the policy is about. */
  readonly pods: Pods;
}

/**
 * A NetworkPolicy that denies everything in both directions except DNS and the rules that are added. With Cilium, a
 * CiliumNetworkPolicy beside it adds the peers that Cilium calls entities.
 */
export class PodNetworkPolicy extends Construct {
  // Keyed by content: a rule that is added twice is written once.
  private readonly ingress = new Map<string, k8s.NetworkPolicyIngressRule>();
  private readonly egress = new Map<string, k8s.NetworkPolicyEgressRule>();
  private readonly entityIngress = new Map<string, CiliumRule>();
  private readonly entityEgress = new Map<string, CiliumRule>();
  private readonly kind: PolicyKind;

  constructor(scope: Construct, id: string, { name, labels, pods }: PodNetworkPolicyProps) {
    super(scope, id);
    const network = networkOf(this);
    this.kind = network.policies;
    if (this.kind === 'none') {
      return;
    }
    const metadata = { name, labels };
    patchable(
      new k8s.KubeNetworkPolicy(this, 'policy', {
        metadata,
        spec: {
          podSelector: { matchLabels: { ...pods.labels } },
          policyTypes: ['Ingress', 'Egress'],
          ingress: lazily(() => [...this.ingress.values()]),
          egress: lazily(() => [...dnsEgress(network), ...this.egress.values()]),
        },
      }),
    );
    if (this.kind === 'cilium') {
      // A cache on the node's network: its address is one of the node's.
      this.addEntities(this.entityEgress, ['host'], policyPorts(dnsPorts()));
      const rules = () => ({ ingress: [...this.entityIngress.values()], egress: [...this.entityEgress.values()] });
      const spec = lazily(() => ciliumPolicySpec(pods.labels, rules()));
      patchable(new ApiObject(this, 'cilium-policy', { ...CILIUM_POLICY, metadata, spec }));
    }
  }

  addIngress(rule: k8s.NetworkPolicyIngressRule): void {
    this.ingress.set(JSON.stringify(rule), rule);
  }

  /** @param entities what Cilium calls the rule's peers, which it does not match by their addresses */
  addEgress(rule: k8s.NetworkPolicyEgressRule, entities: readonly CiliumEntity[] = []): void {
    this.egress.set(JSON.stringify(rule), rule);
    if (entities.length > 0) {
      this.addEntities(this.entityEgress, entities, rule.ports ?? []);
    }
  }

  /** @throws SettingError where another plugin than Cilium enforces the policies */
  addEntityIngress(entities: readonly CiliumEntity[], ports: readonly k8s.NetworkPolicyPort[]): void {
    if (this.kind === 'kubernetes') {
      throw new SettingError('entities', entities, "only Cilium knows them: write cidrs, or policies: 'cilium'");
    }
    this.addEntities(this.entityIngress, entities, ports);
  }

  private addEntities(
    rules: Map<string, CiliumRule>,
    entities: readonly CiliumEntity[],
    ports: readonly k8s.NetworkPolicyPort[],
  ): void {
    const rule = { entities, ports };
    rules.set(JSON.stringify(rule), rule);
  }
}
