export { Grafana, type GrafanaDashboard, type GrafanaProps } from './grafana';
export type { DataSource } from './grafana-config';
