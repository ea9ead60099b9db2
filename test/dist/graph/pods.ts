import { describeManifest, type Manifest, podTemplates } from '../../../testing/manifests';

/** A part of a manifest. */
export type Part = Manifest[string];

/** Returns a line for each problem, e.g. for a reference that leads nowhere. */
export type Check = (manifests: readonly Manifest[]) => string[];

/** Labels of an object. */
export type Labels = { readonly [name: string]: string };

/** A port of a pod. */
export interface Port {
  readonly name?: string;
  readonly port: number;
  readonly protocol: string;
}

/** The pods of a workload. */
export interface Pods {
  /** `Kind namespace/name` of the workload. */
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly workload: Manifest;
  /** The pod's specification. */
  readonly spec: Part;
  /** Containers, init containers first. */
  readonly containers: readonly Part[];
  readonly ports: readonly Port[];
}

/** The pods of each workload. */
export function podsOf(manifests: readonly Manifest[]): Pods[] {
  return podTemplates(manifests).map(({ workload, template: { metadata, spec } }) => {
    const containers = [...(spec.initContainers ?? []), ...spec.containers];
    return {
      name: describeManifest(workload),
      namespace: workload.metadata.namespace,
      labels: metadata?.labels ?? {},
      workload,
      spec,
      containers,
      ports: containers.flatMap((container) => container.ports ?? []).map(containerPort),
    };
  });
}

/**
 * Whether a label selector selects labels. An empty one selects everything.
 *
 * @throws for expressions, which `dist/` does not use: a check that cannot decide must not pass
 */
export function selects(selector: Part, labels: Labels): boolean {
  if (selector.matchExpressions) {
    throw new Error(`matchExpressions are not supported: ${JSON.stringify(selector)}`);
  }
  return Object.entries(selector.matchLabels ?? {}).every(([name, value]) => labels[name] === value);
}

/** Pods that a Service selects. */
export function podsBehind(service: Manifest, pods: readonly Pods[]): Pods[] {
  return pods.filter(
    ({ namespace, labels }) =>
      namespace === service.metadata.namespace && selects({ matchLabels: service.spec.selector ?? {} }, labels),
  );
}

/** The pods' port behind a port of a Service, found by name or by number. */
export function targetPort({ port, targetPort = port, protocol = 'TCP' }: Part, pods: Pods): Port | undefined {
  return pods.ports.find(
    (candidate) => candidate.protocol === protocol && (candidate.name === targetPort || candidate.port === targetPort),
  );
}

function containerPort({ name, containerPort: port, protocol = 'TCP' }: Part): Port {
  return { name, port, protocol };
}
