import { describeManifest, type Manifest, ofKind } from '../../../testing/manifests';
import { OUTSIDE_PODS } from '../graph/outside';
import { type Part, podsBehind, podsOf, selects, targetPort } from '../graph/pods';

/** Every Service selects the pods of exactly one workload. */
export function serviceSelectors(manifests: readonly Manifest[]): string[] {
  const pods = podsOf(manifests);
  return ofKind(manifests, 'Service').flatMap((service) => {
    const selected = podsBehind(service, pods).map(({ name }) => name);
    return selected.length === 1
      ? []
      : [`${describeManifest(service)} selects ${selected.join(' and ') || 'no pods'}, not one workload`];
  });
}

/** Every port of a Service leads to a port of the pods behind it. */
export function servicePorts(manifests: readonly Manifest[]): string[] {
  const pods = podsOf(manifests);
  return ofKind(manifests, 'Service').flatMap((service) =>
    podsBehind(service, pods).flatMap((behind) =>
      service.spec.ports
        .filter((port: Part) => !targetPort(port, behind))
        .map(
          (port: Part) =>
            `${describeManifest(service)} sends ${port.name} to ${port.protocol} ${port.targetPort}, ` +
            `on which ${behind.name} does not listen`,
        ),
    ),
  );
}

/** Every StatefulSet has a headless Service in front of its own pods. */
export function statefulSetServices(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests)
    .filter(({ workload }) => workload.kind === 'StatefulSet')
    .flatMap(({ name, namespace, labels, workload }) => {
      const { serviceName } = workload.spec;
      const service = ofKind(manifests, 'Service').find(
        ({ metadata }) => metadata.name === serviceName && metadata.namespace === namespace,
      );
      const found = service
        ? service.spec.clusterIP !== 'None'
          ? 'is not headless'
          : !selects({ matchLabels: service.spec.selector }, labels) && 'selects other pods'
        : 'does not exist';
      return found ? [`${name}: Service ${namespace}/${serviceName} ${found}`] : [];
    });
}

/** Every PodDisruptionBudget and every NetworkPolicy selects pods. An empty selector selects all of them. */
export function podSelectors(manifests: readonly Manifest[]): string[] {
  const pods = [...podsOf(manifests), ...OUTSIDE_PODS];
  const selectors = [
    ...ofKind(manifests, 'PodDisruptionBudget').map((budget) => ({ object: budget, selector: budget.spec.selector })),
    ...ofKind(manifests, 'NetworkPolicy').map((policy) => ({ object: policy, selector: policy.spec.podSelector })),
  ];
  return selectors
    .filter(
      ({ object, selector }) =>
        !pods.some(({ namespace, labels }) => namespace === object.metadata.namespace && selects(selector, labels)),
    )
    .map(({ object }) => `${describeManifest(object)} selects no pods`);
}
