import { k8s } from 'cdk8s-plus-28';

/** Probes of the kubelet. One that is left out is not written. */
export interface Probes {
  /** Restarts the container when it fails. */
  readonly liveness?: k8s.Probe;
  /** Takes the pod out of its Services while it fails. */
  readonly readiness?: k8s.Probe;
  /** Holds the other probes back until it succeeds once. */
  readonly startup?: k8s.Probe;
}

/** Timing of a probe, in seconds. */
export interface ProbeTiming {
  /** Time between two probes, in seconds. @default 10 */
  readonly periodSeconds?: number;
  /** Time after which a probe has failed, in seconds. @default 3 */
  readonly timeoutSeconds?: number;
  /** Failed probes in a row that make the container unready, or restart it. @default 3 */
  readonly failureThreshold?: number;
}

/** A GET on a named port. The status must be 2xx or 3xx. */
export function httpProbe(path: string, port = 'http', timing: ProbeTiming = {}): k8s.Probe {
  return {
    httpGet: { path, port: k8s.IntOrString.fromString(port) },
    periodSeconds: timing.periodSeconds ?? 10,
    timeoutSeconds: timing.timeoutSeconds ?? 3,
    failureThreshold: timing.failureThreshold ?? 3,
  };
}

/**
 * A startup probe, which delays liveness probing until the server has started.
 *
 * @param budgetSeconds the longest start that is still healthy, e.g. for the replay of a write-ahead log
 */
export function startupProbe(path: string, budgetSeconds: number, port = 'http'): k8s.Probe {
  const periodSeconds = 15;
  return httpProbe(path, port, { periodSeconds, failureThreshold: Math.ceil(budgetSeconds / periodSeconds) });
}
