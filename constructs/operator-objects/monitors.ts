import type { RelabelConfig } from '../prometheus-stack';
import type { KubernetesSdConfig } from '../prometheus-stack/prometheus-config';
import { type AdoptedJob, adoptedJob, relabelingsIn } from './endpoint';
import type { SecretAccess } from './secrets';
import { copyRule, selectorIn, selectorRules } from './selector';
import type { Section, Source } from './source';
import { type Namespaces, type Objects, type PortName, podTargets, serviceTargets, type Target } from './targets';

const META = '__meta_kubernetes';

/** What an object becomes. */
export interface Adoption {
  readonly jobs: readonly AdoptedJob[];
  /** The pods that the jobs scrape. */
  readonly targets: readonly Target[];
}

/** What the readers of objects know of the App. */
export interface Surroundings {
  readonly objects: Objects;
  readonly access: SecretAccess;
  /** The namespaces that `any: true` stands for. */
  readonly anyNamespace?: Namespaces;
}

/**
 * The jobs of a ServiceMonitor: one for each endpoint.
 *
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor
 */
export function adoptServiceMonitor(source: Source, surroundings: Surroundings): Adoption {
  const { objects, access } = surroundings;
  const { spec } = source;
  const selector = selectorIn(spec);
  const namespaces = namespacesIn(spec, source, surroundings);
  const readsNodes = readsNodesIn(spec);
  const jobLabel = spec.get<string>('jobLabel');
  const common = [...labelCopies(spec, 'targetLabels', 'service'), ...labelCopies(spec, 'podTargetLabels', 'pod')];
  const targets: Target[] = [];
  const jobs = spec.sections('endpoints').map((endpoint, index) => {
    const port = endpoint.get<string>('port');
    const targetPort = endpoint.get<PortName>('targetPort');
    targets.push(...serviceTargets(objects, selector, namespaces, { service: port, pod: targetPort }));
    const target = ['kind', 'name'].map((part) => `${META}_endpointslice_address_target_${part}`);
    const job = adoptedJob({
      source,
      access,
      job: `serviceMonitor/${source.namespace}/${source.name}/${index}`,
      endpoint,
      discovery: { kubernetes_sd_configs: [discovery('endpointslice', namespaces, readsNodes)] },
      rules: [
        ...selectorRules(selector, `${META}_service`),
        ...(port ? [keep(`${META}_endpointslice_port_name`, port)] : containerPort(targetPort)),
        { source_labels: target, regex: 'Node;(.*)', target_label: 'node' },
        { source_labels: target, regex: 'Pod;(.*)', target_label: 'pod' },
        copy(`${META}_namespace`, 'namespace'),
        copy(`${META}_service_name`, 'service'),
        copy(`${META}_pod_name`, 'pod'),
        copy(`${META}_pod_container_name`, 'container'),
        ...runningFilter(endpoint),
        ...common,
        copy(`${META}_service_name`, 'job'),
        ...(jobLabel ? [copyRule(`${META}_service`, jobLabel, 'job')] : []),
        ...endpointLabel(port ?? targetPort),
      ],
      relabelings: relabelingsIn(endpoint, 'relabelings'),
    });
    endpoint.finish();
    return job;
  });
  finish(spec);
  return { jobs, targets };
}

/**
 * The jobs of a PodMonitor: one for each endpoint.
 *
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PodMonitor
 */
export function adoptPodMonitor(source: Source, surroundings: Surroundings): Adoption {
  const { objects, access } = surroundings;
  const { spec } = source;
  const selector = selectorIn(spec);
  const namespaces = namespacesIn(spec, source, surroundings);
  const readsNodes = readsNodesIn(spec);
  const jobLabel = spec.get<string>('jobLabel');
  const common = labelCopies(spec, 'podTargetLabels', 'pod');
  const targets: Target[] = [];
  const jobs = spec.sections('podMetricsEndpoints').map((endpoint, index) => {
    const port = endpoint.get<string>('port');
    const number = endpoint.get<number>('portNumber') ?? endpoint.get<PortName>('targetPort');
    targets.push(...podTargets(objects, selector, namespaces, port ?? number));
    const job = adoptedJob({
      source,
      access,
      job: `podMonitor/${source.namespace}/${source.name}/${index}`,
      endpoint,
      discovery: { kubernetes_sd_configs: [discovery('pod', namespaces, readsNodes)] },
      rules: [
        ...runningFilter(endpoint),
        ...selectorRules(selector, `${META}_pod`),
        ...containerPort(port ?? number),
        copy(`${META}_namespace`, 'namespace'),
        copy(`${META}_pod_container_name`, 'container'),
        copy(`${META}_pod_name`, 'pod'),
        ...common,
        { target_label: 'job', replacement: `${source.namespace}/${source.name}` },
        ...(jobLabel ? [copyRule(`${META}_pod`, jobLabel, 'job')] : []),
        ...endpointLabel(port ?? number),
      ],
      relabelings: relabelingsIn(endpoint, 'relabelings'),
    });
    endpoint.finish();
    return job;
  });
  finish(spec);
  return { jobs, targets };
}

/** The namespaces of `namespaceSelector`. */
export function namespacesIn(section: Section, { namespace }: Source, { anyNamespace }: Surroundings): Namespaces {
  const selector = section.section('namespaceSelector');
  const any = selector?.get<boolean>('any') ?? false;
  const names = selector?.get<readonly string[]>('matchNames');
  selector?.finish();
  if (any && !anyNamespace) {
    section.problem(
      'namespaceSelector.any',
      'Prometheus has rights by namespace: list them in the prop "anyNamespace"',
    );
  }
  return any ? (anyNamespace ?? []) : (names ?? [namespace]);
}

/** Discovery through the Kubernetes API. */
export function discovery(
  role: 'endpointslice' | 'pod' | 'ingress',
  namespaces: Namespaces,
  readsNodes = false,
): KubernetesSdConfig {
  return {
    role,
    ...(namespaces === 'all' ? {} : { namespaces: { names: namespaces } }),
    ...(readsNodes ? { attach_metadata: { node: true } } : {}),
  };
}

export function copy(from: string, to: string): RelabelConfig {
  return { source_labels: [from], target_label: to };
}

function keep(label: string, regex: string): RelabelConfig {
  return { source_labels: [label], regex, action: 'keep' };
}

function readsNodesIn(spec: Section): boolean {
  const metadata = spec.section('attachMetadata');
  const node = metadata?.get<boolean>('node') ?? false;
  metadata?.finish();
  return node;
}

function labelCopies(spec: Section, field: string, object: 'service' | 'pod'): RelabelConfig[] {
  return (spec.get<readonly string[]>(field) ?? []).map((label) => copyRule(`${META}_${object}`, label));
}

function containerPort(port: PortName): RelabelConfig[] {
  if (port === undefined) {
    return [];
  }
  return [keep(`${META}_pod_container_port_${typeof port === 'number' ? 'number' : 'name'}`, String(port))];
}

function endpointLabel(port: PortName): RelabelConfig[] {
  return port === undefined ? [] : [{ target_label: 'endpoint', replacement: String(port) }];
}

/** Finished pods do not answer. */
function runningFilter(endpoint: Section): RelabelConfig[] {
  const filters = endpoint.get<boolean>('filterRunning') ?? true;
  return filters ? [{ source_labels: [`${META}_pod_phase`], regex: '(Failed|Succeeded)', action: 'drop' }] : [];
}

function finish(spec: Section): void {
  // Both ways of selecting and of discovering find the same targets.
  spec.get('selectorMechanism');
  spec.get('serviceDiscoveryRole');
  spec.finish();
}
