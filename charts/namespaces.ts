import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { patchable } from '../constructs';
import { checkNamespace } from '../constructs/kit/checks';
import { MonitoringChart, type MonitoringChartProps } from './monitoring-chart';

/** Pod Security level that a namespace enforces. */
type PodSecurity = 'restricted' | 'privileged';

/** Props of `NamespacesChart`. */
export interface NamespacesProps extends Pick<MonitoringChartProps, 'partOf' | 'cluster'> {
  /** Namespace of the platform: every pod in it is isolated by the NetworkPolicy. */
  readonly namespace: string;
  /** Namespace of the agents that need access to their host. */
  readonly nodeNamespace: string;
}

/** The namespaces, with their Pod Security level and a NetworkPolicy that denies everything by default. */
export class NamespacesChart extends MonitoringChart {
  /** @throws SettingError for an invalid name */
  constructor(scope: Construct, id: string, props: NamespacesProps) {
    super(scope, id, { partOf: props.partOf, cluster: props.cluster });
    checkNamespace('namespace', props.namespace);
    checkNamespace('nodeNamespace', props.nodeNamespace);
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
