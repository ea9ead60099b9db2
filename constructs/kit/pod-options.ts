import type { k8s } from 'cdk8s-plus-28';
import { SettingError } from './errors';
import type { Image } from './images';
import { type Labels, selectorLabels } from './labels';
import type { Mount } from './mount';
import type { ResourceOptions } from './resources';
import type { SecurityProfile } from './security';
import { claimOf, type Workload } from './workload';

/** A taint that pods tolerate. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export interface Toleration {
  /** Key of the taint. @default - every key; needs the operator `Exists` */
  readonly key?: string;
  /** `Equal` or `Exists`. @default Equal */
  readonly operator?: string;
  /** Value of the taint, for `Equal`. */
  readonly value?: string;
  /** `NoSchedule`, `PreferNoSchedule` or `NoExecute`. @default - every effect */
  readonly effect?: string;
  /** Seconds until the pod is evicted, for `NoExecute`. @default - never */
  readonly tolerationSeconds?: number;
}

/** Affinities as in YAML. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ */
export interface Affinity {
  /** Nodes that the pods need or prefer. */
  readonly nodeAffinity?: object;
  /** Pods that they want to be near. */
  readonly podAffinity?: object;
  /** Pods that they want to be away from. */
  readonly podAntiAffinity?: object;
}

/** A constraint as in YAML. https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
export interface TopologySpread {
  /** Label of the nodes whose values are the domains, e.g. `topology.kubernetes.io/zone`. */
  readonly topologyKey: string;
  /** Largest difference in the number of pods between two domains. */
  readonly maxSkew: number;
  /** `DoNotSchedule` or `ScheduleAnyway`. */
  readonly whenUnsatisfiable: string;
  /** Further fields. @default - `labelSelector` selects the component's pods */
  readonly [field: string]: unknown;
}

/** A container as in YAML. Every field of Kubernetes is written as it stands. */
export interface ExtraContainer {
  /** Unique in the pod. */
  readonly name: string;
  /** Reference to pull, e.g. `registry.example.com/vault-agent:1.17`. A mirror for images does not change it. */
  readonly image: string;
  /** Further fields. @default - `securityContext` is that of Pod Security `restricted` */
  readonly [field: string]: unknown;
}

/** How pods are replaced. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy */
export interface UpdateStrategy {
  /** Of a Deployment: `RollingUpdate` or `Recreate`; of a StatefulSet or a DaemonSet: `RollingUpdate` or `OnDelete`. */
  readonly type: 'RollingUpdate' | 'Recreate' | 'OnDelete';
  /** `maxUnavailable` and `maxSurge` as a number of pods or e.g. `25%`; `partition` of a StatefulSet. */
  readonly rollingUpdate?: {
    /** Pods that may be missing during an update: a number, or a share such as `25%`. */
    readonly maxUnavailable?: number | string;
    /** Pods beyond the number of replicas during an update: a number, or a share such as `25%`. */
    readonly maxSurge?: number | string;
    /** Ordinal below which a StatefulSet's pods are not updated. */
    readonly partition?: number;
  };
}

/** The ServiceAccount that the pods run as. */
export interface ServiceAccountOptions {
  /** Name of the ServiceAccount. @default - the component's name */
  readonly name?: string;
  /**
   * `false` uses an account that exists, with its own annotations; it needs `name`. Roles are bound to it in either case.
   * @default true
   */
  readonly create?: boolean;
  /**
   * `false` writes no Role, no ClusterRole and no binding. Somebody else must grant the account what `rights` of the
   * component lists; until then the server runs and is forbidden to read the API.
   * @default true
   */
  readonly grantRights?: boolean;
  /** Annotations, e.g. `eks.amazonaws.com/role-arn`. Only of an account that is created. @default - none */
  readonly annotations?: { readonly [key: string]: string };
}

/** Parts of an image that replace those of a component. */
export interface ImageOptions {
  /** Registry and repository, e.g. `harbor.example.com/quay/prometheus/prometheus`. @default - the component's */
  readonly repository?: string;
  /** Tag, e.g. `v3.13.5`. @default - the component's, which it is tested with */
  readonly tag?: string;
  /** Content digest, `sha256:` and 64 hexadecimal digits. @default - none: the tag alone names the image */
  readonly digest?: string;
}

/**
 * Options of the pods of a component. Each construct has its defaults; what is given here adds to them or replaces
 * them. `patch()` changes what has no option.
 */
export interface PodOptions {
  /**
   * Labels that a node must have, in addition to `kubernetes.io/os: linux`. A value for that label replaces it.
   * @default - any Linux node
   */
  readonly nodeSelector?: { readonly [label: string]: string };
  /**
   * Taints that the pods tolerate; they replace the default. A server without a volume stays 30 seconds on a node that is
   * lost, unless a toleration here has the same key.
   * @default - none; an agent on each node tolerates all
   */
  readonly tolerations?: readonly Toleration[];
  /** Affinity to nodes and to other pods. @default - none; an agent keeps off Fargate and virtual nodes */
  readonly affinity?: Affinity;
  /**
   * Constraints that replace the default; `off` removes it.
   * @default - replicas as even as possible over nodes and zones, without cordoned nodes; none for a single replica
   */
  readonly topologySpread?: 'off' | readonly TopologySpread[];
  /** Name of a PriorityClass. @default - that of `inScheduling()`, or the cluster's default */
  readonly priorityClassName?: string;
  /** Names of Secrets with credentials of registries. @default - those of the ServiceAccount */
  readonly imagePullSecrets?: readonly string[];
  /** Labels of the pods, in addition to the component's. Those that selectors use are fixed. @default - none */
  readonly labels?: Labels;
  /** Annotations of the pods, in addition to the component's, e.g. for Istio or Vault. @default - none */
  readonly annotations?: { readonly [key: string]: string };
  /** The ServiceAccount. @default - one of the component's name is created */
  readonly serviceAccount?: ServiceAccountOptions;
  /** Environment variables. One of the same name replaces the component's. @default - none */
  readonly env?: readonly k8s.EnvVar[];
  /** Arguments of the container, after the component's. @default - none */
  readonly extraArgs?: readonly string[];
  /** Volumes and where they appear in the container, e.g. `configMapFiles(…)`. @default - none */
  readonly mounts?: readonly Mount[];
  /** Containers that run before the server. With `restartPolicy: 'Always'`, beside it. @default - none */
  readonly initContainers?: readonly ExtraContainer[];
  /** Containers beside the server. @default - none */
  readonly sidecars?: readonly ExtraContainer[];
  /** Kubernetes quantities that replace the component's, resource by resource. @default - the component's */
  readonly resources?: ResourceOptions;
  /** Another registry, tag or digest. @default - the version that the package is tested with */
  readonly image?: ImageOptions;
  /** How pods are replaced. @default - that of Kubernetes; `Recreate` for a Deployment with a volume */
  readonly updateStrategy?: UpdateStrategy;
  /**
   * Number of replicas, at least 1. Refused by components that are correct with one number only, and by constructs that
   * have the prop `replicas`.
   * @default - the component's
   */
  readonly replicas?: number;
  /** `openshift` leaves user and group ids to the cluster. @default restricted */
  readonly securityContext?: SecurityProfile;
  /** Seconds from SIGTERM to SIGKILL, a whole number from 0. @default - the component's, mostly 30 */
  readonly terminationGracePeriodSeconds?: number;
}

const SECURITY_PROFILES: readonly SecurityProfile[] = ['restricted', 'openshift'];
const STRATEGIES: Readonly<Record<Workload['kind'], readonly UpdateStrategy['type'][]>> = {
  Deployment: ['RollingUpdate', 'Recreate'],
  StatefulSet: ['RollingUpdate', 'OnDelete'],
  DaemonSet: ['RollingUpdate', 'OnDelete'],
};

export interface CheckedPod {
  /** Name of the component and of its container. */
  readonly name: string;
  readonly workload: Workload;
  readonly pod?: PodOptions;
  /** Name of the prop, for messages. */
  readonly setting: string;
  /** Why the number of replicas is fixed, as a fix. */
  readonly fixedReplicas?: string;
}

/**
 * Checks the options of a component.
 *
 * @throws SettingError that names the option, its value and the fix
 */
export function checkPod({ name, pod = {}, workload, setting, fixedReplicas }: CheckedPod): void {
  const refuse = (option: string, value: unknown, fix: string) => {
    throw new SettingError(`${setting}.${option}`, value, fix);
  };
  const {
    replicas,
    serviceAccount,
    securityContext,
    updateStrategy,
    image,
    terminationGracePeriodSeconds: grace,
  } = pod;
  if (replicas !== undefined) {
    checkReplicas(replicas, workload, fixedReplicas, refuse);
  }
  if (securityContext !== undefined && !SECURITY_PROFILES.includes(securityContext)) {
    refuse('securityContext', securityContext, `write one of ${SECURITY_PROFILES.join(', ')}`);
  }
  if (serviceAccount?.create === false && !serviceAccount.name) {
    refuse('serviceAccount.name', serviceAccount.name, 'name the ServiceAccount, or let it be created');
  }
  if (serviceAccount?.create === false && serviceAccount.annotations) {
    refuse('serviceAccount.annotations', serviceAccount.annotations, 'annotate the existing ServiceAccount itself');
  }
  if (grace !== undefined && !(Number.isInteger(grace) && grace >= 0)) {
    refuse('terminationGracePeriodSeconds', grace, 'write a whole number of seconds, from 0');
  }
  for (const label of Object.keys(selectorLabels(name)).filter((key) => pod.labels && key in pod.labels)) {
    refuse(`labels["${label}"]`, pod.labels?.[label], 'selectors use it: leave it out');
  }
  const containers = [name, ...[...(pod.initContainers ?? []), ...(pod.sidecars ?? [])].map((other) => other.name)];
  const repeated = containers.find((container, index) => containers.indexOf(container) !== index);
  if (repeated !== undefined) {
    refuse('initContainers and sidecars', repeated, 'another container of the pod has this name: rename one of them');
  }
  if (updateStrategy) {
    checkStrategy(updateStrategy, workload, refuse);
  }
  if (image?.tag !== undefined && !/^\w[\w.-]{0,62}$/.test(image.tag)) {
    refuse('image.tag', image.tag, 'write a tag of at most 63 letters, digits, dots, hyphens and underscores');
  }
  if (image?.digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(image.digest)) {
    refuse('image.digest', image.digest, 'write sha256: and 64 hexadecimal digits');
  }
  if (image?.repository !== undefined && !/^[^\s/:]+(:\d+)?\/[^\s:@]+$/.test(image.repository)) {
    refuse('image.repository', image.repository, 'write registry and repository, e.g. quay.io/prometheus/prometheus');
  }
}

type Refuse = (option: string, value: unknown, fix: string) => void;

function checkReplicas(replicas: number, workload: Workload, fixed: string | undefined, refuse: Refuse): void {
  if (fixed) {
    refuse('replicas', replicas, fixed);
  }
  if (workload.kind === 'DaemonSet') {
    refuse('replicas', replicas, 'there is one pod on each node: choose the nodes with nodeSelector');
  }
  if (!(Number.isInteger(replicas) && replicas >= 1)) {
    refuse('replicas', replicas, 'write a whole number, from 1');
  }
  if (workload.kind === 'Deployment' && claimOf(workload) && replicas > 1) {
    refuse('replicas', replicas, 'only one pod can mount the volume: leave it at 1');
  }
}

function checkStrategy(strategy: UpdateStrategy, workload: Workload, refuse: Refuse): void {
  const types = STRATEGIES[workload.kind];
  if (!types.includes(strategy.type)) {
    refuse('updateStrategy.type', strategy.type, `a ${workload.kind} takes one of ${types.join(', ')}`);
  }
  if (workload.kind === 'Deployment' && claimOf(workload) && strategy.type !== 'Recreate') {
    const fix = 'the old pod must release the volume before the new one can mount it: write Recreate';
    refuse('updateStrategy.type', strategy.type, fix);
  }
}

/** The image with the parts that replace its own. Another tag drops the digest of the old one. */
export function imageWith(image: Image, options: ImageOptions = {}): Image {
  const { repository, tag, digest } = options;
  const sameContent = tag === undefined || tag === image.tag;
  return {
    repository: repository ?? image.repository,
    tag: tag ?? image.tag,
    digest: digest ?? (sameContent ? image.digest : undefined),
  };
}

/** The workload with another number of replicas. */
export function workloadWith(workload: Workload, replicas: number | undefined): Workload {
  return workload.kind === 'DaemonSet' || replicas === undefined ? workload : { ...workload, replicas };
}
