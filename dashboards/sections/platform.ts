import { PercentUnit } from '@grafana/grafana-foundation-sdk/units';
import { type Section, stateTimeline, timeSeries } from '../kit';

/** Scrape jobs of the platform's own pods. */
const EXPORTERS = 'blackbox-exporter|kube-state-metrics|node-exporter|redis-exporter';
const PLATFORM = `alertmanager|grafana|prometheus|${EXPORTERS}`;

/** The platform's other pods: Grafana and the exporters. */
export const platform: Section = {
  title: 'Grafana and exporters',
  lines: [
    [
      stateTimeline({
        title: 'Grafana and exporters up',
        description:
          'Whether all targets of the job answer. Without an exporter everything that it measures is missing.',
        states: { 0: 'Down', 1: 'Up' },
        queries: [{ expr: `min by (job) (up{job=~"grafana|${EXPORTERS}"})`, legend: '{{job}}' }],
      }),
      timeSeries({
        title: 'Data source errors in Grafana',
        description:
          "Share of Grafana's queries that failed, by type of data source. Wrong queries typed by people count too.",
        unit: PercentUnit,
        limit: { alert: 'GrafanaDataSourceErrors', value: 0.5 },
        noValue: 'No query was made',
        queries: [
          {
            expr: `
              sum by (plugin_id) (rate(grafana_plugin_request_total{endpoint=~"query(Chunked)?Data", status="error"}[$__rate_interval]))
              / (sum by (plugin_id) (rate(grafana_plugin_request_total{endpoint=~"query(Chunked)?Data"}[$__rate_interval])) > 0)`,
            legend: '{{plugin_id}}',
          },
        ],
      }),
      timeSeries({
        title: 'Memory of its limit',
        description:
          "Working set of each of the platform's containers as a share of its limit. At the limit the kernel kills it.",
        unit: PercentUnit,
        limit: { alert: 'ContainerMemoryNearLimit', value: 0.9 },
        queries: [
          {
            expr: `
              max by (namespace, pod, container) (container_memory_working_set_bytes{job="cadvisor", container!=""})
              / (max by (namespace, pod, container) (kube_pod_container_resource_limits{resource="memory"}) > 0)
              and on (namespace, pod) max by (namespace, pod) (up{job=~"${PLATFORM}"})`,
            legend: '{{pod}} {{container}}',
          },
        ],
      }),
    ],
  ],
};
