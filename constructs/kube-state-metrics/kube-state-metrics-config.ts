import type { k8s } from 'cdk8s-plus-28';

/** Kinds that are reported and belong to no namespace. */
export const CLUSTER_RESOURCES = ['namespaces', 'nodes', 'persistentvolumes'] as const;

/** Kinds that are reported for the watched namespaces, by API group. Secrets and ConfigMaps are not among them. */
const NAMESPACED_GROUPS = {
  '': ['persistentvolumeclaims', 'pods', 'resourcequotas', 'services'],
  apps: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  autoscaling: ['horizontalpodautoscalers'],
  batch: ['cronjobs', 'jobs'],
  policy: ['poddisruptionbudgets'],
} as const;

export const NAMESPACED_RESOURCES: readonly string[] = Object.values(NAMESPACED_GROUPS).flat();

const VERBS = ['list', 'watch'];

/** What kube-state-metrics reads outside of namespaces. */
export function clusterRules(): k8s.PolicyRule[] {
  return [{ apiGroups: [''], resources: [...CLUSTER_RESOURCES], verbs: VERBS }];
}

/** What kube-state-metrics reads in each watched namespace. */
export function namespacedRules(): k8s.PolicyRule[] {
  return Object.entries(NAMESPACED_GROUPS).map(([group, resources]) => ({
    apiGroups: [group],
    resources: [...resources],
    verbs: VERBS,
  }));
}
