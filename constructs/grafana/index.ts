export { Grafana } from './grafana';
export type { DataSource, GrafanaSettings } from './grafana-config';
export type { DataSourceNames, GrafanaDashboard, GrafanaProps, LokiSource, PrometheusSource } from './grafana-props';
