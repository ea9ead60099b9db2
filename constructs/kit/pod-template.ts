import { createHash } from 'node:crypto';
import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { CHECKSUM } from './checksum';
import { credentialCheck } from './credential-check';
import { type Image, imageReference } from './images';
import type { Labels } from './labels';
import { lazily } from './lazily';
import type { Mount } from './mount';
import type { PodPort } from './network';
import type { PodOptions } from './pod-options';
import type { Probes } from './probes';
import { type Resources, resourceRequirements } from './resources';
import { schedulingFields } from './scheduling';
import { NOBODY, restrictedContainer, restrictedPod } from './security';
import { scratchVolumes, volumeMounts, volumes } from './volumes';
import { hostOf, type Workload } from './workload';

/** A pod with one container. */
export interface PodProps {
  /** Name of the container. */
  readonly name: string;
  /** Image of the container. */
  readonly image: Image;
  /** Kind of the workload, and its number of replicas. */
  readonly workload: Workload;
  /** Ports by name. */
  readonly ports: { readonly [name: string]: PodPort };
  /** Requests and limits of the container. */
  readonly resources: Resources;
  /** Arguments of the container. @default - the image's */
  readonly args?: readonly string[];
  /** Environment variables of the container. @default - none */
  readonly env?: readonly k8s.EnvVar[];
  /** Probes of the container. @default - none */
  readonly probes?: Probes;
  /** Volumes and where they are mounted. @default - none */
  readonly mounts?: readonly Mount[];
  /** User and group id that the image runs as. @default 65534 (nobody) */
  readonly user?: number;
  /** Check variables from a Secret before the server starts: one that has a line break ends the start. @default false */
  readonly checksCredentials?: boolean;
  /** Seconds from SIGTERM to SIGKILL. @default 30 */
  readonly terminationGraceSeconds?: number;
  /** The caller's options, which add to the props above or replace them. @default - none */
  readonly pod?: PodOptions;
  /** Name of the prop that `pod` comes from, for messages. @default pod */
  readonly podSetting?: string;
}

/** Parts of a pod that grow after its construct was made. The template reads them when the manifests are written. */
export interface GrowingParts {
  readonly args: readonly string[];
  readonly env: readonly k8s.EnvVar[];
  readonly mounts: readonly Mount[];
  /** Kernel parameters of the pod. */
  readonly sysctls: readonly k8s.Sysctl[];
  /** Whether the pod gets a token of its ServiceAccount. */
  readonly usesKubernetesApi: boolean;
}

/** The pod template of a component. Pod Security `restricted` admits it, unless the workload has access to the host. */
export function podTemplate(
  scope: Construct,
  props: PodProps,
  labels: Labels,
  growing: GrowingParts,
): k8s.PodTemplateSpec {
  const host = hostOf(props.workload);
  const { pod = {} } = props;
  return {
    metadata: {
      labels: { ...labels, ...pod.labels },
      annotations: lazily(() => annotations(props, mountsOf(props, growing))),
    },
    spec: {
      serviceAccountName: serviceAccountOf(props),
      // The images are built for Linux. Kubelets set this label themselves:
      // https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-os
      nodeSelector: { 'kubernetes.io/os': 'linux', ...pod.nodeSelector },
      automountServiceAccountToken: lazily(() => growing.usesKubernetesApi),
      enableServiceLinks: false,
      securityContext: {
        ...restrictedPod(props.user ?? NOBODY, pod.securityContext),
        sysctls: lazily(() => nonEmpty(growing.sysctls)),
      },
      terminationGracePeriodSeconds: pod.terminationGracePeriodSeconds ?? props.terminationGraceSeconds,
      hostNetwork: host?.network,
      hostPid: host?.pid,
      dnsPolicy: host?.network ? 'ClusterFirstWithHostNet' : undefined,
      ...schedulingFields(scope, props.name, props.workload),
      initContainers: props.checksCredentials ? lazily(() => checks(scope, props, growing)) : undefined,
      containers: [container(scope, props, growing)],
      volumes: lazily(() => nonEmpty(volumes(props, mountsOf(props, growing)))),
    },
  };
}

function checks(scope: Construct, props: PodProps, growing: GrowingParts): k8s.Container[] | undefined {
  const { image, imagePullPolicy, securityContext, resources } = container(scope, props, growing);
  const check = credentialCheck(
    { image, imagePullPolicy, securityContext, resources },
    withVariables(growing.env, props.pod?.env),
  );
  return check && [check];
}

function container(scope: Construct, props: PodProps, growing: GrowingParts): k8s.Container {
  const { pod = {}, podSetting = 'pod' } = props;
  return {
    name: props.name,
    image: imageReference(scope, props.image),
    imagePullPolicy: 'IfNotPresent',
    args: lazily(() => nonEmpty([...growing.args, ...(pod.extraArgs ?? [])])),
    env: lazily(() => nonEmpty(withVariables(growing.env, pod.env))),
    ports: nonEmpty(
      Object.entries(props.ports).map(([name, { port, protocol }]) => ({
        name,
        containerPort: port,
        protocol: protocol ?? 'TCP',
      })),
    ),
    livenessProbe: props.probes?.liveness,
    readinessProbe: props.probes?.readiness,
    startupProbe: props.probes?.startup,
    resources: resourceRequirements(props.resources, pod.resources, `${podSetting}.resources`),
    securityContext: restrictedContainer(),
    volumeMounts: lazily(() => nonEmpty(volumeMounts(props.workload, mountsOf(props, growing)))),
  };
}

/** The mounts of the component, then those of the caller. */
export function mountsOf({ pod }: PodProps, { mounts }: Pick<GrowingParts, 'mounts'>): readonly Mount[] {
  return [...mounts, ...(pod?.mounts ?? [])];
}

/** Name of the ServiceAccount that the pods run as. */
export function serviceAccountOf({ name, pod }: Pick<PodProps, 'name' | 'pod'>): string {
  return pod?.serviceAccount?.name ?? name;
}

/** Variables by name: a pod with two of one name cannot be applied by the server. */
function withVariables(own: readonly k8s.EnvVar[], given: readonly k8s.EnvVar[] = []): readonly k8s.EnvVar[] {
  return [...new Map([...own, ...given].map((variable) => [variable.name, variable])).values()];
}

/**
 * Annotation that lets the cluster autoscaler remove a node although these volumes go with it.
 * https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
 */
const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

function annotations(props: PodProps, mounts: readonly Mount[]): Record<string, string> | undefined {
  const { pod = {}, workload } = props;
  // The autoscaler ignores the pods of DaemonSets.
  const local = workload.kind === 'DaemonSet' ? [] : scratchVolumes(props, mounts);
  const checksums = mounts.flatMap(({ checksum }) => (checksum ? [checksum()] : []));
  const hash = createHash('sha256').update(checksums.join()).digest('hex').slice(0, 16);
  const safeToEvict: Record<string, string> = local.length > 0 ? { [SAFE_TO_EVICT]: local.join() } : {};
  const all = { ...safeToEvict, ...pod.annotations, ...(checksums.length > 0 ? { [CHECKSUM]: hash } : {}) };
  return Object.keys(all).length > 0 ? all : undefined;
}

/** The API server drops empty lists; if they were written, each `kubectl apply` would find a change. */
function nonEmpty<T>(list: readonly T[]): T[] | undefined {
  return list.length > 0 ? [...list] : undefined;
}
