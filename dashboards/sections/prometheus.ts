import { BytesIEC, CountsPerSecond, PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import { type Query, type Section, stateTimeline, timeSeries } from '../kit';

/** Counters of failures of the database on disk. */
const STORAGE_FAILURES = {
  compactions: 'prometheus_tsdb_compactions_failed_total',
  'block loads': 'prometheus_tsdb_reloads_failures_total',
  'write-ahead log corruptions': 'prometheus_tsdb_wal_corruptions_total',
};

/** One gauge per server that reloads its configuration. */
const CONFIG_RELOADS = [
  'prometheus_config_last_reload_successful',
  'alertmanager_config_last_reload_successful',
  'blackbox_exporter_config_last_reload_successful',
];

/** The value of a metric at each replica. */
function ofEachReplica(metric: string, legend = '{{pod}}'): Query {
  return { expr: `max by (pod) (${metric}{job="prometheus"})`, legend };
}

/** Adds the label `group`: the name of the rule group without the path of its file. */
function byRuleGroup(expr: string): Query {
  return { expr: `label_replace(${expr}, "group", "$1", "rule_group", ".*;(.*)")`, legend: '{{pod}} {{group}}' };
}

/** Prometheus: its series, its rules, and how close it is to its limits. */
export const prometheus: Section = {
  title: 'Prometheus',
  lines: [
    [
      timeSeries({
        title: 'Series in the head',
        description:
          'Series of the last hours, which are in memory. A jump means a new target, or a label with too many values.',
        unit: Short,
        queries: [ofEachReplica('prometheus_tsdb_head_series')],
      }),
      timeSeries({
        title: 'Samples ingested',
        description: 'Appended samples. At zero, a replica evaluates its rules on old data, and soon on none.',
        unit: CountsPerSecond,
        queries: [
          {
            expr: 'sum by (pod) (rate(prometheus_tsdb_head_samples_appended_total{job="prometheus"}[$__rate_interval]))',
            legend: '{{pod}}',
          },
        ],
      }),
      timeSeries({
        title: 'Queries of the concurrency limit',
        description:
          'Running and waiting queries, as a share of the limit. Rules wait in the same queue as dashboards.',
        unit: PercentUnit,
        limit: { alert: 'PrometheusQueryLoadHigh', value: 0.8 },
        queries: [
          {
            expr: `
              max by (pod) (prometheus_engine_queries{job="prometheus"})
              / max by (pod) (prometheus_engine_queries_concurrent_max{job="prometheus"})`,
            legend: '{{pod}}',
          },
        ],
      }),
    ],
    [
      timeSeries({
        title: 'Rule evaluation of its interval',
        description:
          'Duration of the last evaluation as a share of its interval, for the ten slowest groups. From 100% on, evaluations are skipped.',
        unit: PercentUnit,
        limit: { alert: 'PrometheusRuleEvaluationSlow', value: 0.8 },
        queries: [
          byRuleGroup(`
            topk(10,
              max by (pod, rule_group) (prometheus_rule_group_last_duration_seconds{job="prometheus"})
              / max by (pod, rule_group) (prometheus_rule_group_interval_seconds{job="prometheus"})
            )`),
        ],
      }),
      timeSeries({
        title: 'Rule failures',
        description:
          'Evaluations that failed within each step of the graph, by group. Alerts of such a group may not fire.',
        unit: Short,
        noValue: 'No rule fails',
        queries: [
          byRuleGroup(`
            sum by (pod, rule_group) (
              increase(prometheus_rule_evaluation_failures_total{job="prometheus"}[$__rate_interval])
            ) > 0`),
        ],
      }),
      stateTimeline({
        title: 'Configuration reloads',
        description:
          'Whether the last reload succeeded. A server that rejects its configuration keeps the old one and will not start again.',
        states: { 0: 'Rejected', 1: 'Loaded' },
        queries: CONFIG_RELOADS.map((metric) => ({ expr: `min by (pod) (${metric})`, legend: '{{pod}}' })),
      }),
    ],
    [
      timeSeries({
        title: 'Storage used',
        description: 'Blocks and write-ahead log of each replica on disk. The log grows when compaction fails.',
        unit: BytesIEC,
        queries: [
          ofEachReplica('prometheus_tsdb_storage_blocks_bytes', '{{pod}} blocks'),
          ofEachReplica('prometheus_tsdb_wal_storage_size_bytes', '{{pod}} write-ahead log'),
        ],
      }),
      timeSeries({
        title: 'Storage failures',
        description:
          'Failed compactions, failed block loads and corruptions of the write-ahead log, within each step of the graph. None is expected.',
        unit: Short,
        queries: Object.entries(STORAGE_FAILURES).map(([what, metric]) => ({
          expr: `sum by (pod) (increase(${metric}{job="prometheus"}[$__rate_interval]))`,
          legend: `{{pod}} ${what}`,
        })),
      }),
      timeSeries({
        title: 'Prometheus memory of its limit',
        description:
          'Anonymous memory as a share of the limit, without mapped blocks, which the kernel can reclaim. At the limit the kernel kills Prometheus.',
        unit: PercentUnit,
        limit: { alert: 'PrometheusMemoryNearLimit', value: 0.8 },
        queries: [
          {
            expr: `
              max by (pod) (container_memory_rss{job="cadvisor", container="prometheus"})
              / max by (pod) (kube_pod_container_resource_limits{container="prometheus", resource="memory"})`,
            legend: '{{pod}}',
          },
        ],
      }),
    ],
  ],
};
