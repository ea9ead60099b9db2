export { Grafana, type GrafanaDashboard, type GrafanaProps, type PrometheusSource } from './grafana';
export type { DataSource } from './grafana-config';
