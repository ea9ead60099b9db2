import { k8s } from 'cdk8s-plus-28';
import type { Mount } from './mount';
import { existingClaimOf, type Storage, storageOf, type Workload } from './workload';

/** Name of the volume that holds a component's data. */
export const DATA_VOLUME = 'data';

export interface VolumesProps {
  /** Name of the component and of its claim. */
  readonly name: string;
  readonly workload: Workload;
}

/** The claim on a volume. */
export function claimSpec({ size, storageClass }: Storage): k8s.PersistentVolumeClaimSpec {
  return {
    accessModes: ['ReadWriteOnce'],
    storageClassName: storageClass,
    resources: { requests: { storage: k8s.Quantity.fromString(size) } },
  };
}

/** The volumes of a pod, each once. */
export function volumes({ name, workload }: VolumesProps, mounts: readonly Mount[]): k8s.Volume[] {
  const storage = storageOf(workload);
  const data = storage && dataVolume(storage, workload, name);
  const byName = new Map(named(workload, mounts).map((mount) => [mount.name, mount]));
  return [
    ...(data ? [{ name: DATA_VOLUME, ...data }] : []),
    ...[...byName.values()].map((mount) => ({ name: mount.name, ...mount.source() })),
  ];
}

/** Where the data is. `undefined`: a StatefulSet adds the volumes of its claim templates itself. */
function dataVolume(storage: Storage, { kind }: Workload, name: string): Omit<k8s.Volume, 'name'> | undefined {
  if (storage.volume === 'emptyDir') {
    return { emptyDir: { sizeLimit: k8s.Quantity.fromString(storage.size) } };
  }
  const claimName = existingClaimOf(storage) ?? (kind === 'Deployment' ? name : undefined);
  return claimName === undefined ? undefined : { persistentVolumeClaim: { claimName } };
}

/** Names of the volumes that are empty again in the next pod, without the one that holds data. */
export function scratchVolumes(props: VolumesProps, mounts: readonly Mount[]): readonly string[] {
  return volumes(props, mounts).flatMap(({ name, emptyDir }) => (emptyDir && name !== DATA_VOLUME ? [name] : []));
}

/** Where the volumes appear in the container. */
export function volumeMounts(workload: Workload, mounts: readonly Mount[]): k8s.VolumeMount[] {
  const storage = storageOf(workload);
  return [
    ...(storage ? [{ name: DATA_VOLUME, mountPath: storage.path }] : []),
    ...named(workload, mounts).map(({ name, path, readOnly, propagation }) => ({
      name,
      mountPath: path,
      readOnly: readOnly === false ? undefined : true,
      mountPropagation: propagation,
    })),
  ];
}

/** Names and paths that are used twice: the API server refuses such a pod. */
export function mountProblems({ name: pod, workload }: VolumesProps, mounts: readonly Mount[]): string[] {
  const storage = storageOf(workload);
  const sources = new Map(storage ? [[DATA_VOLUME, '']] : []);
  const paths = new Set(storage ? [storage.path] : []);
  // The runtime cannot create a directory for another mount in them, and the pod does not start.
  const readOnly = mounts.filter((mount) => holdsFiles(mount)).map(({ path }) => path);
  return named(workload, mounts).flatMap((mount) => {
    const { name, path } = mount;
    const source = JSON.stringify(mount.source());
    const problems = [
      ...((sources.get(name) ?? source) === source ? [] : [`duplicate volume "${name}" of ${pod}: rename one of them`]),
      ...(paths.has(path) ? [`duplicate mount path "${path}" of ${pod}: change one of them`] : []),
      ...(path.startsWith('/') ? [] : [`the mount path "${path}" of ${pod} is relative: write it from /`]),
      ...readOnly
        .filter((directory) => path.startsWith(`${directory}/`))
        .map(
          (directory) => `the mount path "${path}" of ${pod} is below ${directory}, which is read-only: move it out`,
        ),
    ];
    sources.set(name, source);
    paths.add(path);
    return problems;
  });
}

/** Whether the kubelet fills the volume with files of the cluster. */
function holdsFiles({ source }: Mount): boolean {
  const { configMap, secret, projected } = source();
  return [configMap, secret, projected].some((files) => files !== undefined);
}

/** The mounts with a number after those names that another volume has. */
function named(workload: Workload, mounts: readonly Mount[]): Mount[] {
  const sources = new Map(storageOf(workload) ? [[DATA_VOLUME, '']] : []);
  return mounts.map((mount) => {
    const source = JSON.stringify(mount.source());
    const isFree = (candidate: string) => (sources.get(candidate) ?? source) === source;
    let { name } = mount;
    for (let number = 2; mount.numbered && !isFree(name); number++) {
      name = `${mount.name}-${number}`;
    }
    sources.set(name, source);
    return { ...mount, name };
  });
}
