import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { type Image, imageReference } from './images';
import { type Labels, selectorLabels } from './labels';
import { lazily } from './lazily';
import type { Mount } from './mount';
import type { PodPort } from './network';
import type { Probes } from './probes';
import { type Resources, resourceRequirements } from './resources';
import { NOBODY, restrictedContainer, restrictedPod } from './security';
import { hostOf, isReplicated, type Storage, storageOf, type Workload } from './workload';

/** A pod with one container. */
export interface PodProps {
  /** Name of the container. */
  readonly name: string;
  readonly image: Image;
  readonly workload: Workload;
  /** Ports by name. */
  readonly ports: { readonly [name: string]: PodPort };
  readonly resources: Resources;
  /** Arguments of the container. @default - the image's */
  readonly args?: readonly string[];
  /** @default - none */
  readonly env?: readonly k8s.EnvVar[];
  /** @default - none */
  readonly probes?: Probes;
  /** @default - none */
  readonly mounts?: readonly Mount[];
  /** User and group id that the image runs as. @default 65534 (nobody) */
  readonly user?: number;
  /** Seconds from SIGTERM to SIGKILL. @default 30 */
  readonly terminationGraceSeconds?: number;
}

/** Parts of a pod that grow after its construct was made. The template reads them when the manifests are written. */
export interface GrowingParts {
  readonly args: readonly string[];
  readonly env: readonly k8s.EnvVar[];
  readonly mounts: readonly Mount[];
  /** Whether the pod gets a token of its ServiceAccount. */
  readonly usesKubernetesApi: boolean;
}

/** Name of the volume that holds a component's data. */
export const DATA_VOLUME = 'data';

/** The claim on a volume. */
export function claimSpec({ size, storageClass }: Storage): k8s.PersistentVolumeClaimSpec {
  return {
    accessModes: ['ReadWriteOnce'],
    storageClassName: storageClass,
    resources: { requests: { storage: k8s.Quantity.fromString(size) } },
  };
}

/** The pod template of a component. Pod Security `restricted` admits it, unless the workload has access to the host. */
export function podTemplate(
  scope: Construct,
  props: PodProps,
  labels: Labels,
  growing: GrowingParts,
): k8s.PodTemplateSpec {
  const host = hostOf(props.workload);
  return {
    metadata: { labels, annotations: lazily(() => checksumAnnotation(growing.mounts)) },
    spec: {
      serviceAccountName: props.name,
      automountServiceAccountToken: lazily(() => growing.usesKubernetesApi),
      enableServiceLinks: false,
      securityContext: restrictedPod(props.user ?? NOBODY),
      terminationGracePeriodSeconds: props.terminationGraceSeconds,
      hostNetwork: host?.network,
      hostPid: host?.pid,
      dnsPolicy: host?.network ? 'ClusterFirstWithHostNet' : undefined,
      // An agent belongs on every node, tainted or not.
      tolerations: props.workload.kind === 'DaemonSet' ? [{ operator: 'Exists' }] : undefined,
      topologySpreadConstraints: isReplicated(props.workload) ? spread(props) : undefined,
      containers: [container(scope, props, growing)],
      volumes: lazily(() => nonEmpty(volumes(props, growing.mounts))),
    },
  };
}

function container(scope: Construct, props: PodProps, growing: GrowingParts): k8s.Container {
  return {
    name: props.name,
    image: imageReference(scope, props.image),
    imagePullPolicy: 'IfNotPresent',
    args: lazily(() => nonEmpty(growing.args)),
    env: lazily(() => nonEmpty(growing.env)),
    ports: Object.entries(props.ports).map(([name, { port, protocol }]) => ({
      name,
      containerPort: port,
      protocol: protocol ?? 'TCP',
    })),
    livenessProbe: props.probes?.liveness,
    readinessProbe: props.probes?.readiness,
    startupProbe: props.probes?.startup,
    resources: resourceRequirements(props.resources),
    securityContext: restrictedContainer(),
    volumeMounts: lazily(() => nonEmpty(volumeMounts(props.workload, growing.mounts))),
  };
}

function volumeMounts(workload: Workload, mounts: readonly Mount[]): k8s.VolumeMount[] {
  const storage = storageOf(workload);
  return [
    ...(storage ? [{ name: DATA_VOLUME, mountPath: storage.path }] : []),
    ...mounts.map(({ name, path, readOnly, propagation }) => ({
      name,
      mountPath: path,
      readOnly: readOnly === false ? undefined : true,
      mountPropagation: propagation,
    })),
  ];
}

/** A StatefulSet adds the volumes of its claim templates itself. */
function volumes({ name, workload }: PodProps, mounts: readonly Mount[]): k8s.Volume[] {
  const claimed = workload.kind === 'Deployment' && workload.storage;
  return [
    ...(claimed ? [{ name: DATA_VOLUME, persistentVolumeClaim: { claimName: name } }] : []),
    ...mounts.map((mount) => ({ name: mount.name, ...mount.source() })),
  ];
}

function checksumAnnotation(mounts: readonly Mount[]): Record<string, string> | undefined {
  const checksums = mounts.flatMap(({ checksum }) => (checksum ? [checksum()] : []));
  return checksums.length === 0
    ? undefined
    : { 'checksum/config': createHash('sha256').update(checksums.join()).digest('hex').slice(0, 16) };
}

/** At most one replica on a node; across zones as evenly as the cluster can. */
function spread({ name, workload }: PodProps): k8s.TopologySpreadConstraint[] {
  const constraint = (topologyKey: string, whenUnsatisfiable: string) => ({
    topologyKey,
    whenUnsatisfiable,
    maxSkew: 1,
    labelSelector: { matchLabels: { ...selectorLabels(name) } },
    // Without the template's hash, a roll-out would count the pods that it replaces.
    matchLabelKeys: workload.kind === 'Deployment' ? ['pod-template-hash'] : undefined,
  });
  return [
    constraint('kubernetes.io/hostname', 'DoNotSchedule'),
    constraint('topology.kubernetes.io/zone', 'ScheduleAnyway'),
  ];
}

/** The API server drops empty lists; if they were written, each `kubectl apply` would find a change. */
function nonEmpty<T>(list: readonly T[]): T[] | undefined {
  return list.length > 0 ? [...list] : undefined;
}
