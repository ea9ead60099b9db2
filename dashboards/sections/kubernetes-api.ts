import { PercentUnit, RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { type Section, timeSeries } from '../kit';

/** The Kubernetes API and the kubelets. */
export const kubernetesApi: Section = {
  title: 'Kubernetes API',
  lines: [
    [
      timeSeries({
        title: 'API requests',
        description: 'Requests to the API servers, by response code.',
        unit: RequestsPerSecond,
        queries: [
          {
            expr: 'sum by (code) (rate(apiserver_request_total{job="apiserver"}[$__rate_interval]))',
            legend: '{{code}}',
          },
        ],
      }),
      timeSeries({
        title: 'API errors',
        description: 'Share of 5xx responses. Deployments, autoscaling and controllers fail or retry.',
        unit: PercentUnit,
        limit: { alert: 'KubernetesAPIErrorsHigh', value: 0.03 },
        queries: [
          {
            expr: `
              sum(rate(apiserver_request_total{job="apiserver", code=~"5.."}[$__rate_interval]))
              / (sum(rate(apiserver_request_total{job="apiserver"}[$__rate_interval])) > 0)`,
            legend: '5xx',
          },
        ],
      }),
    ],
    [
      timeSeries({
        title: 'API latency',
        description:
          '99th percentile by verb, without long-running requests such as watches. The objective of Kubernetes is one second.',
        unit: Seconds,
        limit: { alert: 'KubernetesAPISlow', value: 1 },
        queries: [{ expr: 'verb:apiserver_request_sli_duration_seconds:p99_rate5m', legend: '{{verb}}' }],
      }),
      timeSeries({
        title: 'API requests rejected',
        description: 'Requests rejected with 429, by priority level. Their clients back off and fall behind.',
        unit: RequestsPerSecond,
        limit: { alert: 'KubernetesAPIThrottling', value: 0.1 },
        queries: [
          { expr: 'priority_level:apiserver_flowcontrol_rejected_requests:rate5m', legend: '{{priority_level}}' },
        ],
      }),
      timeSeries({
        title: 'Kubelet relist',
        description:
          '99th percentile of the time in which the container runtime lists its pods. A slow runtime starts and stops pods late.',
        unit: Seconds,
        limit: { alert: 'KubeletPLEGSlow', value: 5 },
        queries: [{ expr: 'node:kubelet_pleg_relist_duration_seconds:p99_rate5m{node=~"$node"}', legend: '{{node}}' }],
      }),
    ],
  ],
};
