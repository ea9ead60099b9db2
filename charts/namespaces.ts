import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { clusterScoped, networkOf, patchable } from '../constructs';
import { checkNamespace } from '../constructs/kit/checks';
import { MonitoringChart, type MonitoringChartProps } from './monitoring-chart';

/** Pod Security level that a namespace enforces. */
type PodSecurity = 'restricted' | 'privileged';

/** Props of `NamespacesChart`. */
export interface NamespacesProps extends Pick<MonitoringChartProps, 'partOf' | 'cluster' | 'network' | 'scheduling'> {
  /** Namespace of the platform: every pod in it is isolated by the NetworkPolicy. */
  readonly namespace: string;
  /** Namespace of the agents that need access to their host. */
  readonly nodeNamespace: string;
}

/** A PriorityClass of the platform. `value` and `preemptionPolicy` are immutable. */
interface Priority extends Required<Pick<k8s.KubePriorityClassProps, 'value' | 'preemptionPolicy' | 'description'>> {
  readonly setting: 'serverPriorityClass' | 'agentPriorityClass';
  /** The name of the class, which the setting has by default. */
  readonly nameOf: (props: NamespacesProps) => string;
}

/** Above applications, which have 0 by default, and below the classes of Kubernetes, which begin at 2000000000. */
const PRIORITIES: readonly Priority[] = [
  {
    setting: 'serverPriorityClass',
    nameOf: ({ namespace }) => namespace,
    value: 1_000_000,
    preemptionPolicy: 'Never',
    description: 'Servers of the monitoring: scheduled first and evicted last; they displace no other pod.',
  },
  {
    setting: 'agentPriorityClass',
    nameOf: ({ nodeNamespace }) => nodeNamespace,
    value: 1_000_100,
    // An agent belongs to one node. If that is full, nothing but another pod can make room.
    preemptionPolicy: 'PreemptLowerPriority',
    description: 'Agents of the monitoring, one on each node: they displace pods of applications on a full node.',
  },
];

/** The namespaces, with their Pod Security level, a NetworkPolicy that denies everything by default, and PriorityClasses. */
export class NamespacesChart extends MonitoringChart {
  /** @throws SettingError for an invalid name */
  constructor(scope: Construct, id: string, props: NamespacesProps) {
    super(scope, id, { partOf: props.partOf, cluster: props.cluster, network: props.network });
    checkNamespace('namespace', props.namespace);
    checkNamespace('nodeNamespace', props.nodeNamespace);
    this.addNamespace(props.namespace, 'restricted');
    this.addNamespace(props.nodeNamespace, 'privileged');
    for (const priority of PRIORITIES) {
      const name = priority.nameOf(props);
      if (props.scheduling?.[priority.setting] === name) {
        this.addPriorityClass(name, priority);
      }
    }
  }

  private addPriorityClass(name: string, { value, preemptionPolicy, description }: Priority): void {
    const metadata = { name };
    clusterScoped(
      new k8s.KubePriorityClass(this, `${name}-priority`, { metadata, value, preemptionPolicy, description }),
    );
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
    if (networkOf(this).policies !== 'none') {
      patchable(
        new k8s.KubeNetworkPolicy(this, `${name}-default-deny`, {
          metadata: { name: 'default-deny', namespace: name },
          spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
        }),
      );
    }
  }
}
