import type { k8s } from 'cdk8s-plus-28';

/** User and group `nobody`, which the images of the exporters run as. */
export const NOBODY = 65534;

/**
 * How the pods meet the cluster's admission.
 *
 * - `restricted`: Pod Security `restricted`, with the user and group id of the image.
 * - `openshift`: the same without fixed ids. OpenShift assigns them from the range of the namespace, and its SCC
 *   `restricted-v2` refuses others.
 */
export type SecurityProfile = 'restricted' | 'openshift';

/**
 * Pod security context that Pod Security `restricted` admits. `fsGroup` makes volumes writable.
 *
 * User 0 is for agents that read files of the node, in a namespace of the level `privileged`. Without capabilities, it
 * reads what root owns, and nothing that file modes deny it. OpenShift would assign another user, which cannot.
 */
export function restrictedPod(user: number, profile: SecurityProfile = 'restricted'): k8s.PodSecurityContext {
  if (user === 0) {
    return { runAsNonRoot: false, runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } };
  }
  return {
    runAsNonRoot: true,
    ...(profile === 'openshift' ? {} : { runAsUser: user, runAsGroup: user, fsGroup: user }),
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** Container security context that Pod Security `restricted` admits, with a read-only root file system. */
export function restrictedContainer() {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  } satisfies k8s.SecurityContext;
}
