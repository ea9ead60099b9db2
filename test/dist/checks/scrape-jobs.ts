import { repeated } from '../../../rules/checks';
import type { Manifest } from '../../../testing/manifests';
import { addressesIn } from '../graph/addresses';
import { textFilesOf } from '../graph/files';
import { isGranted } from '../graph/grants';
import { type Part, type Pods, podsBehind, podsOf, targetPort } from '../graph/pods';
import { outsidePlaces } from '../graph/reach';
import { nodeObstacle, obstacle, placeOf, podsObstacle } from '../graph/resolve';
import { findService, parseServiceName } from '../graph/service-names';
import { parseYaml } from '../graph/yaml';

/** Port of the kubelet, which is the address of a discovered node. */
const KUBELET_PORT = 10250;

/** Resources that Prometheus reads for discovery, by role. */
const DISCOVERY: { readonly [role: string]: readonly { readonly group?: string; readonly resource: string }[] } = {
  endpointslice: [
    { group: 'discovery.k8s.io', resource: 'endpointslices' },
    { resource: 'services' },
    { resource: 'pods' },
  ],
  pod: [{ resource: 'pods' }],
  node: [{ resource: 'nodes' }],
};

/** A scrape job and its Prometheus. */
interface Job {
  readonly prometheus: Pods;
  readonly job: Part;
}

/** Every job has a unique name and exactly one kind of discovery. */
export function scrapeJobs(manifests: readonly Manifest[]): string[] {
  const jobs = jobsOf(manifests);
  return [
    ...repeated(jobs.map(nameOf)).map((name) => `${name} is defined twice`),
    ...jobs
      .map((job) => ({ job, ways: Object.keys(job.job).filter(isDiscovery) }))
      .filter(({ ways }) => ways.length !== 1)
      .map(({ job, ways }) =>
        ways.length === 0
          ? `${nameOf(job)} has no discovery`
          : `${nameOf(job)} has several kinds of discovery: ${ways.join(', ')}`,
      ),
  ];
}

/** Prometheus may read the objects that its jobs discover targets from. */
export function discoveryGrants(manifests: readonly Manifest[]): string[] {
  return discoveries(manifests).flatMap(({ job, discovery: { role, namespaces } }) => {
    const resources = DISCOVERY[role];
    if (!resources) {
      return [`${nameOf(job)} has the role ${role}, which is not supported`];
    }
    const places: (string | undefined)[] = namespaces?.names ?? [undefined];
    return places.flatMap((namespace) =>
      resources
        .filter(
          (resource) => !isGranted(manifests, job.prometheus, { ...resource, verbs: ['list', 'watch'], namespace }),
        )
        .map(
          ({ resource }) =>
            `${nameOf(job)} may not list and watch ${resource} in ${namespace ? `namespace ${namespace}` : 'the cluster'}`,
        ),
    );
  });
}

/** Every Service that a job keeps exists and has the port, and policies let Prometheus call its pods. */
export function keptServices(manifests: readonly Manifest[]): string[] {
  return discoveries(manifests)
    .filter(({ discovery }) => discovery.role === 'endpointslice')
    .flatMap(({ job, discovery }) => {
      const service = kept(job, '__meta_kubernetes_service_name');
      const port = kept(job, '__meta_kubernetes_endpointslice_port_name');
      if (!service) {
        return [];
      }
      return discovery.namespaces.names.flatMap((namespace: string) => {
        const problem = serviceProblem(manifests, job.prometheus, { namespace, service }, port);
        return problem ? [`${nameOf(job)}: ${problem}`] : [];
      });
    });
}

/** Policies let Prometheus call annotated pods in the namespaces of the jobs that look for them. */
export function annotatedPods(manifests: readonly Manifest[]): string[] {
  return discoveries(manifests)
    .filter(({ job }) => kept(job, '__meta_kubernetes_pod_annotation_prometheus_io_scrape'))
    .flatMap(({ job, discovery }) =>
      outsidePlaces
        .filter(({ asksToBeScraped, namespace }) => asksToBeScraped && discovery.namespaces.names.includes(namespace))
        .flatMap((place) => {
          const problem = podsObstacle(manifests, job.prometheus, place, place.ports[0]!);
          return problem ? [`${nameOf(job)}: ${problem}`] : [];
        }),
    );
}

/** Policies let Prometheus call kubelets, and its rights let it scrape them. */
export function kubeletJobs(manifests: readonly Manifest[]): string[] {
  return discoveries(manifests)
    .filter(({ discovery }) => discovery.role === 'node')
    .flatMap(({ job }) =>
      [
        nodeObstacle(manifests, job.prometheus, [KUBELET_PORT]),
        isGranted(manifests, job.prometheus, { verbs: ['get'], resource: 'nodes/metrics' })
          ? undefined
          : 'may not get nodes/metrics, which kubelets require',
      ].flatMap((problem) => (problem ? [`${nameOf(job)}: ${problem}`] : [])),
    );
}

/** Policies permit every call to a static target, by Prometheus or by the prober that the job goes through. */
export function staticTargets(manifests: readonly Manifest[]): string[] {
  return jobsOf(manifests).flatMap((job) => {
    const targets: string[] = (job.job.static_configs ?? []).flatMap((group: Part) => group.targets);
    const caller = rewrittenAddress(job) === undefined ? job.prometheus : proberOf(manifests, job);
    return caller
      ? targets.flatMap((target) => targetProblems(manifests, caller, target).map((p) => `${nameOf(job)}: ${p}`))
      : [`${nameOf(job)} is sent to ${rewrittenAddress(job)}, which is not one of our Services`];
  });
}

/** A job that goes through a prober passes its target, and a module that the prober has. */
export function probeJobs(manifests: readonly Manifest[]): string[] {
  return jobsOf(manifests).flatMap((job) => {
    const prober = rewrittenAddress(job) === undefined ? undefined : proberOf(manifests, job);
    if (!prober) {
      return [];
    }
    const modules = textFilesOf(manifests, prober).flatMap(({ text }) => Object.keys(parseYaml(text).modules ?? {}));
    const wanted: string[] = job.job.params?.module ?? ['http_2xx'];
    return [
      ...(relabelsOf(job).some(isParameterFromAddress)
        ? []
        : [`${nameOf(job)} does not pass its target to the prober`]),
      ...wanted
        .filter((module) => !modules.includes(module))
        .map((module) => `${nameOf(job)} asks for module ${module} of ${prober.name}, which has ${modules.join(', ')}`),
    ];
  });
}

function jobsOf(manifests: readonly Manifest[]): Job[] {
  return podsOf(manifests).flatMap((prometheus) =>
    textFilesOf(manifests, prometheus)
      .filter(({ name }) => name === 'prometheus.yml')
      .flatMap(({ text }) => parseYaml(text).scrape_configs)
      .map((job) => ({ prometheus, job })),
  );
}

function discoveries(manifests: readonly Manifest[]): { job: Job; discovery: Part }[] {
  return jobsOf(manifests).flatMap((job) =>
    (job.job.kubernetes_sd_configs ?? []).map((discovery: Part) => ({ job, discovery })),
  );
}

function nameOf({ prometheus, job }: Job): string {
  return `${prometheus.name}: job ${job.job_name}`;
}

function isDiscovery(key: string): boolean {
  return key === 'static_configs' || key.endsWith('_sd_configs');
}

function relabelsOf({ job }: Job): Part[] {
  return job.relabel_configs ?? [];
}

/** The value of a label that a job keeps. */
function kept(job: Job, label: string): string | undefined {
  return relabelsOf(job).find(
    ({ action, source_labels }) => action === 'keep' && source_labels.length === 1 && source_labels[0] === label,
  )?.regex;
}

function serviceProblem(
  manifests: readonly Manifest[],
  prometheus: Pods,
  name: { readonly namespace: string; readonly service: string },
  portName: string | undefined,
): string | undefined {
  if (name.namespace === 'default' && name.service === 'kubernetes') {
    // Its endpoints are the API server's own addresses: 443 on managed clusters, 6443 or 8443 on others.
    return portName === 'https'
      ? apiServerProblem(manifests, prometheus)
      : `default/kubernetes has no port ${portName}`;
  }
  const service = findService(manifests, name);
  const port = service?.spec.ports.find((candidate: Part) => candidate.name === portName);
  const [pods] = service ? podsBehind(service, podsOf(manifests)) : [];
  const target = pods && port && targetPort(port, pods);
  return target
    ? podsObstacle(manifests, prometheus, placeOf(manifests, pods.name), target)
    : `there is no Service ${name.namespace}/${name.service} with a port ${portName} and pods behind it`;
}

function apiServerProblem(manifests: readonly Manifest[], prometheus: Pods): string | undefined {
  return isGranted(manifests, prometheus, { verbs: ['get'], resource: '/metrics' })
    ? nodeObstacle(manifests, prometheus, [443, 6443, 8443])
    : 'may not get /metrics, which the API server requires';
}

/** The address that replaces those of the targets. */
function rewrittenAddress(job: Job): string | undefined {
  return relabelsOf(job).find(({ target_label, source_labels }) => target_label === '__address__' && !source_labels)
    ?.replacement;
}

function proberOf(manifests: readonly Manifest[], job: Job): Pods | undefined {
  const [address] = addressesIn(rewrittenAddress(job) ?? '');
  const name = address && parseServiceName(address.host);
  const service = name && findService(manifests, name);
  return service && podsBehind(service, podsOf(manifests))[0];
}

function targetProblems(manifests: readonly Manifest[], caller: Pods, target: string): string[] {
  const addresses = addressesIn(target);
  return addresses.length === 0
    ? [`target ${target} is not an address`]
    : addresses.flatMap((address) => {
        const problem = obstacle(manifests, caller, address);
        return problem ? [`${caller.name} cannot call ${target}: ${problem}`] : [];
      });
}

function isParameterFromAddress({ source_labels, target_label }: Part): boolean {
  return target_label === '__param_target' && source_labels?.[0] === '__address__';
}
