import type { Connection } from '../kit';
import type { KubernetesSdConfig, RelabelConfig, ScrapeConfig, ScrapeLimits } from './prometheus-config';

/** Limits of a job that states none of its own. */
export const DEFAULT_LIMITS: ScrapeLimits = {
  sample_limit: 20_000,
  label_limit: 40,
  label_name_length_limit: 128,
  label_value_length_limit: 1024,
  target_limit: 500,
};

/** Files of the pod's own ServiceAccount. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const AUTHORIZATION = { credentials_file: `${SERVICE_ACCOUNT}/token` };
const CLUSTER_CA = { ca_file: `${SERVICE_ACCOUNT}/ca.crt` };

const META = '__meta_kubernetes';

/** A copy of one label into another. */
export function copyLabel(from: string, to: string): RelabelConfig {
  return { source_labels: [from], target_label: to };
}

/** Keeps targets whose label matches. */
export function keepIf(label: string, regex: string): RelabelConfig {
  return { source_labels: [label], regex, action: 'keep' };
}

/** Metrics of the platform's own components and of anything behind a Service. */
export function serviceJob(job: string, service: NonNullable<Connection['service']>): ScrapeConfig {
  return {
    job_name: job,
    kubernetes_sd_configs: [discovery('endpointslice', service.namespace)],
    relabel_configs: [
      keepIf(`${META}_service_name`, service.name),
      keepIf(`${META}_endpointslice_port_name`, service.portName),
      ...podLabels(),
      copyLabel(`${META}_service_name`, 'service'),
    ],
  };
}

/** Metrics of the kubelet or of the container metrics that it serves. */
export function kubeletJob(job: string, path: string): ScrapeConfig {
  return {
    job_name: job,
    scheme: 'https',
    metrics_path: path,
    authorization: AUTHORIZATION,
    // Kubelets sign their serving certificates themselves unless the cluster rotates them through the API.
    tls_config: { ...CLUSTER_CA, insecure_skip_verify: true },
    kubernetes_sd_configs: [{ role: 'node' }],
    relabel_configs: [copyLabel(`${META}_node_name`, 'node'), copyLabel(`${META}_node_name`, 'instance')],
  };
}

/** Metrics of the API server, each of its replicas. */
export function apiServerJob(service: NonNullable<Connection['service']>): ScrapeConfig {
  return {
    ...serviceJob('apiserver', service),
    scheme: 'https',
    authorization: AUTHORIZATION,
    tls_config: { ...CLUSTER_CA, server_name: 'kubernetes' },
    // The replicas are addresses without pods.
    relabel_configs: [
      keepIf(`${META}_service_name`, service.name),
      keepIf(`${META}_endpointslice_port_name`, service.portName),
    ],
  };
}

/** A component of a self-managed control plane, found by the label that kubeadm gives its static pods. */
export function controlPlaneJob(job: string, port: number, scheme: 'http' | 'https'): ScrapeConfig {
  return {
    job_name: job,
    scheme,
    ...(scheme === 'https'
      ? { authorization: AUTHORIZATION, tls_config: { ...CLUSTER_CA, insecure_skip_verify: true } }
      : {}),
    kubernetes_sd_configs: [
      { ...discovery('pod', 'kube-system'), selectors: [{ role: 'pod', label: `component=${job}` }] },
    ],
    relabel_configs: [
      { source_labels: [`${META}_pod_ip`], regex: '(.+)', target_label: '__address__', replacement: `$1:${port}` },
      copyLabel(`${META}_pod_name`, 'pod'),
      copyLabel(`${META}_pod_node_name`, 'node'),
    ],
  };
}

/** The application's pods that ask to be scraped with `prometheus.io/*` annotations. */
export function annotatedPodsJob(job: string, namespace: string): ScrapeConfig {
  return {
    job_name: job,
    kubernetes_sd_configs: [discovery('pod', namespace)],
    relabel_configs: [
      keepIf(`${META}_pod_annotation_prometheus_io_scrape`, 'true'),
      // Init containers, and pods that have ended, answer on no port.
      { source_labels: [`${META}_pod_container_init`], regex: 'true', action: 'drop' },
      { source_labels: [`${META}_pod_phase`], regex: 'Succeeded|Failed', action: 'drop' },
      // A pod is discovered once for each port that it declares; with the same address the copies become one target.
      {
        source_labels: [`${META}_pod_ip`, `${META}_pod_annotation_prometheus_io_port`],
        regex: '(.+);(\\d+)',
        target_label: '__address__',
        replacement: '$1:$2',
      },
      ...annotatedPath(`${META}_pod_annotation`),
      ...podLabels(),
    ],
  };
}

/** The application's Services that ask to be scraped, where their pods do not ask themselves. */
export function annotatedServicesJob(job: string, namespace: string): ScrapeConfig {
  return {
    job_name: job,
    kubernetes_sd_configs: [discovery('endpointslice', namespace)],
    relabel_configs: [
      keepIf(`${META}_service_annotation_prometheus_io_scrape`, 'true'),
      { source_labels: [`${META}_pod_annotation_prometheus_io_scrape`], regex: 'true', action: 'drop' },
      // The annotated port, where there is one; the copies for other ports become the same target.
      {
        source_labels: ['__address__', `${META}_service_annotation_prometheus_io_port`],
        regex: '([^:]+)(?::\\d+)?;(\\d+)',
        target_label: '__address__',
        replacement: '$1:$2',
      },
      ...annotatedPath(`${META}_service_annotation`),
      ...podLabels(),
      copyLabel(`${META}_service_name`, 'service'),
    ],
  };
}

/** Targets that are read from files, for what the cluster does not know. */
export function fileJob(job: string, files: string): ScrapeConfig {
  return { job_name: job, file_sd_configs: [{ files: [files], refresh_interval: '1m' }] };
}

/** Probes of URLs through the blackbox exporter: the URL is the instance. */
export function probeJob(job: string, exporterAddress: string, module: string, urls: readonly string[]): ScrapeConfig {
  return {
    job_name: job,
    metrics_path: '/probe',
    params: { module: [module] },
    scrape_interval: '30s',
    static_configs: [{ targets: urls }],
    relabel_configs: [
      copyLabel('__address__', '__param_target'),
      copyLabel('__param_target', 'instance'),
      { target_label: '__address__', replacement: exporterAddress },
    ],
  };
}

/** The job with the limits that it does not state itself. */
export function withLimits(job: ScrapeConfig): ScrapeConfig {
  return { ...DEFAULT_LIMITS, ...job };
}

/** The job without the series that nobody reads. What Prometheus adds to a scrape, such as `up`, is always kept. */
export function keeping(job: ScrapeConfig, names: readonly string[] | undefined): ScrapeConfig {
  if (names === undefined) {
    return job;
  }
  const rule: RelabelConfig =
    names.length > 0
      ? { source_labels: ['__name__'], regex: names.join('|'), action: 'keep' }
      : { source_labels: ['__name__'], action: 'drop' };
  return { ...job, metric_relabel_configs: [...(job.metric_relabel_configs ?? []), rule] };
}

function discovery(role: KubernetesSdConfig['role'], namespace: string): KubernetesSdConfig {
  return { role, namespaces: { names: [namespace] } };
}

function podLabels(): RelabelConfig[] {
  return [
    copyLabel(`${META}_namespace`, 'namespace'),
    copyLabel(`${META}_pod_name`, 'pod'),
    copyLabel(`${META}_pod_node_name`, 'node'),
    copyLabel(`${META}_pod_label_app_kubernetes_io_component`, 'component'),
  ];
}

function annotatedPath(prefix: string): RelabelConfig[] {
  return [{ source_labels: [`${prefix}_prometheus_io_path`], regex: '(.+)', target_label: '__metrics_path__' }];
}
