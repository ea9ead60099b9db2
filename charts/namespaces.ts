import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { patchable } from '../constructs';
import { MonitoringChart } from './monitoring-chart';

/** Pod Security level that a namespace enforces. */
type PodSecurity = 'restricted' | 'privileged';

export interface NamespacesProps {
  /** Namespace of the platform. */
  readonly namespace: string;
  /** Namespace of the agents that need access to their host. */
  readonly nodeNamespace: string;
}

/** The namespaces, with their Pod Security level and a NetworkPolicy that denies everything by default. */
export class NamespacesChart extends MonitoringChart {
  constructor(scope: Construct, id: string, props: NamespacesProps) {
    super(scope, id);
    this.addNamespace(props.namespace, 'restricted');
    this.addNamespace(props.nodeNamespace, 'privileged');
  }

  private addNamespace(name: string, level: PodSecurity): void {
    patchable(
      new k8s.KubeNamespace(this, name, {
        metadata: {
          name,
          labels: {
            'pod-security.kubernetes.io/enforce': level,
            'pod-security.kubernetes.io/audit': level,
            'pod-security.kubernetes.io/warn': level,
          },
        },
      }),
    );
    patchable(
      new k8s.KubeNetworkPolicy(this, `${name}-default-deny`, {
        metadata: { name: 'default-deny', namespace: name },
        spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      }),
    );
  }
}
