import { PercentUnit } from '@grafana/grafana-foundation-sdk/units';
import { type Section, stateTimeline, timeSeries } from '../kit';

/** Series with the namespaces of the platform: Prometheus runs in one, and the node agents in the other. */
const PLATFORM_NAMESPACES = 'up{job=~"prometheus|node-exporter"}';

/**
 * Every target of the platform. Targets of kube-state-metrics have no namespace: the label names that of the object.
 */
const PLATFORM_TARGETS = `(up and on (namespace) ${PLATFORM_NAMESPACES}) or up{job="kube-state-metrics"}`;

/** The platform's own pods. */
export const platform: Section = {
  title: 'Platform',
  lines: [
    [
      stateTimeline({
        title: 'Platform jobs up',
        description:
          'Whether all targets of the job answer. While an exporter is down, all of its metrics are missing.',
        states: { 0: 'Down', 1: 'Up' },
        queries: [{ expr: `min by (job) (${PLATFORM_TARGETS})`, legend: '{{job}}' }],
      }),
      timeSeries({
        title: 'Data source errors in Grafana',
        description:
          "Share of Grafana's queries that failed, by type of data source. Invalid queries typed by people count too.",
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
              and on (namespace) ${PLATFORM_NAMESPACES}`,
            legend: '{{pod}} {{container}}',
          },
        ],
      }),
    ],
  ],
};
