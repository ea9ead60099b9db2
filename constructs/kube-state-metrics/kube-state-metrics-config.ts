import type { k8s } from 'cdk8s-plus-28';

/** Cluster-scoped kinds that are reported. */
export const CLUSTER_RESOURCES = ['namespaces', 'nodes', 'persistentvolumes'] as const;

/** Namespaced kinds that are reported, by API group. Secrets and ConfigMaps are not among them. */
const NAMESPACED_GROUPS = {
  '': ['persistentvolumeclaims', 'pods', 'resourcequotas', 'services'],
  apps: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  autoscaling: ['horizontalpodautoscalers'],
  batch: ['cronjobs', 'jobs'],
  policy: ['poddisruptionbudgets'],
} as const;

/** Namespaced kinds that are reported. */
export const NAMESPACED_RESOURCES: readonly string[] = Object.values(NAMESPACED_GROUPS).flat();

const VERBS = ['list', 'watch'];

/** Read access to the cluster-scoped kinds. */
export function clusterRules(): k8s.PolicyRule[] {
  return [{ apiGroups: [''], resources: [...CLUSTER_RESOURCES], verbs: VERBS }];
}

/** Read access to the namespaced kinds, for each watched namespace. */
export function namespacedRules(): k8s.PolicyRule[] {
  return Object.entries(NAMESPACED_GROUPS).map(([group, resources]) => ({
    apiGroups: [group],
    resources: [...resources],
    verbs: VERBS,
  }));
}
