/** Objects of `dist/` that the controls break. */
export const ALERTMANAGER = 'StatefulSet sightedit-monitoring/alertmanager';
export const PROMETHEUS = 'StatefulSet sightedit-monitoring/prometheus';
export const LOKI = 'StatefulSet sightedit-monitoring/loki';
export const GRAFANA = 'Deployment sightedit-monitoring/grafana';
export const KUBE_STATE_METRICS = 'Deployment sightedit-monitoring/kube-state-metrics';
export const BLACKBOX_EXPORTER = 'Deployment sightedit-monitoring/blackbox-exporter';
export const REDIS_EXPORTER = 'Deployment sightedit-monitoring/redis-exporter';
export const REMEDIATION_WEBHOOK = 'Deployment sightedit-monitoring/remediation-webhook';
export const NODE_EXPORTER = 'DaemonSet sightedit-monitoring-node/node-exporter';

export const ALERTMANAGER_CONFIG = 'ConfigMap sightedit-monitoring/alertmanager-config';
export const ALERTMANAGER_TEMPLATES = 'ConfigMap sightedit-monitoring/alertmanager-templates';
export const BLACKBOX_CONFIG = 'ConfigMap sightedit-monitoring/blackbox-exporter';
export const PROMETHEUS_CONFIG = 'ConfigMap sightedit-monitoring/prometheus-config';
export const GRAFANA_CONFIG = 'ConfigMap sightedit-monitoring/grafana-config';
export const DATA_SOURCES = 'ConfigMap sightedit-monitoring/grafana-datasources';

/** The Service of a workload. */
export function serviceOf(workload: string): string {
  return workload.replace(/^\w+/, 'Service');
}

/** The NetworkPolicy of a workload. */
export function policyOf(workload: string): string {
  return workload.replace(/^\w+/, 'NetworkPolicy');
}
