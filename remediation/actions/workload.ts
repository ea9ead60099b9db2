import * as v from 'valibot';
import { type KubernetesApi, type KubernetesObject, labelSelector, RESOURCES } from '../kubernetes';
import { KEYS, type RecordedAlert, type Target } from '../record';
import { type SchemasOf, text } from '../schema';
import { type Clients, type Permission, SkipError } from './action';
import type { Workloads } from './allowed-workloads';

/** @internal */
export const workloads = v.strictObject({
  namespace: text,
  deployments: v.array(text),
} satisfies SchemasOf<Workloads>);

/** A Deployment, as far as actions read it. */
export interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly strategy?: { readonly type?: string };
    readonly selector: { readonly matchLabels?: { readonly [label: string]: string } };
    readonly template: {
      readonly metadata?: {
        readonly labels?: { readonly [label: string]: string };
        readonly annotations?: { readonly [key: string]: string };
      };
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly lastUpdateTime?: string;
    }[];
  };
}

interface Owned extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & {
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
}

/** Namespaces in which no policy may change anything. */
export const PROTECTED_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

/**
 * The Deployment of an alert. Its labels name the Deployment (`workload` and `workload_type`, or `deployment`), its
 * autoscaler (`horizontalpodautoscaler`), or one of its pods, whose owner references lead to it.
 *
 * @throws SkipError when the labels name no Deployment, or one that the policy may not change
 */
export async function findDeployment(alert: RecordedAlert, allowed: Workloads, clients: Clients): Promise<Target> {
  const { namespace = '' } = alert.labels;
  if (PROTECTED_NAMESPACES.includes(namespace)) {
    throw new SkipError('target-protected', `no policy may change anything in namespace ${namespace}`);
  }
  if (namespace !== allowed.namespace) {
    throw namespace === ''
      ? new SkipError('target-unknown', `${alert.name} has no label namespace`)
      : new SkipError('target-not-allowed', `the policy is for namespace ${allowed.namespace}, not ${namespace}`);
  }
  const name = await deploymentName(alert.labels, namespace, clients.kubernetes);
  if (!name) {
    throw new SkipError('target-unknown', `the labels of ${alert.name} lead to no Deployment`);
  }
  if (!allowed.deployments.includes(name)) {
    throw new SkipError('target-not-allowed', `the policy is for ${allowed.deployments.join(', ')}, not ${name}`);
  }
  const deployment = await readDeployment(clients.kubernetes, namespace, name);
  if (!deployment) {
    throw new SkipError('target-unknown', `there is no Deployment ${namespace}/${name}`);
  }
  requireOptIn(deployment);
  return { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name, uid: deployment.metadata.uid };
}

/** Whether the policy names a Deployment, and the alert is about its namespace. */
export function isAllowedDeployment(target: Target, alert: RecordedAlert, { namespace, deployments }: Workloads) {
  return (
    target.kind === 'Deployment' &&
    target.namespace === namespace &&
    alert.labels.namespace === namespace &&
    deployments.includes(target.name)
  );
}

/** The Deployments as targets. */
export function targetsOf({ namespace, deployments }: Workloads): readonly Target[] {
  return deployments.map((name) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }));
}

/** Label selector of a Deployment's pods and ReplicaSets. */
export function selectorOf({ selector }: Deployment['spec']): string {
  return labelSelector(selector.matchLabels ?? {});
}

/** RBAC rules to find a Deployment and to read its state. */
export function readRules({ deployments }: Pick<Workloads, 'deployments'>): readonly Permission[] {
  return [
    { apiGroups: ['apps'], resources: ['deployments'], resourceNames: deployments, verbs: ['get'] },
    { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['list'] },
    { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list'] },
  ];
}

export function readDeployment(
  kubernetes: KubernetesApi,
  namespace: string,
  name: string,
): Promise<Deployment | undefined> {
  return kubernetes.find<Deployment>({ resource: RESOURCES.deployments, namespace, name });
}

/**
 * The Deployment of a target, ready to be changed: it exists, it is the object that was found, its owner has opted in,
 * and no rollout is in progress.
 *
 * @throws SkipError when one of these is not so
 */
export async function requireReadyDeployment(kubernetes: KubernetesApi, target: Target): Promise<Deployment> {
  const { namespace = '', name } = target;
  const deployment = requireSame(await readDeployment(kubernetes, namespace, name), target);
  requireReady(deployment);
  return deployment;
}

/**
 * The Deployment, if it is the object that was found.
 *
 * @throws SkipError when it was deleted, or created again
 */
export function requireSame(deployment: Deployment | undefined, { namespace, name, uid }: Target): Deployment {
  if (!deployment || deployment.metadata.uid !== uid) {
    throw new SkipError('target-unknown', `Deployment ${namespace}/${name} was deleted`);
  }
  return deployment;
}

/**
 * Checks that the owner of a Deployment has opted in, and that no rollout is in progress.
 *
 * @throws SkipError when one of these is not so
 */
export function requireReady(deployment: Deployment): void {
  const { name } = deployment.metadata;
  requireOptIn(deployment);
  if (deployment.spec.paused) {
    throw new SkipError('unhealthy', `the rollout of ${name} is paused`);
  }
  if (!isRolledOut(deployment)) {
    throw new SkipError('unhealthy', `a rollout of ${name} is in progress`);
  }
}

/** @throws SkipError when the owner of the Deployment has not opted in */
function requireOptIn({ metadata }: Deployment): void {
  if (metadata.labels?.[KEYS.optIn] !== 'enabled') {
    throw new SkipError(
      'not-opted-in',
      `Deployment ${metadata.namespace}/${metadata.name} lacks the label ${KEYS.optIn}=enabled`,
    );
  }
}

/** Whether every replica runs the newest template and is available, and no old replica is left. */
export function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.replicas ?? 0) <= (status?.updatedReplicas ?? 0) &&
    (status?.availableReplicas ?? 0) >= wanted
  );
}

/** CEL: what `isRolledOut()` tells, about the Deployment before the update. Only its controller writes the status. */
export const WAS_ROLLED_OUT = [
  'oldObject.?status.?observedGeneration.orValue(0) >= oldObject.metadata.?generation.orValue(0)',
  'oldObject.?status.?updatedReplicas.orValue(0) >= oldObject.spec.?replicas.orValue(1)',
  'oldObject.?status.?replicas.orValue(0) <= oldObject.?status.?updatedReplicas.orValue(0)',
  'oldObject.?status.?availableReplicas.orValue(0) >= oldObject.spec.?replicas.orValue(1)',
].join(' && ');

async function deploymentName(
  labels: RecordedAlert['labels'],
  namespace: string,
  kubernetes: KubernetesApi,
): Promise<string | undefined> {
  if (labels.workload && labels.workload_type?.toLowerCase() === 'deployment') {
    return labels.workload;
  }
  if (labels.deployment) {
    return labels.deployment;
  }
  if (labels.horizontalpodautoscaler) {
    const autoscalers = await listAutoscalers(kubernetes, namespace);
    const found = autoscalers.find(({ metadata }) => metadata.name === labels.horizontalpodautoscaler);
    return found?.spec.scaleTargetRef.kind === 'Deployment' ? found.spec.scaleTargetRef.name : undefined;
  }
  if (labels.pod) {
    const pod = await kubernetes.find<Owned>({ resource: RESOURCES.pods, namespace, name: labels.pod });
    const replicaSet = controllerOf(pod, 'ReplicaSet');
    return (
      replicaSet &&
      controllerOf(
        await kubernetes.find<Owned>({ resource: RESOURCES.replicaSets, namespace, name: replicaSet }),
        'Deployment',
      )
    );
  }
  return undefined;
}

function controllerOf(object: Owned | undefined, kind: string): string | undefined {
  return object?.metadata.ownerReferences?.find((owner) => owner.controller && owner.kind === kind)?.name;
}

/** A HorizontalPodAutoscaler, as far as actions read it. */
export interface Autoscaler extends KubernetesObject {
  readonly spec: {
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
  };
}

export function listAutoscalers(kubernetes: KubernetesApi, namespace: string): Promise<readonly Autoscaler[]> {
  return kubernetes.list<Autoscaler>(RESOURCES.horizontalPodAutoscalers, namespace);
}
