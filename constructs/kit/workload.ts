/**
 * What holds the data of a server:
 *
 * - `claim`: a claim that the construct writes, one for each replica.
 * - `emptyDir`: a directory of the node, for each replica. The data is lost when the pod is deleted, and the kubelet
 *   evicts a pod that writes more than the size.
 * - `{ existingClaim }`: a claim of this name in the namespace of the construct. It serves one replica. This is the way to
 *   a volume that no storage class makes, e.g. on NFS.
 */
export type StorageVolume =
  | 'claim'
  | 'emptyDir'
  | {
      /** Name of the claim. */
      readonly existingClaim: string;
    };

/** A volume for the data of a server. */
export interface Storage {
  /** Where it appears in the container. */
  readonly path: string;
  /** Size as a Kubernetes quantity, e.g. `50Gi`. A claim that exists has its own. */
  readonly size: string;
  /** Storage class of a claim that is written. @default - the cluster's default class */
  readonly storageClass?: string;
  /** Kind of the volume. @default claim */
  readonly volume?: StorageVolume;
}

/** Access to the host, for agents that need it. Needs a namespace whose Pod Security level is `privileged`. */
export interface HostAccess {
  /** Use the node's network and address. */
  readonly network: boolean;
  /** See the processes of the node. */
  readonly pid: boolean;
  /** Ranges that hold the nodes' addresses, at which clients reach the pods. @default - those of the network */
  readonly nodeCidrs?: readonly string[];
}

/** How the pods of a component are run. */
export type Workload =
  | {
      /** Kind of the workload. */
      readonly kind: 'Deployment';
      /** Number of replicas. */
      readonly replicas: number;
      /** One volume, for a single replica; an `emptyDir` is one for each. @default - none */
      readonly storage?: Storage;
    }
  | {
      /** Kind of the workload. */
      readonly kind: 'StatefulSet';
      /** Number of replicas. */
      readonly replicas: number;
      /** A volume for each replica. */
      readonly storage: Storage;
    }
  | {
      /** Kind of the workload. */
      readonly kind: 'DaemonSet';
      /** What the pods share with their node. @default - none */
      readonly host?: HostAccess;
    };

/** Whether a workload has more than one replica. A DaemonSet has one pod on each node and no replicas. */
export function isReplicated(workload: Workload): boolean {
  return workload.kind !== 'DaemonSet' && workload.replicas > 1;
}

/** The access to the host that a workload has. */
export function hostOf(workload: Workload): HostAccess | undefined {
  return workload.kind === 'DaemonSet' ? workload.host : undefined;
}

/** The volume that a workload keeps its data on. */
export function storageOf(workload: Workload): Storage | undefined {
  return workload.kind === 'DaemonSet' ? undefined : workload.storage;
}

/** The name of a claim that exists. */
export function existingClaimOf({ volume }: Pick<Storage, 'volume'>): string | undefined {
  return typeof volume === 'object' ? volume.existingClaim : undefined;
}

/** The storage that a workload has a claim on, one that it writes or one that exists: it outlives the pod. */
export function claimOf(workload: Workload): Storage | undefined {
  const storage = storageOf(workload);
  return storage?.volume === 'emptyDir' ? undefined : storage;
}

/** The storage for which the component writes a claim. */
export function writtenClaimOf(workload: Workload): Storage | undefined {
  const storage = claimOf(workload);
  return storage && existingClaimOf(storage) === undefined ? storage : undefined;
}
