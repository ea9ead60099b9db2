export {
  type DataSourceNames,
  Grafana,
  type GrafanaDashboard,
  type GrafanaProps,
  type PrometheusSource,
} from './grafana';
export type { DataSource, GrafanaSettings } from './grafana-config';
