import { MINUTE } from './calendar';

/** A Deployment or a StatefulSet. */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly component: string;
  /** Bounds of its autoscaler; equal ones have none. */
  readonly min: number;
  readonly max: number;
  /** Seconds from the creation of a pod until it is ready. */
  readonly startSeconds: number;
}

export const PLATFORM = 'sightedit-monitoring';

/**
 * The workloads of the application and of the monitoring platform.
 *
 * @param size number of the application's pods at the highest traffic
 */
export function workloadsOf(size: number): readonly Workload[] {
  return [...applicationOf(size), ...PLATFORM_WORKLOADS];
}

function applicationOf(size: number): readonly Workload[] {
  const scale = (share: number) => Math.max(1, Math.round(size * share));
  const deployment = (name: string, component: string, min: number, max: number): Workload => ({
    name,
    namespace: 'sightedit',
    kind: 'Deployment',
    component,
    min,
    max,
    startSeconds: 2 * MINUTE,
  });
  const services = Math.floor((size * 0.45) / 15);
  return [
    deployment('sightedit-backend', 'backend', 2, Math.max(3, scale(0.4))),
    deployment('sightedit-cdn', 'cdn', 2, Math.max(3, scale(0.1))),
    deployment('sightedit-website', 'website', 1, Math.max(2, scale(0.05))),
    ...Array.from({ length: services }, (_, index) => deployment(`service-${index}`, 'service', 15, 15)),
  ];
}

const PLATFORM_WORKLOADS: readonly Workload[] = [
  ...(
    [
      ['StatefulSet', 'prometheus', 2, 3],
      ['StatefulSet', 'alertmanager', 3, 1],
      ['StatefulSet', 'grafana', 1, 2],
      ['Deployment', 'kube-state-metrics', 1, 1],
      ['Deployment', 'remediation-webhook', 2, 1],
      ['Deployment', 'blackbox-exporter', 1, 1],
      ['Deployment', 'postgres-exporter', 1, 1],
      ['Deployment', 'sql-exporter', 1, 1],
      ['Deployment', 'redis-exporter', 1, 1],
    ] as const
  ).map(([kind, name, replicas, minutes]) => ({
    name,
    namespace: PLATFORM,
    kind,
    component: name,
    min: replicas,
    max: replicas,
    startSeconds: minutes * MINUTE,
  })),
];
