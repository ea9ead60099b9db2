import type { k8s } from 'cdk8s-plus-28';

/** User and group `nobody`, which the images of the exporters run as. */
export const NOBODY = 65534;

/** Pod security context that Pod Security `restricted` admits. `fsGroup` makes volumes writable. */
export function restrictedPod(user: number): k8s.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** Container security context that Pod Security `restricted` admits, with a read-only root file system. */
export function restrictedContainer(): k8s.SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  };
}
