import { k8s } from 'cdk8s-plus-28';
import { parseQuantity } from './checks/quantities';
import { SettingError } from './errors';

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

/** Quantities by resource, e.g. `{ cpu: '100m', memory: '256Mi', 'ephemeral-storage': '1Gi' }`. */
export interface ResourceList {
  /** Cores, e.g. `500m`. */
  readonly cpu?: string;
  /** Bytes, e.g. `512Mi`. */
  readonly memory?: string;
  readonly [resource: string]: string | undefined;
}

/** Requests and limits that replace those of a component, resource by resource. */
export interface ResourceOptions {
  /**
   * What the scheduler reserves.
   * @default - the component's. With a memory limit alone, the memory request is the limit.
   */
  readonly requests?: ResourceList;
  /** What the container may use at most. @default - the memory limit is the memory request; no CPU limit */
  readonly limits?: ResourceList;
}

type Quantities = Record<string, string>;

/**
 * @param options what to replace
 * @param setting name of the options, for messages
 * @throws SettingError for an invalid quantity, and for a request that is larger than its limit
 */
export function resourceRequirements(
  { cpu, memory }: Resources,
  options: ResourceOptions = {},
  setting = 'resources',
): k8s.ResourceRequirements {
  const own = { requests: given(options.requests), limits: given(options.limits) };
  const memoryRequest = own.requests.memory ?? own.limits.memory ?? memory;
  const requests: Quantities = { cpu, ...own.requests, memory: memoryRequest };
  const limits: Quantities = { memory: memoryRequest, ...own.limits };
  for (const [resource, limit] of Object.entries(limits)) {
    const request = requests[resource];
    const most = amount(`${setting}.limits.${resource}`, resource, limit);
    if (request !== undefined && amount(`${setting}.requests.${resource}`, resource, request) > most) {
      const fix = `the limit is ${limit}: request at most as much`;
      throw new SettingError(`${setting}.requests.${resource}`, request, fix);
    }
  }
  for (const [resource, request] of Object.entries(requests)) {
    amount(`${setting}.requests.${resource}`, resource, request);
  }
  return { requests: typed(requests), limits: typed(limits) };
}

function given(list: ResourceList = {}): Quantities {
  return Object.fromEntries(
    Object.entries(list).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function amount(setting: string, resource: string, quantity: string): number {
  const example = resource === 'cpu' ? '500m' : '512Mi';
  const value = parseQuantity(setting, quantity, example);
  // `512m` of memory is half a byte.
  if (resource !== 'cpu' && value < 1) {
    throw new SettingError(setting, quantity, `m means a thousandth; write e.g. ${example}`);
  }
  return value;
}

function typed(list: Quantities): { [name: string]: k8s.Quantity } {
  return Object.fromEntries(Object.entries(list).map(([name, value]) => [name, k8s.Quantity.fromString(value)]));
}
