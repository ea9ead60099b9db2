import type { Resource } from './api';

/** The built-in resources that the server and its actions use. */
export const RESOURCES = {
  configMaps: { group: '', version: 'v1', plural: 'configmaps' },
  events: { group: '', version: 'v1', plural: 'events' },
  pods: { group: '', version: 'v1', plural: 'pods' },
  deployments: { group: 'apps', version: 'v1', plural: 'deployments' },
  replicaSets: { group: 'apps', version: 'v1', plural: 'replicasets' },
  horizontalPodAutoscalers: { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers' },
  podDisruptionBudgets: { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' },
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' },
  tokenReviews: { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews' },
  selfSubjectAccessReviews: { group: 'authorization.k8s.io', version: 'v1', plural: 'selfsubjectaccessreviews' },
} as const satisfies Record<string, Resource>;
