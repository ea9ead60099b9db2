import { parseQuantity } from './checks/quantities';
import { type ResourceOptions, type Resources, resourceRequirements } from './resources';

/** Share of the pod's limit for Go's heap and stacks. The rest holds the program itself, and what Go overshoots. */
const GO_SHARE = 0.8;

/**
 * Go's memory limit, `GOMEMLIMIT`. Without one, the heap doubles before it is collected, and under load the kernel kills
 * the server. https://pkg.go.dev/runtime#hdr-Environment_Variables
 *
 * @param own the component's resources
 * @param options what replaces them
 * @param setting name of the options, for messages
 * @throws SettingError for options that `resourceRequirements()` refuses
 */
export function goMemoryLimit(own: Resources, options?: ResourceOptions, setting = 'pod.resources'): string {
  const { memory } = resourceRequirements(own, options, setting).limits!;
  const bytes = parseQuantity(setting, String(memory!.value), own.memory);
  return `${Math.floor((bytes * GO_SHARE) / 2 ** 20)}MiB`;
}
