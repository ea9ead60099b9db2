import { BytesIEC, CountsPerSecond, PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import { type Query, type Section, stateTimeline, timeSeries } from '../kit';

/** Failures of the database on disk, by what fails. */
const STORAGE_FAILURES = {
  compactions: 'prometheus_tsdb_compactions_failed_total',
  'block loads': 'prometheus_tsdb_reloads_failures_total',
  'write-ahead log corruptions': 'prometheus_tsdb_wal_corruptions_total',
};

const CONFIGURED = [
  'prometheus_config_last_reload_successful',
  'alertmanager_config_last_reload_successful',
  'blackbox_exporter_config_last_reload_successful',
];

/** A measure of each replica. */
function ofEachReplica(metric: string, legend = '{{pod}}'): Query {
  return { expr: `max by (pod) (${metric}{job="prometheus"})`, legend };
}

/** The name of a group without the path of its file. */
function byRuleGroup(expr: string): Query {
  return { expr: `label_replace(${expr}, "group", "$1", "rule_group", ".*;(.*)")`, legend: '{{pod}} {{group}}' };
}

/** Prometheus: what it holds, what it judges, and how close it is to its limits. */
export const prometheus: Section = {
  title: 'Prometheus',
  lines: [
    [
      timeSeries({
        title: 'Series in the head',
        description:
          'Series of the last hours, which are held in memory. A jump is a new source, or a label with too many values.',
        unit: Short,
        queries: [ofEachReplica('prometheus_tsdb_head_series')],
      }),
      timeSeries({
        title: 'Samples ingested',
        description: 'Samples that were appended. At zero a replica judges old data, then none.',
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
          'Queries that run or wait, as a share of those that may run. Rules wait in the same queue as dashboards.',
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
          'Duration of the last evaluation of each group as a share of its interval, the ten slowest. From 100% on iterations are skipped.',
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
          'Evaluations that failed within each step of the graph, by group. The alerts of such a group may be blind.',
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
          'Whether the last reload succeeded. A server that rejects its configuration runs on the old one and will not survive a restart.',
        states: { 0: 'Rejected', 1: 'Loaded' },
        queries: CONFIGURED.map((metric) => ({ expr: `min by (pod) (${metric})`, legend: '{{pod}}' })),
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
          'Compactions and block loads that failed and damage in the write-ahead log, within each step of the graph. None is expected.',
        unit: Short,
        queries: Object.entries(STORAGE_FAILURES).map(([what, metric]) => ({
          expr: `sum by (pod) (increase(${metric}{job="prometheus"}[$__rate_interval]))`,
          legend: `{{pod}} ${what}`,
        })),
      }),
      timeSeries({
        title: 'Prometheus memory of its limit',
        description:
          'Anonymous memory as a share of the limit; mapped blocks, which the kernel can take back, are not counted. At the limit it is killed.',
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
