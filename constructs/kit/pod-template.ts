import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { ComponentProps } from './component';
import { imageReference } from './images';
import { type Labels, selectorLabels } from './labels';
import { lazily } from './lazily';
import type { Mount } from './mount';
import { resourceRequirements } from './resources';
import { NOBODY, restrictedContainer, restrictedPod } from './security';
import { hostOf, replicasOf, type Storage, storageOf } from './workload';

/** What a pod is made of: the component's description, and what has been added to it since. */
export interface PodProps extends Omit<ComponentProps, 'mounts'> {
  readonly labels: Labels;
  /** Asked when the manifests are written. */
  readonly mounts: () => readonly Mount[];
  /** Whether the pod gets a token of its ServiceAccount; asked when the manifests are written. */
  readonly usesKubernetesApi: () => boolean;
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

/** The pods of a component: one container that Pod Security `restricted` admits. */
export function podTemplate(scope: Construct, props: PodProps): k8s.PodTemplateSpec {
  const host = hostOf(props.workload);
  return {
    metadata: { labels: props.labels, annotations: lazily(() => checksumAnnotation(props.mounts())) },
    spec: {
      serviceAccountName: props.name,
      automountServiceAccountToken: lazily(props.usesKubernetesApi),
      enableServiceLinks: false,
      securityContext: restrictedPod(props.user ?? NOBODY),
      terminationGracePeriodSeconds: props.terminationGraceSeconds,
      hostNetwork: host?.network,
      hostPid: host?.pid,
      dnsPolicy: host?.network ? 'ClusterFirstWithHostNet' : undefined,
      // An agent belongs on every node, whatever the node is reserved for.
      tolerations: props.workload.kind === 'DaemonSet' ? [{ operator: 'Exists' }] : undefined,
      topologySpreadConstraints: (replicasOf(props.workload) ?? 1) > 1 ? spread(props) : undefined,
      containers: [container(scope, props)],
      volumes: lazily(() => nonEmpty(volumes(props))),
    },
  };
}

function container(scope: Construct, props: PodProps): k8s.Container {
  return {
    name: props.name,
    image: imageReference(scope, props.image),
    imagePullPolicy: 'IfNotPresent',
    args: lazily(() => nonEmpty(typeof props.args === 'function' ? props.args() : props.args)),
    env: props.env ? [...props.env] : undefined,
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
    volumeMounts: lazily(() => nonEmpty(volumeMounts(props))),
  };
}

function volumeMounts({ workload, mounts }: PodProps): k8s.VolumeMount[] {
  const storage = storageOf(workload);
  return [
    ...(storage ? [{ name: DATA_VOLUME, mountPath: storage.path }] : []),
    ...mounts().map(({ name, path, readOnly, propagation }) => ({
      name,
      mountPath: path,
      readOnly: readOnly === false ? undefined : true,
      mountPropagation: propagation,
    })),
  ];
}

/** A StatefulSet adds the volumes of its claim templates itself. */
function volumes({ name, workload, mounts }: PodProps): k8s.Volume[] {
  const claimed = workload.kind === 'Deployment' && workload.storage;
  return [
    ...(claimed ? [{ name: DATA_VOLUME, persistentVolumeClaim: { claimName: name } }] : []),
    ...mounts().map((mount) => ({ name: mount.name, ...mount.source() })),
  ];
}

function checksumAnnotation(mounts: readonly Mount[]): Record<string, string> | undefined {
  const checksums = mounts.flatMap(({ checksum }) => (checksum ? [checksum()] : []));
  return checksums.length === 0
    ? undefined
    : { 'checksum/config': createHash('sha256').update(checksums.join()).digest('hex').slice(0, 16) };
}

/** No two replicas on one node; over the zones as evenly as the cluster can. */
function spread({ name, workload }: PodProps): k8s.TopologySpreadConstraint[] {
  const constraint = (topologyKey: string, whenUnsatisfiable: string) => ({
    topologyKey,
    whenUnsatisfiable,
    maxSkew: 1,
    labelSelector: { matchLabels: { ...selectorLabels(name) } },
    // Without the hash of the template a roll-out would count the pods that it replaces.
    matchLabelKeys: workload.kind === 'Deployment' ? ['pod-template-hash'] : undefined,
  });
  return [
    constraint('kubernetes.io/hostname', 'DoNotSchedule'),
    constraint('topology.kubernetes.io/zone', 'ScheduleAnyway'),
  ];
}

/** The API server drops empty lists; writing them would make each `kubectl apply` a change. */
function nonEmpty<T>(list: readonly T[] | undefined): T[] | undefined {
  return list && list.length > 0 ? [...list] : undefined;
}
