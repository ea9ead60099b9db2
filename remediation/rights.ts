import type { Permission } from './actions';
import { REMEDIATION } from './record';

/** To write Events about a target. */
export const EVENT_RIGHT: Permission = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] };

/** To review tokens. TokenReviews are cluster-scoped. */
export const TOKEN_REVIEW_RIGHT: Permission = {
  apiGroups: ['authentication.k8s.io'],
  resources: ['tokenreviews'],
  verbs: ['create'],
};

/** What the server itself needs in its namespace: records, locks, Events, and the kill switch. */
export function ownRights(killSwitch: string): readonly Permission[] {
  const { group, plural } = REMEDIATION;
  return [
    { apiGroups: [group], resources: [plural], verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'] },
    { apiGroups: [group], resources: [`${plural}/status`], verbs: ['update'] },
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      verbs: ['create', 'get', 'update', 'delete'],
    },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: [killSwitch] },
    EVENT_RIGHT,
  ];
}
