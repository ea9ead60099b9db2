import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { checkObjectName } from './checks';
import { selectorLabels } from './labels';
import { isReplicated, type Workload } from './workload';

/** Construct context key of `Scheduling`. */
export const SCHEDULING_CONTEXT = 'sightedit-monitoring:scheduling';

/** Which pods the scheduler takes first. It is stated once for a chart, with `inScheduling()`. */
export interface Scheduling {
  /** Name of the PriorityClass of the servers. @default - the cluster's default */
  readonly serverPriorityClass?: string;
  /** Name of the PriorityClass of the agents, which run on each node. @default - the cluster's default */
  readonly agentPriorityClass?: string;
}

/**
 * Gives the pods of a chart their priority classes.
 *
 * @param scope a chart, or a construct that holds charts, before anything is added to it
 * @returns the scope
 * @throws SettingError for an invalid value
 */
export function inScheduling<T extends Construct>(scope: T, scheduling: Scheduling): T {
  checkScheduling('scheduling', scheduling);
  scope.node.setContext(SCHEDULING_CONTEXT, scheduling);
  return scope;
}

/**
 * Checks the names of priority classes.
 *
 * @param setting name of the setting, e.g. `scheduling`
 * @throws SettingError
 */
export function checkScheduling(setting: string, scheduling: Scheduling): void {
  const { serverPriorityClass, agentPriorityClass } = scheduling;
  for (const [name, value] of Object.entries({ serverPriorityClass, agentPriorityClass })) {
    if (value !== undefined) {
      checkObjectName(`${setting}.${name}`, value);
    }
  }
}

/** Seconds that a pod stays on a node that is not ready. The default of Kubernetes is 300. */
const LOST_NODE_SECONDS = 30;

/** What the scheduler reads of a pod. */
export type SchedulingFields = Pick<
  k8s.PodSpec,
  'affinity' | 'priorityClassName' | 'tolerations' | 'topologySpreadConstraints'
>;

/** What a workload asks of the scheduler, unless its options say otherwise. */
export function schedulingFields(scope: Construct, name: string, workload: Workload): SchedulingFields {
  const scheduling: Scheduling = scope.node.tryGetContext(SCHEDULING_CONTEXT) ?? {};
  const isAgent = workload.kind === 'DaemonSet';
  return {
    affinity: isAgent ? { nodeAffinity: realNodes() } : undefined,
    priorityClassName: isAgent ? scheduling.agentPriorityClass : scheduling.serverPriorityClass,
    tolerations: tolerationsOf(workload),
    topologySpreadConstraints: isReplicated(workload) ? spread(name, workload) : undefined,
  };
}

/**
 * Nodes that take the pods of DaemonSets. Fargate and virtual kubelets are nodes by name only: a pod for one of them
 * would stay pending. On Windows it could not start. https://github.com/prometheus-community/helm-charts/pull/4736
 */
function realNodes(): k8s.NodeAffinity {
  const matchExpressions = [
    { key: 'eks.amazonaws.com/compute-type', operator: 'NotIn', values: ['fargate'] },
    { key: 'type', operator: 'NotIn', values: ['virtual-kubelet'] },
    { key: 'kubernetes.io/os', operator: 'NotIn', values: ['windows'] },
  ];
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } };
}

/**
 * An agent belongs on every node, tainted or not. A Deployment without a volume is replaced soon after its node is lost,
 * because the alerts about that node need it: kube-state-metrics, for one, may have been on the node. Pods with a volume
 * cannot move before the volume is detached, so they keep the default.
 */
function tolerationsOf(workload: Workload): k8s.Toleration[] | undefined {
  if (workload.kind === 'DaemonSet') {
    return [{ operator: 'Exists' }];
  }
  if (workload.kind === 'StatefulSet' || workload.storage) {
    return undefined;
  }
  return ['not-ready', 'unreachable'].map((condition) => ({
    key: `node.kubernetes.io/${condition}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: LOST_NODE_SECONDS,
  }));
}

/** As few replicas on a node as its number allows, mostly one; across zones as evenly as the cluster can. */
function spread(name: string, workload: Workload): k8s.TopologySpreadConstraint[] {
  const constraint = (topologyKey: string, whenUnsatisfiable: string) => ({
    topologyKey,
    whenUnsatisfiable,
    maxSkew: 1,
    // By default a cordoned or tainted node counts as a place with no pod, and a replica waits for it:
    // https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#spread-constraint-definition
    nodeTaintsPolicy: 'Honor',
    labelSelector: { matchLabels: { ...selectorLabels(name) } },
    // Without the template's hash, a roll-out would count the pods that it replaces.
    matchLabelKeys: workload.kind === 'Deployment' ? ['pod-template-hash'] : undefined,
  });
  return [
    constraint('kubernetes.io/hostname', 'DoNotSchedule'),
    constraint('topology.kubernetes.io/zone', 'ScheduleAnyway'),
  ];
}
