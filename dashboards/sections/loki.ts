import { BytesPerSecondSI, DurationSeconds, PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import { type Section, timeSeries } from '../kit';

/** Loki, which stores lines and evaluates the rules over them. */
export const loki: Section = {
  title: 'Loki',
  lines: [
    [
      timeSeries({
        title: 'Lines received',
        description: 'Bytes of lines that Loki takes in, by pod. Zero means that no agent reaches it.',
        unit: BytesPerSecondSI,
        noValue: 'No line arrived',
        queries: [
          {
            expr: 'sum by (pod) (rate(loki_distributor_bytes_received_total[$__rate_interval]))',
            legend: '{{pod}}',
          },
        ],
      }),
      timeSeries({
        title: 'Lines discarded',
        description: 'Lines that Loki refused within each step of the graph, by reason. They are lost.',
        unit: Short,
        noValue: 'No line was discarded',
        queries: [
          { expr: 'sum by (reason) (increase(loki_discarded_samples_total[$__rate_interval]))', legend: '{{reason}}' },
        ],
      }),
      timeSeries({
        title: 'Active streams',
        description: 'Combinations of index labels that had a line of late. Beyond its limit, Loki refuses new ones.',
        unit: Short,
        limit: { alert: 'LokiStreamsNearLimit', value: 4000 },
        queries: [{ expr: 'sum by (pod) (loki_ingester_memory_streams)', legend: '{{pod}}' }],
      }),
    ],
    [
      timeSeries({
        title: 'Failed requests',
        description: 'Share of the requests to each route that Loki answered with an error of its own.',
        unit: PercentUnit,
        limit: { alert: 'LokiRequestErrors', value: 0.1 },
        noValue: 'No request failed',
        queries: [
          {
            expr: `
              sum by (route) (rate(loki_request_duration_seconds_count{status_code=~"5.."}[$__rate_interval]))
              / (sum by (route) (rate(loki_request_duration_seconds_count[$__rate_interval])) > 0)`,
            legend: '{{route}}',
          },
        ],
      }),
      timeSeries({
        title: 'Time of evaluations',
        description: 'How long the last evaluation of each group of rules took. Beyond its interval, rules are late.',
        unit: DurationSeconds,
        queries: [
          {
            expr: 'max by (rule_group) (loki_prometheus_rule_group_last_duration_seconds)',
            legend: '{{rule_group}}',
          },
        ],
      }),
      timeSeries({
        title: 'Time since the retention ran',
        description: 'Time since the compactor last deleted what is too old. It grows while deleting fails.',
        unit: DurationSeconds,
        limit: { alert: 'LokiRetentionStopped', value: 14_400 },
        queries: [
          {
            expr: 'time() - max by (namespace) (loki_compactor_apply_retention_last_successful_run_timestamp_seconds)',
            legend: '{{namespace}}',
          },
        ],
      }),
    ],
  ],
};
