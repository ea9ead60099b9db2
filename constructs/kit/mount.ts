import { k8s } from 'cdk8s-plus-28';

/** A volume and where it appears in the container. */
export interface Mount {
  /** Name of the volume. Two mounts with the same source share a volume; otherwise it must be unique in the pod. */
  readonly name: string;
  /** Append a number to the name if the pod has another volume of that name. @default false: it is refused */
  readonly numbered?: boolean;
  /** The volume's source. Read when the manifests are written. */
  readonly source: () => Omit<k8s.Volume, 'name'>;
  /** Absolute path in the container. */
  readonly path: string;
  /** Whether the container may only read it. @default true */
  readonly readOnly?: boolean;
  /** `HostToContainer` shows mounts that the host makes later. @default - the container does not see them */
  readonly propagation?: 'HostToContainer';
  /**
   * Digest of the content. The pods restart when it changes.
   * @default - the pods do not restart, as is right for a server that watches its files
   */
  readonly checksum?: () => string;
}

/** Options of `secretFiles()`. */
export interface SecretFilesOptions {
  /** Keys to mount, as files of the same name. @default - every key */
  readonly keys?: readonly string[];
  /** Start the pod without the Secret; its files appear once it exists. @default false */
  readonly optional?: boolean;
}

/**
 * The keys of a ConfigMap that somebody else creates, as files.
 *
 * @param optional start the pod without the ConfigMap @default false
 */
export function configMapFiles(name: string, configMap: string, path: string, optional?: boolean): Mount {
  return { name, source: () => ({ configMap: { name: configMap, optional } }), path };
}

/** Keys of a Secret as files, readable by the pod's group. */
export function secretFiles(name: string, secretName: string, path: string, options: SecretFilesOptions = {}): Mount {
  const { keys, optional } = options;
  const items = keys?.map((key) => ({ key, path: key }));
  return { name, source: () => ({ secret: { secretName, items, optional, defaultMode: 0o440 } }), path };
}

/** Files from several Secrets and ConfigMaps in one directory, readable by the pod's group. */
export function projectedFiles(name: string, path: string, sources: readonly k8s.VolumeProjection[]): Mount {
  return { name, source: () => ({ projected: { defaultMode: 0o440, sources: [...sources] } }), path };
}

/**
 * Scratch space that lives as long as the pod, for a server whose root file system is read-only.
 *
 * @param sizeLimit a Kubernetes quantity; the kubelet evicts a pod that writes more
 */
export function scratch(name: string, path: string, sizeLimit = '64Mi'): Mount {
  return {
    name,
    source: () => ({ emptyDir: { sizeLimit: k8s.Quantity.fromString(sizeLimit) } }),
    path,
    readOnly: false,
  };
}

/** A directory of the host, read-only. Needs a namespace whose Pod Security level is `privileged`. */
export function hostDirectory(name: string, hostPath: string, path: string): Mount {
  return { name, source: () => ({ hostPath: { path: hostPath } }), path, propagation: 'HostToContainer' };
}

/**
 * A directory of the host for the state of an agent. It outlives the pods of the node. The kubelet makes it, for root
 * alone to write. Needs a namespace whose Pod Security level is `privileged`.
 */
export function hostState(name: string, hostPath: string, path: string): Mount {
  return { name, source: () => ({ hostPath: { path: hostPath, type: 'DirectoryOrCreate' } }), path, readOnly: false };
}

/**
 * A ServiceAccount token that proves the pod's identity to one server: only a TokenReview for this audience accepts it.
 * The file is `token`; the kubelet renews it within the hour.
 */
export function identityToken(name: string, path: string, audience: string): Mount {
  const token = { audience, expirationSeconds: 3600, path: 'token' };
  return {
    name,
    source: () => ({ projected: { defaultMode: 0o440, sources: [{ serviceAccountToken: token }] } }),
    path,
  };
}
