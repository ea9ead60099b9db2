import { type Labels, selectorLabels } from './labels';
import { type Manifest, plain } from './plain';
import type { ExtraContainer, PodOptions, Toleration } from './pod-options';
import { restrictedContainer } from './security';

/**
 * Writes those options that stand in the manifest as they are given, after serialization: values such as `'512Mi'`, and
 * fields of newer versions of Kubernetes, are kept. Without an option, the manifest stays as it is.
 *
 * @param name name of the component
 */
export function withPodOptions(workload: Manifest, name: string, pod: PodOptions): Manifest {
  const spec = workload.spec as Manifest & { readonly template: { readonly spec: Manifest } };
  const strategy = pod.updateStrategy && {
    [workload.kind === 'Deployment' ? 'strategy' : 'updateStrategy']: plain(pod.updateStrategy),
  };
  const template = { ...spec.template, spec: podSpec(spec.template.spec, name, pod) };
  return { ...workload, spec: { ...spec, ...strategy, template } };
}

function podSpec({ topologySpreadConstraints: own, ...spec }: Manifest, name: string, pod: PodOptions): Manifest {
  const { topologySpread, initContainers, sidecars } = pod;
  return plain({
    ...spec,
    topologySpreadConstraints: topologySpread ? spread(topologySpread, selectorLabels(name)) : own,
    tolerations: tolerations(spec.tolerations as readonly Toleration[] | undefined, pod.tolerations),
    affinity: pod.affinity ?? spec.affinity,
    priorityClassName: pod.priorityClassName ?? spec.priorityClassName,
    imagePullSecrets: pod.imagePullSecrets?.map((secret) => ({ name: secret })) ?? spec.imagePullSecrets,
    initContainers: initContainers
      ? [...((spec.initContainers as object[] | undefined) ?? []), ...initContainers.map(restricted)]
      : spec.initContainers,
    containers: [...(spec.containers as object[]), ...(sidecars ?? []).map(restricted)],
  }) as Manifest;
}

/**
 * The given tolerations, and those of the component that say how long its pods stay on a lost node: without them, the
 * API server would add its own. The caller's key wins.
 */
function tolerations(own: readonly Toleration[] = [], given?: readonly Toleration[]) {
  const kept = given
    ? own.filter(({ key }) => key !== undefined && !given.some((other) => tolerates(other, key)))
    : own;
  const all = [...(given ?? []), ...kept];
  return all.length > 0 ? all : undefined;
}

function tolerates(toleration: Toleration, key: string): boolean {
  return toleration.key === undefined || toleration.key === key;
}

function restricted(container: ExtraContainer): object {
  return { imagePullPolicy: 'IfNotPresent', securityContext: restrictedContainer(), ...container };
}

/** `undefined` removes the constraints: the API server drops an empty list, which would look like a change. */
function spread(constraints: NonNullable<PodOptions['topologySpread']>, selector: Labels): object[] | undefined {
  return constraints === 'off'
    ? undefined
    : constraints.map((constraint) => ({ labelSelector: { matchLabels: selector }, ...constraint }));
}
