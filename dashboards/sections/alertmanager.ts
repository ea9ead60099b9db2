import { CountsPerSecond, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { type Section, timeSeries } from '../kit';

/** The path of an alert from Prometheus to people. */
export const alertmanager: Section = {
  title: 'Notifications',
  lines: [
    [
      timeSeries({
        title: 'Alerts sent to Alertmanager',
        description: 'Alerts that each Prometheus sent to each member. Every member must receive every alert.',
        unit: CountsPerSecond,
        queries: [
          {
            expr: 'sum by (pod, alertmanager) (rate(prometheus_notifications_sent_total{job="prometheus"}[$__rate_interval]))',
            legend: '{{pod}} to {{alertmanager}}',
          },
        ],
      }),
      timeSeries({
        title: 'Alerts not sent to Alertmanager',
        description:
          'Share of the alerts that a Prometheus could not send to a member. They still arrive while another member receives them.',
        unit: PercentUnit,
        limit: { alert: 'PrometheusNotificationsFailing', value: 0.1 },
        queries: [
          {
            expr: 'pod_alertmanager:prometheus_notifications_errors:ratio_rate5m',
            legend: '{{pod}} to {{alertmanager}}',
          },
        ],
      }),
      timeSeries({
        title: 'Alertmanager members',
        description:
          'Members that each member sees, and members that are up. Members that do not see each other send duplicates.',
        unit: Short,
        queries: [
          { expr: 'max by (pod) (alertmanager_cluster_members)', legend: 'seen by {{pod}}' },
          { expr: 'sum(max by (namespace, pod) (up{job="alertmanager"}))', legend: 'up' },
        ],
      }),
    ],
    [
      timeSeries({
        title: 'Alerts in Alertmanager',
        description: 'Alerts in Alertmanager, by state. Suppressed alerts are silenced or inhibited and reach nobody.',
        unit: Short,
        queries: [{ expr: 'max by (state) (alertmanager_alerts)', legend: '{{state}}' }],
      }),
      timeSeries({
        title: 'Notifications',
        description: 'Notifications attempted within each step of the graph, by channel.',
        unit: Short,
        noValue: 'No notification was attempted',
        queries: [
          {
            // Alertmanager has a counter for every type of channel, even for those that no receiver uses.
            expr: `
              sum by (integration) (increase(alertmanager_notifications_total[$__rate_interval]))
              and sum by (integration) (alertmanager_notifications_total) > 0`,
            legend: '{{integration}}',
          },
        ],
      }),
    ],
    [
      timeSeries({
        title: 'Notifications failed',
        description:
          'Share of the notifications that failed after their retries, by channel, over 15 minutes. They reached nobody.',
        unit: PercentUnit,
        limit: { alert: 'AlertmanagerNotificationsFailing', value: 0.05 },
        noValue: 'No notification was attempted',
        queries: [
          {
            expr: 'namespace_integration:alertmanager_notifications_failed:ratio_rate15m',
            legend: '{{integration}}',
          },
        ],
      }),
      timeSeries({
        title: 'Notification latency',
        description:
          '95th percentile of the duration of an attempt, by channel, over 15 minutes. Slow channels delay alerts.',
        unit: Seconds,
        limit: { alert: 'AlertmanagerNotificationsSlow', value: 10 },
        noValue: 'No notification was attempted',
        queries: [
          {
            expr: 'namespace_integration:alertmanager_notification_latency_seconds:p95_rate15m',
            legend: '{{integration}}',
          },
        ],
      }),
    ],
  ],
};
