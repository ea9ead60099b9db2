export { Grafana } from './grafana';
export type { DataSource, GrafanaSettings } from './grafana-config';
export type {
  DataSourceNames,
  GrafanaDashboard,
  GrafanaProps,
  JaegerSource,
  LokiSource,
  PrometheusNames,
  PrometheusSource,
} from './grafana-props';
