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
