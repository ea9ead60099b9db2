import type { Connection } from '../kit';
import type { KubernetesSdConfig, RelabelConfig, ScrapeConfig, ScrapeLimits } from './prometheus-config';

/** Limits of a job that sets none. */
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

/** Drops targets whose label matches. */
export function dropIf(label: string, regex: string): RelabelConfig {
  return { source_labels: [label], regex, action: 'drop' };
}

/** Rules that make the address of a target from its pod's, and from a port in a label. IPv6 needs brackets. */
function podAddress(portLabel: string): RelabelConfig[] {
  const source_labels = [`${META}_pod_ip`, portLabel];
  return [
    { source_labels, regex: '([^:;]+);(\\d+)', target_label: '__address__', replacement: '$1:$2' },
    { source_labels, regex: '(.*:.*);(\\d+)', target_label: '__address__', replacement: '[$1]:$2' },
  ];
}

/**
 * Metrics of the pods behind a Service. Of a Service with two address families, Prometheus takes the primary one only:
 * https://github.com/prometheus/prometheus/pull/18192
 */
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

/** Metrics that the kubelet serves: its own, or those of containers. */
export function kubeletJob(job: string, path: string): ScrapeConfig {
  return {
    job_name: job,
    scheme: 'https',
    metrics_path: path,
    authorization: AUTHORIZATION,
    // Kubelets sign their serving certificates themselves, unless `serverTLSBootstrap` is on:
    // https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/#kubelet-serving-certs
    tls_config: { ...CLUSTER_CA, insecure_skip_verify: true },
    kubernetes_sd_configs: [{ role: 'node' }],
    relabel_configs: [
      // Nodes by name only, whose kubelet pods cannot reach:
      // https://docs.aws.amazon.com/eks/latest/userguide/fargate.html
      dropIf(`${META}_node_label_eks_amazonaws_com_compute_type`, 'fargate'),
      dropIf(`${META}_node_label_type`, 'virtual-kubelet'),
      copyLabel(`${META}_node_name`, 'node'),
      copyLabel(`${META}_node_name`, 'instance'),
    ],
  };
}

/** Metrics of every replica of the API server. */
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

/** A component of a self-managed control plane, found by the label of kubeadm's static pods. */
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
      { source_labels: [`${META}_pod_ip`], regex: '([^:]+)', target_label: '__address__', replacement: `$1:${port}` },
      { source_labels: [`${META}_pod_ip`], regex: '(.*:.*)', target_label: '__address__', replacement: `[$1]:${port}` },
      copyLabel(`${META}_pod_name`, 'pod'),
      copyLabel(`${META}_pod_node_name`, 'node'),
    ],
  };
}

/** The application's pods with `prometheus.io/scrape: "true"`. */
export function annotatedPodsJob(job: string, namespace: string): ScrapeConfig {
  return {
    job_name: job,
    kubernetes_sd_configs: [discovery('pod', namespace)],
    relabel_configs: [
      keepIf(`${META}_pod_annotation_prometheus_io_scrape`, 'true'),
      // Init containers and finished pods do not answer.
      { source_labels: [`${META}_pod_container_init`], regex: 'true', action: 'drop' },
      { source_labels: [`${META}_pod_phase`], regex: 'Succeeded|Failed', action: 'drop' },
      // Discovery finds a pod once for each declared port. With the same address, the copies become one target.
      ...podAddress(`${META}_pod_annotation_prometheus_io_port`),
      ...annotatedPath(`${META}_pod_annotation`),
      ...podLabels(),
    ],
  };
}

/** The application's Services with `prometheus.io/scrape: "true"`, except pods that have the annotation themselves. */
export function annotatedServicesJob(job: string, namespace: string): ScrapeConfig {
  return {
    job_name: job,
    kubernetes_sd_configs: [discovery('endpointslice', namespace)],
    relabel_configs: [
      keepIf(`${META}_service_annotation_prometheus_io_scrape`, 'true'),
      { source_labels: [`${META}_pod_annotation_prometheus_io_scrape`], regex: 'true', action: 'drop' },
      // The annotated port, if there is one. The copies for other ports become the same target.
      {
        source_labels: ['__address__', `${META}_service_annotation_prometheus_io_port`],
        regex: '(\\[[^\\]]+\\]|[^:]+)(?::\\d+)?;(\\d+)',
        target_label: '__address__',
        replacement: '$1:$2',
      },
      ...annotatedPath(`${META}_service_annotation`),
      ...podLabels(),
      copyLabel(`${META}_service_name`, 'service'),
    ],
  };
}

/** Targets from files, for servers outside the cluster. */
export function fileJob(job: string, files: string): ScrapeConfig {
  return { job_name: job, file_sd_configs: [{ files: [files], refresh_interval: '1m' }] };
}

/** Probes of URLs through the blackbox exporter. The label `instance` is the URL. */
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

/** The job with the default limits; its own take precedence. */
export function withLimits(job: ScrapeConfig): ScrapeConfig {
  return { ...DEFAULT_LIMITS, ...job };
}

/**
 * The job with the keep-list as its last relabelling of metrics. Series that Prometheus adds itself, such as `up`, are
 * not relabelled and always kept.
 *
 * @param names names of the series to keep; `undefined` keeps every series
 */
export function withKeepList(job: ScrapeConfig, names: readonly string[] | undefined): ScrapeConfig {
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
