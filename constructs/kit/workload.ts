/** A volume that outlives the pod. */
export interface Storage {
  /** Where it appears in the container. */
  readonly path: string;
  /** Size as a Kubernetes quantity, e.g. `50Gi`. */
  readonly size: string;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
}

/** Access to the host, for agents that must see it. Requirements a namespace that Pod Security leaves privileged. */
export interface HostAccess {
  readonly network: boolean;
  readonly pid: boolean;
  /** Ranges that hold the nodes' addresses, by which pods on the host's network are reached. @default - every private range */
  readonly nodeCidrs?: readonly string[];
}

/** How the pods of a component are run. */
export type Workload =
  | {
      readonly kind: 'Deployment';
      readonly replicas: number;
      /** One volume for the one replica. @default - none */
      readonly storage?: Storage;
    }
  | {
      readonly kind: 'StatefulSet';
      readonly replicas: number;
      /** A volume for each replica. */
      readonly storage: Storage;
    }
  | {
      readonly kind: 'DaemonSet';
      /** @default - none */
      readonly host?: HostAccess;
    };

/** Number of replicas that a workload asks for; a DaemonSet has as many as there are nodes. */
export function replicasOf(workload: Workload): number | undefined {
  return workload.kind === 'DaemonSet' ? undefined : workload.replicas;
}

/** Access to the host that a workload has. */
export function hostOf(workload: Workload): HostAccess | undefined {
  return workload.kind === 'DaemonSet' ? workload.host : undefined;
}

/** The volume that a workload keeps its data on. */
export function storageOf(workload: Workload): Storage | undefined {
  return workload.kind === 'DaemonSet' ? undefined : workload.storage;
}
