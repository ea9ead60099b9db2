/** A volume that outlives the pod. */
export interface Storage {
  /** Where it appears in the container. */
  readonly path: string;
  /** Size as a Kubernetes quantity, e.g. `50Gi`. */
  readonly size: string;
  /** Storage class of the volume. @default - the cluster's default class */
  readonly storageClass?: string;
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
      /** One volume, for a single replica. @default - none */
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
