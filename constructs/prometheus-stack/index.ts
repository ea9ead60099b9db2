export { PLATFORMS, type Platform, topicsHiddenBy } from './platform';
export {
  type FileDiscovery,
  PROMETHEUS_DEFAULTS,
  Prometheus,
  type PrometheusProps,
  type ScrapeJobSettings,
} from './prometheus';
export type { ProbedUrl } from './prometheus-checks';
export type { PrometheusConfig, RelabelConfig, ScrapeConfig } from './prometheus-config';
export { type AnnotatedApplication, PrometheusStack, type PrometheusStackProps } from './prometheus-stack';
export type { RemoteWrite } from './remote-write';
export type { ConfigMapKey, ScrapeBasicAuth, ScrapeCredentials, ScrapeTls } from './scrape-credentials';
export { type PrometheusLoad, type PrometheusSize, sizePrometheus } from './sizing';
