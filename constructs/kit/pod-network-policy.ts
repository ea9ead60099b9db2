import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { Labels } from './labels';
import { lazily } from './lazily';
import { dnsEgress, type Pods } from './network';
import { patchable } from './patch';

export interface PodNetworkPolicyProps {
  readonly name: string;
  readonly labels: Labels;
  /** The pods that the policy is about. */
  readonly pods: Pods;
}

/** A NetworkPolicy that denies everything in both directions except DNS and the rules that are added. */
export class PodNetworkPolicy extends Construct {
  // Keyed by content: a rule that is added twice is written once.
  private readonly ingress = new Map<string, k8s.NetworkPolicyIngressRule>();
  private readonly egress = new Map<string, k8s.NetworkPolicyEgressRule>();

  constructor(scope: Construct, id: string, { name, labels, pods }: PodNetworkPolicyProps) {
    super(scope, id);
    patchable(
      new k8s.KubeNetworkPolicy(this, 'policy', {
        metadata: { name, labels },
        spec: {
          podSelector: { matchLabels: { ...pods.labels } },
          policyTypes: ['Ingress', 'Egress'],
          ingress: lazily(() => [...this.ingress.values()]),
          egress: lazily(() => [dnsEgress(), ...this.egress.values()]),
        },
      }),
    );
  }

  addIngress(rule: k8s.NetworkPolicyIngressRule): void {
    this.ingress.set(JSON.stringify(rule), rule);
  }

  addEgress(rule: k8s.NetworkPolicyEgressRule): void {
    this.egress.set(JSON.stringify(rule), rule);
  }
}
