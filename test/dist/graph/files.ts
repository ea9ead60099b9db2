import { type Manifest, ofKind } from '../../../testing/manifests';
import type { Part, Pods } from './pods';

/** A file in a pod. */
export interface MountedFile {
  readonly name: string;
  /** @default - only the cluster has it, e.g. of a credential */
  readonly text?: string;
}

/** A directory that is mounted into a pod. */
export interface Mounted {
  readonly path: string;
  /** @default - not known: a disk, or a ConfigMap that somebody else creates */
  readonly files?: readonly MountedFile[];
}

/** Directory of the ServiceAccount's files. */
const SERVICE_ACCOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Everything that is mounted into the containers of a pod. */
export function mountsOf(manifests: readonly Manifest[], pods: Pods): Mounted[] {
  const volumes: Part[] = pods.spec.volumes ?? [];
  const mounts = pods.containers
    .flatMap(({ volumeMounts = [] }) => volumeMounts)
    .map(({ name, mountPath, subPath }) => {
      if (subPath) {
        throw new Error(`${pods.name} mounts ${mountPath} by subPath, which is not supported`);
      }
      const volume = volumes.find((candidate) => candidate.name === name);
      return { path: mountPath, files: volume && filesOf(manifests, pods.namespace, volume) };
    });
  return pods.spec.automountServiceAccountToken === false
    ? mounts
    : [...mounts, { path: SERVICE_ACCOUNT_PATH, files: ['ca.crt', 'namespace', 'token'].map((name) => ({ name })) }];
}

/** Files of a pod whose text is known, with their paths. */
export function textFilesOf(
  manifests: readonly Manifest[],
  pods: Pods,
): { path: string; name: string; text: string }[] {
  return mountsOf(manifests, pods).flatMap(({ path, files = [] }) =>
    files.flatMap(({ name, text }) => (text === undefined ? [] : [{ path: `${path}/${name}`, name, text }])),
  );
}

function filesOf(manifests: readonly Manifest[], namespace: string, volume: Part): MountedFile[] | undefined {
  if (volume.projected) {
    const sources = volume.projected.sources.map((source: Part) => filesOf(manifests, namespace, source));
    return sources.includes(undefined) ? undefined : sources.flat();
  }
  if (volume.secret) {
    return volume.secret.items?.map(({ path }: Part) => ({ name: path }));
  }
  if (volume.serviceAccountToken) {
    return [{ name: volume.serviceAccountToken.path }];
  }
  return volume.configMap && configMapFiles(manifests, namespace, volume.configMap);
}

function configMapFiles(
  manifests: readonly Manifest[],
  namespace: string,
  { name, items }: Part,
): MountedFile[] | undefined {
  const configMap = ofKind(manifests, 'ConfigMap').find(
    ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
  );
  if (!configMap) {
    return undefined;
  }
  const entries: [key: string, text: string][] = Object.entries(configMap.data);
  return items
    ? items.map(({ key, path }: Part) => ({ name: path, text: configMap.data[key] }))
    : entries.map(([file, text]) => ({ name: file, text }));
}
