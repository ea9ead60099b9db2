import { parseBytes } from '../kit/checks';
import { parseQuantity } from '../kit/checks/quantities';
import type { ResourceOptions } from '../kit/resources';

const MIB = 1024 * 1024;

/** Memory of a server with its configuration and without alerts, and of its peers' state: 45 MiB, doubled. */
const BASE_MIB = 96;

/**
 * Memory per alert: the alert, its group, and the messages that are being written about it.
 * `npm run bench:alertmanager` measures it: see docs/performance.md.
 */
const KIB_PER_ALERT = 10;

/**
 * Memory request and limit of an Alertmanager that holds a number of alerts.
 *
 * @returns a Kubernetes quantity, a multiple of 64Mi
 */
export function alertmanagerMemory(activeAlerts: number): string {
  const mib = BASE_MIB + (activeAlerts * KIB_PER_ALERT) / 1024;
  return `${Math.ceil(mib / 64) * 64}Mi`;
}

/** Share of the pod's limit for Go's heap and stacks. The rest holds the program itself, 25 MiB, and what Go overshoots. */
const GO_SHARE = 0.8;

/**
 * Go's memory limit. Without one, the heap doubles before it is collected, and in a flood the kernel kills the server.
 * https://pkg.go.dev/runtime#hdr-Environment_Variables
 *
 * @param memory the component's limit
 * @param options what replaces it
 */
export function goMemoryLimit(memory: string, options: ResourceOptions = {}): string {
  const given = options.limits?.memory ?? options.requests?.memory;
  const bytes = given === undefined ? parseBytes('memory', memory) : parseQuantity('pod.resources', given, '256Mi');
  return `${Math.floor((bytes * GO_SHARE) / MIB)}MiB`;
}
