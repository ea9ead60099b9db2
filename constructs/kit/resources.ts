import { k8s } from 'cdk8s-plus-28';

/**
 * What a container asks for and may use, as Kubernetes quantities.
 *
 * Memory is requested and limited at the same amount, so that a node never promises more than it has. CPU has no limit:
 * a throttled monitor is late exactly when it is needed.
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
