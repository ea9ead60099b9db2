import * as v from 'valibot';
import { FIELD_MANAGER, type KubernetesApi, type KubernetesObject, RESOURCES } from '../kubernetes';
import { type PolicyOptions, type RemediationPolicy, remediationPolicy, type Verification } from '../policy';
import { RecordAltered, type Target } from '../record';
import { positiveInteger, type SchemasOf, text } from '../schema';
import { type Action, type Attempt, type FoundChange, type Permission, SkipError } from './action';
import type { Workloads } from './allowed-workloads';
import { type Change, foundIn, ownersMinReplicas, read, write } from './replicas';
import { requireSamePlan } from './same-plan';
import { scaleUpdates } from './scale-up-guard';
import {
  type Autoscaler,
  type Deployment,
  findDeployment,
  isAllowedDeployment,
  isRolledOut,
  listAutoscalers,
  readDeployment,
  readRules,
  requireReadyDeployment,
  selectorOf,
  targetsOf,
  workloads,
} from './workload';

/** Parameters of `scaleUp()`. */
export interface ScaleUpParameters extends Workloads {
  /** Names of the Deployments' HorizontalPodAutoscalers, whose minReplicas is raised. @default - there are none */
  readonly autoscalers?: readonly string[];
  /** Number of replicas that is never exceeded, 1 or more. */
  readonly maxReplicas: number;
  /** How many replicas a scale-up makes of the present ones: 1.5 makes six of four. Greater than 1. @default 1.5 */
  readonly factor?: number;
  /** Time after which a raised minReplicas is reverted, in seconds, 1 or more. @default 3600 */
  readonly expiresAfterSeconds?: number;
}

/** Parameters and options of `scaleUp()`. */
export interface ScaleUpProps extends ScaleUpParameters, PolicyOptions {
  /** How the effect is verified. */
  readonly verification: Verification;
}

/** Parameters of `scaleUp()` with the defaults filled in. */
export type ScaleUp = Required<ScaleUpParameters>;

const parameters = v.strictObject({
  ...workloads.entries,
  autoscalers: v.optional(v.array(text), []),
  maxReplicas: positiveInteger,
  factor: v.optional(v.pipe(v.number(), v.gtValue(1, 'write a number greater than 1, such as 1.5')), 1.5),
  expiresAfterSeconds: v.optional(positiveInteger, 3600),
} satisfies SchemasOf<ScaleUpParameters>);

/**
 * Adds replicas: temporarily where a HorizontalPodAutoscaler exists, and never more than maxReplicas.
 *
 * @throws SettingError for a parameter or an option that cannot work
 */
export function scaleUp(props: ScaleUpProps): RemediationPolicy<'scale-up', ScaleUp> {
  return remediationPolicy('scale-up', parameters, props);
}

/** @internal */
export const scaleUpAction: Action<ScaleUp, Change> = {
  kind: 'scale-up',
  parameters,

  describe: ({ namespace, deployments, maxReplicas, factor, expiresAfterSeconds }) =>
    `Adds replicas to the Deployment (${deployments.join(', ')} in ${namespace}): ${factor} times as many as now, but no more than ${maxReplicas}. ` +
    `Where a HorizontalPodAutoscaler controls it, its minReplicas is raised, and reverted after ${expiresAfterSeconds / 60} minutes.`,

  requirements: (settings) => ({
    permissions: [{ namespace: settings.namespace, rules: [...readRules(settings), ...writeRules(settings)] }],
    allowedUpdates: scaleUpdates(settings),
    connections: [],
  }),

  targets: targetsOf,

  findTarget: findDeployment,

  isTarget: isAllowedDeployment,

  async plan({ target, parameters: { maxReplicas, factor, autoscalers, expiresAfterSeconds }, clients }) {
    const { kubernetes } = clients;
    const deployment = await requireReadyDeployment(kubernetes, target);
    await requireSchedulablePods(deployment, kubernetes);
    const current = deployment.spec.replicas ?? 1;
    const autoscaler = await autoscalerOf(target, kubernetes);
    const limit = Math.min(maxReplicas, autoscaler?.spec.maxReplicas ?? Number.POSITIVE_INFINITY);
    const to = Math.min(Math.ceil(current * factor), limit);
    const from = autoscaler ? (autoscaler.spec.minReplicas ?? 1) : current;
    if (to <= current || to <= from) {
      throw new SkipError('nothing-to-do', `${target.name} has ${current} replicas, and maxReplicas is ${limit}`);
    }
    if (autoscaler && !autoscalers.includes(autoscaler.metadata.name)) {
      throw new SkipError('target-not-allowed', `the policy does not name autoscaler ${autoscaler.metadata.name}`);
    }
    const change: Change = autoscaler
      ? { kind: 'HorizontalPodAutoscaler', name: autoscaler.metadata.name, from, to }
      : { kind: 'Deployment', name: target.name, from, to };
    return {
      summary: `raise ${describe(change)}`,
      details: change,
      expiresAfterSeconds: autoscaler ? expiresAfterSeconds : undefined,
    };
  },

  async recheck(attempt, plan) {
    requireNamed(plan.details, attempt);
    const found = await read(attempt, plan.details);
    // Raised already: an autoscaler says so itself.
    if (found.value === plan.details.to && (plan.details.kind === 'Deployment' || ownersMinReplicas(found))) {
      return undefined;
    }
    return requireSamePlan(attempt.target, plan, await scaleUpAction.plan(attempt));
  },

  async execute(attempt, { details: change }) {
    requireNamed(change, attempt);
    const found = await read(attempt, change);
    if (found.value === change.to) {
      return { summary: `${change.name} was already raised` };
    }
    if (found.value !== change.from) {
      throw new SkipError('unhealthy', `${change.name} was set to ${found.value} meanwhile`);
    }
    const owners = ownersMinReplicas(found) ?? found.value;
    await write(attempt, change, found, change.to, `${change.to} from ${owners}`);
    return { summary: `raised ${describe(change)}` };
  },

  async settled({ target, clients }, { details }) {
    const deployment = await readDeployment(clients.kubernetes, target.namespace ?? '', target.name);
    return deployment !== undefined && (deployment.spec.replicas ?? 1) >= details.to && isRolledOut(deployment);
  },

  async revert(attempt, { details: change }) {
    requireNamed(change, attempt);
    const found = await read(attempt, change);
    const owners = ownersMinReplicas(found);
    if (found.value !== change.to || owners === undefined) {
      return `left ${change.name} at ${found.value}: it was changed since`;
    }
    await write(attempt, change, found, owners, null);
    return `lowered minReplicas of ${change.name} from ${change.to} to ${owners}`;
  },

  expiresAfterSeconds: ({ expiresAfterSeconds }) => expiresAfterSeconds,

  async findChanges({ namespace, autoscalers }, { kubernetes }, signal) {
    const known = await kubernetes.list<Autoscaler>(RESOURCES.horizontalPodAutoscalers, namespace, undefined, signal);
    return known.flatMap((autoscaler): FoundChange[] => {
      const { name, managedFields = [] } = autoscaler.metadata;
      const found = foundIn(autoscaler);
      const owners = ownersMinReplicas(found);
      if (!autoscalers.includes(name) || owners === undefined) {
        return [];
      }
      const { scaleTargetRef } = autoscaler.spec;
      const target = { apiVersion: 'apps/v1', kind: scaleTargetRef.kind, namespace, name: scaleTargetRef.name };
      return [
        {
          target,
          summary: `minReplicas of HPA ${name}, raised from ${owners} to ${found.value}`,
          time: managedFields.find(({ manager }) => manager === FIELD_MANAGER)?.time,
          async revert(abort) {
            const change = { kind: 'HorizontalPodAutoscaler', name, from: owners, to: found.value } as const;
            const writer = { clients: { kubernetes }, target, dryRun: false, signal: abort };
            await write(writer, change, found, owners, null);
            return `lowered minReplicas of ${name} from ${found.value} to ${owners}`;
          },
        },
      ];
    });
  },
};

/** @throws RecordAltered for a change that the policy never makes */
function requireNamed({ kind, name }: Change, { target, parameters }: Attempt<ScaleUp>): void {
  if (kind === 'Deployment' ? name !== target.name : !parameters.autoscalers.includes(name)) {
    throw new RecordAltered(`the plan is for ${kind ?? 'nothing'} ${name ?? ''}, which the policy never changes`);
  }
}

function describe({ kind, name, from, to }: Change): string {
  const what = kind === 'Deployment' ? `Deployment ${name}` : `minReplicas of ${kind} ${name}`;
  return `${what} from ${from} to ${to} replicas`;
}

/** @throws SkipError when KEDA owns the autoscaler: it would undo the change */
async function autoscalerOf(target: Target, kubernetes: KubernetesApi): Promise<Autoscaler | undefined> {
  const found = (await listAutoscalers(kubernetes, target.namespace ?? '')).find(
    ({ spec }) => spec.scaleTargetRef.kind === 'Deployment' && spec.scaleTargetRef.name === target.name,
  );
  const scaledObject = found?.metadata.labels?.['scaledobject.keda.sh/name'];
  if (scaledObject) {
    throw new SkipError(
      'unhealthy',
      `KEDA owns the autoscaler (ScaledObject ${scaledObject}) and would undo the change`,
    );
  }
  return found;
}

interface Pod extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly reason?: string }[] };
}

/** @throws SkipError when pods of the Deployment are unschedulable: the cluster is full */
async function requireSchedulablePods({ metadata, spec }: Deployment, kubernetes: KubernetesApi): Promise<void> {
  const pods = await kubernetes.list<Pod>(RESOURCES.pods, metadata.namespace, selectorOf(spec));
  const unschedulable = pods.filter(({ status }) =>
    status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable'),
  );
  if (unschedulable.length > 0) {
    throw new SkipError('unhealthy', `${unschedulable.length} pods of ${metadata.name} are unschedulable already`);
  }
}

function writeRules({ deployments, autoscalers }: ScaleUp): readonly Permission[] {
  const verbs = ['get', 'patch'];
  const scale = { apiGroups: ['apps'], resources: ['deployments/scale'], resourceNames: deployments, verbs };
  const minReplicas = {
    apiGroups: ['autoscaling'],
    resources: ['horizontalpodautoscalers'],
    resourceNames: autoscalers,
    verbs,
  };
  // A rule without resourceNames would cover every autoscaler.
  return autoscalers.length === 0 ? [scale] : [scale, minReplicas];
}
