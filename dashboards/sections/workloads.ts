import { PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import { type Section, timeSeries } from '../kit';

/** Join that gives series of pods the label `workload`. */
const OF_WORKLOAD = '* on (namespace, pod) group_left (workload) namespace_workload_pod:kube_pod_owner:relabel';

const AUTOSCALER_METRICS = {
  current: 'kube_horizontalpodautoscaler_status_current_replicas',
  minimum: 'kube_horizontalpodautoscaler_spec_min_replicas',
  maximum: 'kube_horizontalpodautoscaler_spec_max_replicas',
};

/** Share of the scheduling periods in which a container was throttled. Fewer than one period per second means idle. */
function throttledShare(): string {
  const periods = (metric: string) => `
    sum by (namespace, workload, container) (
      sum by (namespace, pod, container) (rate(${metric}{container!="", namespace=~"$namespace"}[$__rate_interval]))
      ${OF_WORKLOAD}
    )`;
  return `
    ${periods('container_cpu_cfs_throttled_periods_total')}
    / (${periods('container_cpu_cfs_periods_total')} > 1)`;
}

/** Pods and their workloads. */
export const workloads: Section = {
  title: 'Workloads',
  lines: [
    [
      timeSeries({
        title: 'Pods not ready',
        description: 'Pods that have not terminated and are not ready, by workload. They get no traffic.',
        unit: Short,
        queries: [
          {
            expr: `
              sum by (namespace, workload) (
                (
                  (max by (namespace, pod) (kube_pod_status_ready{condition="true", namespace=~"$namespace"}) == bool 0)
                  unless on (namespace, pod)
                  max by (namespace, pod) (kube_pod_status_phase{phase=~"Succeeded|Failed"}) == 1
                )
                ${OF_WORKLOAD}
              )`,
            legend: '{{namespace}}/{{workload}}',
          },
        ],
      }),
      timeSeries({
        title: 'Container restarts',
        description:
          'Restarts within each step of the graph, by container. The kubelet restarts a container that exits or fails its liveness probe.',
        unit: Short,
        queries: [
          {
            expr: `
              sum by (namespace, workload, container) (
                max by (namespace, pod, container) (
                  increase(kube_pod_container_status_restarts_total{namespace=~"$namespace"}[$__rate_interval])
                )
                ${OF_WORKLOAD}
              )`,
            legend: '{{namespace}}/{{workload}} {{container}}',
          },
        ],
      }),
    ],
    [
      timeSeries({
        title: 'Replicas of Deployments',
        description: 'Desired and available replicas. A gap that lasts means a stuck rollout or a lack of capacity.',
        unit: Short,
        queries: [
          {
            expr: 'max by (namespace, deployment) (kube_deployment_spec_replicas{namespace=~"$namespace"})',
            legend: '{{namespace}}/{{deployment}} desired',
          },
          {
            expr: 'max by (namespace, deployment) (kube_deployment_status_replicas_available{namespace=~"$namespace"})',
            legend: '{{namespace}}/{{deployment}} available',
          },
        ],
      }),
      timeSeries({
        title: 'Replicas of autoscalers',
        description: 'Current, minimum and maximum replicas. At the maximum, more load makes requests slower.',
        unit: Short,
        queries: Object.entries(AUTOSCALER_METRICS).map(([what, metric]) => ({
          expr: `max by (namespace, horizontalpodautoscaler) (${metric}{namespace=~"$namespace"})`,
          legend: `{{namespace}}/{{horizontalpodautoscaler}} ${what}`,
        })),
      }),
    ],
    [
      timeSeries({
        title: 'CPU throttling',
        description:
          'Share of the scheduling periods in which the CPU limit stopped a container. Its requests wait meanwhile.',
        unit: PercentUnit,
        limit: { alert: 'ContainerCPUThrottled', value: 0.25 },
        queries: [{ expr: throttledShare(), legend: '{{namespace}}/{{workload}} {{container}}' }],
      }),
      timeSeries({
        title: 'Memory of its limit',
        description:
          'Working set of the fullest container of each workload as a share of its limit. At the limit the kernel kills it.',
        unit: PercentUnit,
        limit: { alert: 'ContainerMemoryNearLimit', value: 0.9 },
        queries: [
          {
            expr: `
              max by (namespace, workload, container) (
                max by (namespace, pod, container) (container_memory_working_set_bytes{container!="", namespace=~"$namespace"})
                / (max by (namespace, pod, container) (kube_pod_container_resource_limits{resource="memory"}) > 0)
                ${OF_WORKLOAD}
              )`,
            legend: '{{namespace}}/{{workload}} {{container}}',
          },
        ],
      }),
    ],
  ],
};
