import { DurationSeconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { activeAlerts, faultCount, type Section, stat, statusStat } from '../kit';

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
          'Deployments with fewer available replicas than wanted. A rollout makes them short for a moment; it is a fault when it lasts.',
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
        title: 'Containers waiting in a crash loop',
        description: 'Containers that ended again and again and wait for their next start. They do no work.',
        queries: [
          {
            expr: 'sum(max by (namespace, pod, container) (kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff", namespace=~"$namespace"})) or vector(0)',
            legend: 'Containers',
          },
        ],
      }),
      faultCount({
        title: 'Public URLs not reachable',
        description: 'Public URLs whose last probe failed. Visitors most likely see the same.',
        queries: [
          { expr: 'count(max by (instance) (probe_success{job="blackbox-http"}) == 0) or vector(0)', legend: 'URLs' },
        ],
      }),
    ],
    [activeAlerts('infrastructure')],
  ],
};

/** The monitoring platform at a glance. */
export const monitoringOverview: Section = {
  title: 'Overview',
  lines: [
    [
      statusStat({
        title: 'Watchdog',
        description:
          'The alert that always fires, so that silence is noticed. When it does not fire, Prometheus evaluates no rules.',
        states: { 0: 'Silent', 1: 'Firing' },
        queries: [{ expr: 'max(ALERTS{alertname="Watchdog", alertstate="firing"}) or vector(0)', legend: 'Watchdog' }],
      }),
      stat({
        title: 'Watchdog firing for',
        description:
          'Time since Watchdog began to fire in this Prometheus. It starts anew when the process does, so a small number is a restart.',
        unit: DurationSeconds,
        noValue: 'Silent',
        queries: [{ expr: 'time() - max(ALERTS_FOR_STATE{alertname="Watchdog"})', legend: 'Watchdog' }],
      }),
      stat({
        title: 'Prometheus replicas ready',
        description: 'Replicas that have replayed their write-ahead log and answer queries. With none, nothing alerts.',
        unit: Short,
        noValue: '0',
        queries: [{ expr: 'sum(prometheus_ready{job="prometheus"})', legend: 'Replicas' }],
      }),
      stat({
        title: 'Alertmanager members up',
        description: 'Members that answer their scrapes. With none, nobody is notified.',
        unit: Short,
        noValue: '0',
        queries: [{ expr: 'sum(max by (namespace, pod) (up{job="alertmanager"}))', legend: 'Members' }],
      }),
      statusStat({
        title: 'Grafana',
        description: 'Whether Grafana answers its scrapes. Alerting does not depend on it.',
        states: { 0: 'Down', 1: 'Up' },
        queries: [{ expr: 'max(up{job="grafana"}) or vector(0)', legend: 'Grafana' }],
      }),
      faultCount({
        title: 'Targets down',
        description: 'Targets whose last scrape failed. Alerts and panels about them are blind.',
        queries: [{ expr: 'count(up == 0) or vector(0)', legend: 'Targets' }],
      }),
    ],
    [activeAlerts('meta')],
  ],
};
