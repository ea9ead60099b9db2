import type { KubernetesClient, KubernetesObject } from '../kubernetes';
import { RESOURCES } from '../kubernetes/resources';
import { KEYS, type RecordedAlert, type Target } from '../record';
import { type Clients, type Permission, SkipError } from './action';

/** Deployments that a response may touch. */
export interface Workloads {
  readonly namespace: string;
  /** Names of the Deployments. */
  readonly deployments: readonly string[];
}

/** A Deployment, as far as actions look at it. */
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

/** Namespaces in which nothing is repaired automatically, whatever a policy says. */
export const PROTECTED_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

/**
 * The Deployment that an alert is about. Labels name it (`workload` and `workload_type`, `deployment`), or its autoscaler
 * (`horizontalpodautoscaler`), or one of its pods, whose owners are followed.
 *
 * @throws SkipError when the labels name none, or one that the response may not touch
 */
export async function findDeployment(alert: RecordedAlert, allowed: Workloads, tools: Clients): Promise<Target> {
  const { namespace = '' } = alert.labels;
  if (PROTECTED_NAMESPACES.includes(namespace)) {
    throw new SkipError('target-protected', `nothing in namespace ${namespace} is repaired automatically`);
  }
  if (namespace !== allowed.namespace) {
    throw namespace === ''
      ? new SkipError('target-unknown', `${alert.name} has no label namespace`)
      : new SkipError('target-not-allowed', `the response is for namespace ${allowed.namespace}, not ${namespace}`);
  }
  const name = await deploymentName(alert.labels, namespace, tools.kubernetes);
  if (!name) {
    throw new SkipError('target-unknown', `the labels of ${alert.name} lead to no Deployment`);
  }
  if (!allowed.deployments.includes(name)) {
    throw new SkipError('target-not-allowed', `the response is for ${allowed.deployments.join(', ')}, not ${name}`);
  }
  const deployment = await readDeployment(tools.kubernetes, namespace, name);
  if (!deployment) {
    throw new SkipError('target-unknown', `there is no Deployment ${namespace}/${name}`);
  }
  requireOptIn(deployment);
  return { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name, uid: deployment.metadata.uid };
}

/** The Deployments as targets. */
export function targetsOf({ namespace, deployments }: Workloads): readonly Target[] {
  return deployments.map((name) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }));
}

/** Rights to find a Deployment and to see how it is. */
export function readRules({ deployments }: Workloads): readonly Permission[] {
  return [
    { apiGroups: ['apps'], resources: ['deployments'], resourceNames: deployments, verbs: ['get'] },
    { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['list'] },
    { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list'] },
  ];
}

export function readDeployment(
  kubernetes: KubernetesClient,
  namespace: string,
  name: string,
): Promise<Deployment | undefined> {
  return kubernetes.find<Deployment>({ resource: RESOURCES.deployments, namespace, name });
}

/**
 * The Deployment of a target, fit to be changed: it is there, it is the one that was found, its owner wants it to be
 * repaired, and nobody is changing it now.
 *
 * @throws SkipError that says what is in the way
 */
export async function examineDeployment(kubernetes: KubernetesClient, target: Target): Promise<Deployment> {
  const { namespace = '', name } = target;
  const deployment = await readDeployment(kubernetes, namespace, name);
  if (!deployment || deployment.metadata.uid !== target.uid) {
    throw new SkipError('target-unknown', `Deployment ${namespace}/${name} is gone`);
  }
  requireOptIn(deployment);
  if (deployment.spec.paused) {
    throw new SkipError('unhealthy', `the roll-out of ${name} is paused`);
  }
  if (!isRolledOut(deployment)) {
    throw new SkipError('unhealthy', `${name} is rolling out`);
  }
  return deployment;
}

/** @throws SkipError when the owner of the Deployment has not said that it may be repaired */
function requireOptIn({ metadata }: Deployment): void {
  if (metadata.labels?.[KEYS.optIn] !== 'enabled') {
    throw new SkipError(
      'not-opted-in',
      `Deployment ${metadata.namespace}/${metadata.name} lacks the label ${KEYS.optIn}=enabled`,
    );
  }
}

/** Whether every replica runs the newest template and is available, and no older one is left. */
export function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.replicas ?? 0) <= (status?.updatedReplicas ?? 0) &&
    (status?.availableReplicas ?? 0) >= wanted
  );
}

async function deploymentName(
  labels: RecordedAlert['labels'],
  namespace: string,
  kubernetes: KubernetesClient,
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

/** An autoscaler, as far as actions look at it. */
export interface Autoscaler extends KubernetesObject {
  readonly spec: {
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
  };
}

export function listAutoscalers(kubernetes: KubernetesClient, namespace: string): Promise<readonly Autoscaler[]> {
  return kubernetes.list<Autoscaler>(RESOURCES.horizontalPodAutoscalers, namespace);
}
