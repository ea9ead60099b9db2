import { k8s } from 'cdk8s-plus-28';

/** A volume and the place in the container where it appears. */
export interface Mount {
  /** Name of the volume, unique in the pod. */
  readonly name: string;
  /** Where the content comes from; asked once everything has been added. */
  readonly source: () => Omit<k8s.Volume, 'name'>;
  readonly path: string;
  /** @default true */
  readonly readOnly?: boolean;
  /** Whether mounts that the host makes later appear too. @default - they do not */
  readonly propagation?: 'HostToContainer';
  /**
   * Digest of the content. A component whose mount has one rolls out anew when it changes; a server that watches its
   * files leaves it out.
   * @default - a change of content does not restart the pod
   */
  readonly checksum?: () => string;
}

/**
 * Scratch space that lives as long as the pod, for a server with a read-only root file system.
 *
 * @param sizeLimit a quantity; the pod is evicted when it writes more
 */
export function scratch(name: string, path: string, sizeLimit = '64Mi'): Mount {
  return {
    name,
    source: () => ({ emptyDir: { sizeLimit: k8s.Quantity.fromString(sizeLimit) } }),
    path,
    readOnly: false,
  };
}

/** A directory of the host, read-only. Requirements a namespace that Pod Security leaves privileged. */
export function hostDirectory(name: string, hostPath: string, path: string): Mount {
  return { name, source: () => ({ hostPath: { path: hostPath } }), path, propagation: 'HostToContainer' };
}

/**
 * A token by which a pod proves who it is to one server: the audience's TokenReview accepts it, nobody else's does. The
 * kubelet renews it.
 */
export function identityToken(name: string, path: string, audience: string): Mount {
  const token = { audience, expirationSeconds: 3600, path: 'token' };
  return {
    name,
    source: () => ({ projected: { defaultMode: 0o440, sources: [{ serviceAccountToken: token }] } }),
    path,
  };
}
