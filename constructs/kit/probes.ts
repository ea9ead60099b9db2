import { k8s } from 'cdk8s-plus-28';

/** Probes of the kubelet. One that is left out is not written. */
export interface Probes {
  readonly liveness?: k8s.Probe;
  readonly readiness?: k8s.Probe;
  readonly startup?: k8s.Probe;
}

/** Timing of a probe, in seconds. */
export interface ProbeTiming {
  /** @default 10 */
  readonly periodSeconds?: number;
  /** @default 3 */
  readonly timeoutSeconds?: number;
  /** @default 3 */
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
