import { k8s } from 'cdk8s-plus-28';

/**
 * Requests and limits of a container, as Kubernetes quantities.
 *
 * The memory limit equals the request, so a node is never overcommitted. CPU has no limit: throttling would slow down
 * monitoring exactly when the cluster is busy.
 */
export interface Resources {
  /** CPU request, e.g. `100m`. */
  readonly cpu: string;
  /** Memory request and limit, e.g. `256Mi`. */
  readonly memory: string;
}

export function resourceRequirements({ cpu, memory }: Resources): k8s.ResourceRequirements {
  return {
    requests: { cpu: k8s.Quantity.fromString(cpu), memory: k8s.Quantity.fromString(memory) },
    limits: { memory: k8s.Quantity.fromString(memory) },
  };
}
