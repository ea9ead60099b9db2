import { PercentUnit, RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { type Section, timeSeries } from '../kit';

/** The Kubernetes API, and the kubelets that carry out what it says. */
export const kubernetesApi: Section = {
  title: 'Kubernetes API',
  lines: [
    [
      timeSeries({
        title: 'API requests',
        description: 'Requests that the API servers answered, by the code of the answer.',
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
        description: 'Share of the answers that are 5xx. Deployments, autoscaling and controllers fail or try again.',
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
          '99th percentile of requests by verb, without those that last by design. One second is the objective of Kubernetes.',
        unit: Seconds,
        limit: { alert: 'KubernetesAPISlow', value: 1 },
        queries: [{ expr: 'verb:apiserver_request_sli_duration_seconds:p99_rate5m', legend: '{{verb}}' }],
      }),
      timeSeries({
        title: 'API requests rejected',
        description:
          'Requests that were turned away with 429, by priority level. Their clients back off and fall behind.',
        unit: RequestsPerSecond,
        limit: { alert: 'KubernetesAPIThrottling', value: 0.1 },
        queries: [
          { expr: 'priority_level:apiserver_flowcontrol_rejected_requests:rate5m', legend: '{{priority_level}}' },
        ],
      }),
      timeSeries({
        title: 'Kubelet relist',
        description:
          "99th percentile of the kubelet's question to the container runtime what runs. A slow runtime starts and stops pods late.",
        unit: Seconds,
        limit: { alert: 'KubeletPLEGSlow', value: 5 },
        queries: [{ expr: 'node:kubelet_pleg_relist_duration_seconds:p99_rate5m{node=~"$node"}', legend: '{{node}}' }],
      }),
    ],
  ],
};
