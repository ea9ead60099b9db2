import { DurationSeconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { activeAlerts, faultCount, type Section, stat, statusStat } from '../kit';

/** The monitoring platform at a glance. */
export const monitoringOverview: Section = {
  title: 'Overview',
  lines: [
    [
      statusStat({
        title: 'Watchdog',
        description: 'The alert that always fires. If it does not fire, Prometheus evaluates no rules.',
        states: { 0: 'Silent', 1: 'Firing' },
        queries: [{ expr: 'max(ALERTS{alertname="Watchdog", alertstate="firing"}) or vector(0)', legend: 'Watchdog' }],
      }),
      stat({
        title: 'Watchdog firing for',
        description:
          'Time for which Watchdog has been firing in this Prometheus. It starts again with the process, so a small number means a restart.',
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
        description: 'Members that answer their scrapes. With none, no notification is sent.',
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
        description: 'Targets whose last scrape failed. Their alerts cannot fire, and their panels are empty.',
        queries: [{ expr: 'count(up == 0) or vector(0)', legend: 'Targets' }],
      }),
    ],
    [activeAlerts('meta')],
  ],
};
