import type { KubernetesClient, KubernetesObject } from '../kubernetes';
import { RESOURCES } from '../kubernetes/resources';
import { type RemediationPolicy, type ResponseOptions, remediationPolicy, type Verification } from '../policy';
import type { Plan, Target } from '../record';
import { type Action, type Fence, type Permission, Refusal, type Run } from './action';
import {
  type Autoscaler,
  type Deployment,
  examineDeployment,
  findDeployment,
  isRolledOut,
  listAutoscalers,
  lookingAt,
  readDeployment,
  targetsOf,
  type Workloads,
} from './workload';

export interface ScaleUp extends Workloads {
  /** Names of the HorizontalPodAutoscalers of the Deployments; their floor is raised. @default - there are none */
  readonly autoscalers?: readonly string[];
  /** Replicas that are never exceeded. */
  readonly ceiling: number;
  /** How much is added at a time: 1.5 makes six of four. @default 1.5 */
  readonly factor?: number;
  /** Time after which a raised floor comes back, in seconds. @default 3600 */
  readonly expiresAfterSeconds?: number;
}

/** Adds replicas for a while: never fewer than there are, never more than the ceiling. */
export function scaleUp(
  props: ScaleUp & ResponseOptions & { readonly verification: Verification },
): RemediationPolicy<'scale-up'> {
  const { namespace, deployments, autoscalers, ceiling, factor, expiresAfterSeconds, verification, ...options } = props;
  const parameters = { namespace, deployments, autoscalers, ceiling, factor, expiresAfterSeconds };
  return remediationPolicy('scale-up', parameters, options, verification);
}

const DEFAULT_FACTOR = 1.5;
const DEFAULT_EXPIRY_SECONDS = 3600;

/** What is changed: the floor of an autoscaler, or the replicas of a Deployment that has none. */
interface Change {
  readonly kind: 'HorizontalPodAutoscaler' | 'Deployment';
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export const scaleUpAction: Action<ScaleUp> = {
  kind: 'scale-up',

  describe: ({
    namespace,
    deployments,
    ceiling,
    factor = DEFAULT_FACTOR,
    expiresAfterSeconds = DEFAULT_EXPIRY_SECONDS,
  }) =>
    `Adds replicas to the Deployment (${deployments.join(', ')} in ${namespace}): ${factor} times as many as now, ${ceiling} at the most. ` +
    `Where a HorizontalPodAutoscaler owns it, its floor is raised and comes back after ${expiresAfterSeconds / 60} minutes.`,

  needs: (parameters) => ({
    permissions: [{ namespace: parameters.namespace, rules: [...lookingAt(parameters), ...changing(parameters)] }],
    fences: fences(parameters),
    connections: [],
  }),

  targets: targetsOf,

  findTarget: findDeployment,

  async plan({ target, parameters, tools }) {
    const { kubernetes } = tools;
    const deployment = await examineDeployment(kubernetes, target);
    await refusePendingPods(deployment, kubernetes);
    const current = deployment.spec.replicas ?? 1;
    const autoscaler = await autoscalerOf(target, kubernetes);
    const wanted = Math.ceil(current * (parameters.factor ?? DEFAULT_FACTOR));
    const ceiling = Math.min(parameters.ceiling, autoscaler?.spec.maxReplicas ?? Number.POSITIVE_INFINITY);
    const to = Math.min(wanted, ceiling);
    const from = autoscaler ? (autoscaler.spec.minReplicas ?? 1) : current;
    if (to <= current || to <= from) {
      throw new Refusal('nothing-to-do', `${target.name} has ${current} replicas, and ${ceiling} is the ceiling`);
    }
    const change: Change = autoscaler
      ? { kind: 'HorizontalPodAutoscaler', name: autoscaler.metadata.name, from, to }
      : { kind: 'Deployment', name: target.name, from, to };
    if (autoscaler && !parameters.autoscalers?.includes(autoscaler.metadata.name)) {
      throw new Refusal('target-not-allowed', `the response names no autoscaler ${autoscaler.metadata.name}`);
    }
    return {
      summary: `raise ${describe(change)}`,
      details: { ...change },
      expiresAfterSeconds: autoscaler ? (parameters.expiresAfterSeconds ?? DEFAULT_EXPIRY_SECONDS) : undefined,
    };
  },

  async execute(run, plan) {
    const change = changeOf(plan);
    const { value, resourceVersion } = await read(run, change);
    if (value === change.to) {
      return { summary: `${change.name} was raised before` };
    }
    if (value !== change.from) {
      throw new Refusal('unhealthy', `somebody has set ${change.name} to ${value} meanwhile`);
    }
    await write(run, change, change.to, resourceVersion);
    return { summary: `raised ${describe(change)}` };
  },

  async settled({ target, tools }, plan) {
    const deployment = await readDeployment(tools.kubernetes, target.namespace ?? '', target.name);
    return deployment !== undefined && (deployment.spec.replicas ?? 1) >= changeOf(plan).to && isRolledOut(deployment);
  },

  async revert(run, plan) {
    const change = changeOf(plan);
    const { value, resourceVersion } = await read(run, change);
    if (value !== change.to) {
      return `left ${change.name} at ${value}: somebody has changed it`;
    }
    await write(run, change, change.from, resourceVersion);
    return `lowered the floor of ${change.name} from ${change.to} to ${change.from}`;
  },
};

function describe({ kind, name, from, to }: Change): string {
  return `${kind === 'Deployment' ? `Deployment ${name}` : `the floor of ${kind} ${name}`} from ${from} to ${to} replicas`;
}

function changeOf({ details }: Plan): Change {
  return details as unknown as Change;
}

/** @throws Refusal when the autoscaler belongs to KEDA, which would undo the change */
async function autoscalerOf(target: Target, kubernetes: KubernetesClient): Promise<Autoscaler | undefined> {
  const found = (await listAutoscalers(kubernetes, target.namespace ?? '')).find(
    ({ spec }) => spec.scaleTargetRef.kind === 'Deployment' && spec.scaleTargetRef.name === target.name,
  );
  const scaledObject = found?.metadata.labels?.['scaledobject.keda.sh/name'];
  if (scaledObject) {
    throw new Refusal('unhealthy', `KEDA owns the autoscaler (ScaledObject ${scaledObject}) and would undo the change`);
  }
  return found;
}

interface Pod extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly reason?: string }[] };
}

/** @throws Refusal when the cluster has no room for the pods that there are */
async function refusePendingPods({ metadata, spec }: Deployment, kubernetes: KubernetesClient): Promise<void> {
  const selector = Object.entries(spec.selector.matchLabels ?? {}).map(([label, value]) => `${label}=${value}`);
  const pods = await kubernetes.list<Pod>(RESOURCES.pods, metadata.namespace, selector.join());
  const homeless = pods.filter(({ status }) =>
    status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable'),
  );
  if (homeless.length > 0) {
    throw new Refusal(
      'unhealthy',
      `${homeless.length} pods of ${metadata.name} find no node: more would find none either`,
    );
  }
}

interface Scale extends KubernetesObject {
  readonly spec: { readonly replicas?: number };
}

async function read({ target, tools }: Run<ScaleUp>, { kind, name }: Change) {
  const { namespace } = target;
  if (kind === 'Deployment') {
    const scale = await tools.kubernetes.get<Scale>(scaleOf(namespace, name));
    return { value: scale.spec.replicas ?? 1, resourceVersion: scale.metadata.resourceVersion };
  }
  const reference = { resource: RESOURCES.horizontalPodAutoscalers, namespace, name };
  const autoscaler = await tools.kubernetes.get<Autoscaler>(reference);
  return { value: autoscaler.spec.minReplicas ?? 1, resourceVersion: autoscaler.metadata.resourceVersion };
}

async function write(run: Run<ScaleUp>, { kind, name }: Change, value: number, resourceVersion?: string) {
  const { tools, target, dryRun, signal } = run;
  const [reference, spec] =
    kind === 'Deployment'
      ? [scaleOf(target.namespace, name), { replicas: value }]
      : [{ resource: RESOURCES.horizontalPodAutoscalers, namespace: target.namespace, name }, { minReplicas: value }];
  await tools.kubernetes.patch(reference, 'merge', { metadata: { resourceVersion }, spec }, { dryRun, signal });
}

function scaleOf(namespace: string | undefined, name: string) {
  return { resource: RESOURCES.deployments, namespace, name, subresource: 'scale' };
}

function changing({ deployments, autoscalers = [] }: ScaleUp): readonly Permission[] {
  return [
    { apiGroups: ['apps'], resources: ['deployments/scale'], resourceNames: deployments, verbs: ['get', 'patch'] },
    ...(autoscalers.length === 0
      ? []
      : [
          {
            apiGroups: ['autoscaling'],
            resources: ['horizontalpodautoscalers'],
            resourceNames: autoscalers,
            verbs: ['get', 'patch'],
          },
        ]),
  ];
}

function fences({ namespace, deployments, autoscalers = [], ceiling }: ScaleUp): readonly Fence[] {
  return [
    {
      apiGroup: 'apps',
      resource: 'deployments/scale',
      namespace,
      names: deployments,
      expressions: [
        'object.spec.?replicas.orValue(0) >= oldObject.spec.?replicas.orValue(0)',
        `object.spec.?replicas.orValue(0) <= ${ceiling}`,
      ],
    },
    {
      apiGroup: 'autoscaling',
      resource: 'horizontalpodautoscalers',
      namespace,
      names: autoscalers,
      expressions: [
        'object.metadata.?labels == oldObject.metadata.?labels',
        'object.metadata.?ownerReferences == oldObject.metadata.?ownerReferences',
        'object.metadata.?finalizers == oldObject.metadata.?finalizers',
        'object.spec.maxReplicas == oldObject.spec.maxReplicas',
        'object.spec.scaleTargetRef == oldObject.spec.scaleTargetRef',
        'object.spec.?metrics == oldObject.spec.?metrics',
        'object.spec.?behavior == oldObject.spec.?behavior',
        `object.spec.?minReplicas.orValue(1) <= ${ceiling}`,
      ],
    },
  ].filter(({ names }) => names.length > 0);
}
