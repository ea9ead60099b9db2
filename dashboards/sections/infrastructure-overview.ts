import { activeAlerts, faultCount, type Section } from '../kit';

/** The cluster at a glance. */
export const infrastructureOverview: Section = {
  title: 'Overview',
  lines: [
    [
      faultCount({
        title: 'Nodes not ready',
        description: 'Nodes whose kubelet does not report Ready. Their pods are moved away after five minutes.',
        queries: [
          {
            expr: 'count(min by (node) (kube_node_status_condition{condition="Ready", status="true", node=~"$node"}) == 0) or vector(0)',
            legend: 'Nodes',
          },
        ],
      }),
      faultCount({
        title: 'Deployments short of replicas',
        description:
          'Deployments with fewer available replicas than desired. During a rollout this is normal; if it lasts, it is a fault.',
        queries: [
          {
            expr: `
              count(
                max by (namespace, deployment) (kube_deployment_spec_replicas{namespace=~"$namespace"})
                > max by (namespace, deployment) (kube_deployment_status_replicas_available{namespace=~"$namespace"})
              ) or vector(0)`,
            legend: 'Deployments',
          },
        ],
      }),
      faultCount({
        title: 'Containers in a crash loop',
        description: 'Containers that keep terminating and wait for their next restart. They serve nothing.',
        queries: [
          {
            expr: 'sum(max by (namespace, pod, container) (kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff", namespace=~"$namespace"})) or vector(0)',
            legend: 'Containers',
          },
        ],
      }),
      faultCount({
        title: 'Public URLs not reachable',
        description: 'Public URLs whose last probe failed. Visitors probably cannot reach them either.',
        queries: [
          { expr: 'count(max by (instance) (probe_success{job="blackbox-http"}) == 0) or vector(0)', legend: 'URLs' },
        ],
      }),
    ],
    [activeAlerts('infrastructure')],
  ],
};
