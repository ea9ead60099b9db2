import { Credentials, type PrometheusProps } from '../../../constructs';
import type { Traces } from '../../support/props';

/** The fewest props of a Prometheus. */
export const MINIMAL = (): PrometheusProps => ({
  externalLabels: { cluster: 'demo' },
  externalUrl: 'https://prometheus.example.com',
});

/** Every prop of a Prometheus. */
export const FULL = (): Required<PrometheusProps> => ({
  name: 'metrics',
  externalLabels: { cluster: 'demo', region: 'mars-1' },
  externalUrl: 'https://metrics.example.com',
  replicas: 3,
  intervalSeconds: 20,
  retentionDays: 21,
  activeSeries: 1_000_000,
  storageSize: '400Gi',
  storageClass: 'fast',
  keep: (job) => (job === 'shop' ? ['demo_requests_total'] : undefined),
  limits: { target_limit: 750 },
  remoteWrites: [
    { url: 'https://mimir.example.com/push', cidrs: ['10.77.0.0/16'], keep: 'up|slo:.*', tokenKey: 'MIMIR_TOKEN' },
  ],
  credentials: new Credentials('metrics-credentials'),
  apiCidrs: ['10.43.0.0/16'],
  pod: { priorityClassName: 'metrics-first' },
  config: { global: { rule_query_offset: '45s' } },
  features: ['native-histogram-custom-buckets'],
});

/** What each prop of `FULL` leaves in the manifests of a server that scrapes a job `shop`. */
export const TRACES: Traces<PrometheusProps> = {
  name: 'name: metrics',
  externalLabels: 'region: mars-1',
  externalUrl: '--web.external-url=https://metrics.example.com',
  replicas: 'replicas: 3',
  intervalSeconds: 'scrape_interval: 20s',
  retentionDays: 'time: 21d',
  activeSeries: 'memory: 8448Mi',
  storageSize: 'storage: 400Gi',
  storageClass: 'storageClassName: fast',
  keep: 'regex: demo_requests_total',
  limits: 'target_limit: 750',
  remoteWrites: 'url: https://mimir.example.com/push',
  credentials: 'secretName: metrics-credentials',
  apiCidrs: 'cidr: 10.43.0.0/16',
  pod: 'priorityClassName: metrics-first',
  config: 'rule_query_offset: 45s',
  features: '--enable-feature=exemplar-storage,native-histogram-custom-buckets',
};
