export { PLATFORMS, type Platform } from './platform';
export {
  type FileDiscovery,
  Prometheus,
  type PrometheusProps,
  type RemoteWrite,
  type ScrapeJobSettings,
} from './prometheus';
export type { PrometheusConfig, RelabelConfig, ScrapeConfig } from './prometheus-config';
export { PrometheusStack, type PrometheusStackProps } from './prometheus-stack';
