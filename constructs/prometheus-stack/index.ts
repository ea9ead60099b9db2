/** Every field of `prometheus.yml`, e.g. `PrometheusFile.EC2SdConfig`. */
export type * as PrometheusFile from '../../formats/generated/prometheus';
export { PLATFORMS, type Platform, topicsHiddenBy } from './platform';
export type { Probe } from './probes';
export { Prometheus } from './prometheus';
export type { ProbedUrl } from './prometheus-checks';
export type {
  AlertmanagerClient,
  PrometheusConfig,
  PrometheusSettings,
  RelabelConfig,
  RemoteWriteConfig,
  ScrapeConfig,
  ScrapeLimits,
} from './prometheus-config';
export {
  type FileDiscovery,
  type JobLimits,
  PROMETHEUS_DEFAULTS,
  type PrometheusProps,
  type ScrapeConfigOptions,
  type ScrapeJobSettings,
} from './prometheus-props';
export { type AnnotatedApplication, PrometheusStack, type PrometheusStackProps } from './prometheus-stack';
export type { RemoteWrite, RemoteWriteSettings } from './remote-write';
export type { ConfigMapKey, ScrapeBasicAuth, ScrapeCredentials, ScrapeTls } from './scrape-credentials';
export { type PrometheusLoad, type PrometheusSize, sizePrometheus } from './sizing';
export type { SystemPods } from './system-pods';
