import * as v from 'valibot';
import { type KubernetesApi, type KubernetesObject, RESOURCES } from '../kubernetes';
import { type PolicyOptions, type RemediationPolicy, remediationPolicy, type Verification } from '../policy';
import { KEYS, RecordAltered, type Remediation } from '../record';
import { nonNegativeInteger, type SchemasOf } from '../schema';
import { describeTime, secondsSince } from '../times';
import { type Action, type Clients, SkipError } from './action';
import { appliedFieldsUnchanged, METADATA, otherAnnotationsUnchanged, unchanged } from './allowed-update';
import type { Workloads } from './allowed-workloads';
import {
  type Deployment,
  findDeployment,
  isAllowedDeployment,
  isRolledOut,
  readDeployment,
  readRules,
  requireReady,
  requireReadyDeployment,
  requireSame,
  selectorOf,
  targetsOf,
  WAS_ROLLED_OUT,
  workloads,
} from './workload';

/** Parameters of `restartWorkload()`. */
export interface RestartWorkloadParameters extends Workloads {
  /**
   * Skip a Deployment whose template changed less than this many seconds ago: the change itself may be the problem, and
   * then a rollback helps and a restart does not. 0 or more.
   * @default 900
   */
  readonly minimumAgeSeconds?: number;
}

/** Parameters and options of `restartWorkload()`. */
export interface RestartWorkloadProps extends RestartWorkloadParameters, PolicyOptions {
  /** How the effect is verified. */
  readonly verification: Verification;
}

/** Parameters of `restartWorkload()` with the defaults filled in. */
export type RestartWorkload = Required<RestartWorkloadParameters>;

const parameters = v.strictObject({
  ...workloads.entries,
  minimumAgeSeconds: v.optional(nonNegativeInteger, 900),
} satisfies SchemasOf<RestartWorkloadParameters>);

/**
 * Restarts Deployments, replica by replica, as `kubectl rollout restart` does.
 *
 * @throws SettingError for a parameter or an option that cannot work
 */
export function restartWorkload(props: RestartWorkloadProps): RemediationPolicy<'restart-workload', RestartWorkload> {
  return remediationPolicy('restart-workload', parameters, props);
}

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** How many replicas are restarted. */
interface Restart {
  readonly replicas: number;
}

interface DisruptionBudget extends KubernetesObject {
  readonly spec: { readonly selector?: { readonly matchLabels?: { readonly [label: string]: string } } };
  readonly status?: { readonly disruptionsAllowed?: number };
}

/** @internal */
export const restartWorkloadAction: Action<RestartWorkload, Restart> = {
  kind: 'restart-workload',
  parameters,

  describe: ({ namespace, deployments }) =>
    `Restarts the Deployment (${deployments.join(', ')} in ${namespace}), replica by replica, as "kubectl rollout restart" does.`,

  requirements: ({ namespace, deployments }) => ({
    permissions: [
      {
        namespace,
        rules: [
          ...readRules({ deployments }),
          { apiGroups: ['apps'], resources: ['deployments'], resourceNames: deployments, verbs: ['patch'] },
        ],
      },
    ],
    allowedUpdates: [
      {
        apiGroup: 'apps',
        version: 'v1',
        resource: 'deployments',
        namespace,
        names: deployments,
        expressions: ONLY_THE_RESTART,
      },
    ],
    connections: [],
  }),

  targets: targetsOf,

  findTarget: findDeployment,

  isTarget: isAllowedDeployment,

  async plan({ target, parameters, clients }) {
    const deployment = await requireReadyDeployment(clients.kubernetes, target);
    await requireRestartable(deployment, parameters, clients);
    const { namespace, name } = target;
    const { replicas = 1 } = deployment.spec;
    return {
      summary: `restart Deployment ${namespace}/${name} (${replicas} replicas)`,
      details: { replicas },
      needsApproval: riskOf(deployment),
    };
  },

  async recheck(attempt) {
    const { target, record, clients } = attempt;
    const found = requireSame(await readDeployment(clients.kubernetes, target.namespace ?? '', target.name), target);
    return restartedAtOf(found) === timeOf(record) ? undefined : restartWorkloadAction.plan(attempt);
  },

  async execute({ record, target, parameters, clients, dryRun, signal }) {
    const { namespace, name } = target;
    const found = await readDeployment(clients.kubernetes, namespace ?? '', name);
    const deployment = requireSame(found, target);
    const restartedAt = timeOf(record);
    if (restartedAtOf(deployment) === restartedAt) {
      return { summary: `${name} was already restarted` };
    }
    requireReady(deployment);
    await requireRestartable(deployment, parameters, clients);
    await clients.kubernetes.patch(
      { resource: RESOURCES.deployments, namespace, name },
      'strategic',
      {
        // Fails when the Deployment has changed since it was read.
        metadata: { resourceVersion: deployment.metadata.resourceVersion },
        spec: { template: { metadata: { annotations: { [RESTARTED_AT]: restartedAt } } } },
      },
      { dryRun, signal },
    );
    return { summary: `restarted ${name}` };
  },

  async settled({ target, clients }) {
    const deployment = await readDeployment(clients.kubernetes, target.namespace ?? '', target.name);
    return deployment !== undefined && isRolledOut(deployment);
  },
};

function restartedAtOf({ spec }: Deployment): string | undefined {
  return spec.template.metadata?.annotations?.[RESTARTED_AT];
}

/**
 * The time that the template carries: when the record's execution began, in seconds. Executed again after a crash, the
 * same value is written and nothing restarts twice.
 *
 * @throws RecordAltered when the record does not say when
 */
function timeOf({ metadata, status }: Remediation): string {
  const { executionStartTime = '' } = status;
  if (Number.isNaN(Date.parse(executionStartTime))) {
    throw new RecordAltered(`${metadata.name} does not say when its execution began`);
  }
  return new Date(executionStartTime).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** @throws SkipError when the Deployment is too new, or its pods must not be disrupted */
async function requireRestartable(deployment: Deployment, parameters: RestartWorkload, clients: Clients) {
  await requireMinimumAge(deployment, parameters, clients.now(), clients.kubernetes);
  await requireDisruptionBudget(deployment, clients.kubernetes);
}

/** Why a restart would interrupt the service. */
function riskOf({ spec }: Deployment): string | undefined {
  if (spec.strategy?.type === 'Recreate') {
    return 'its strategy is Recreate: all replicas stop before the first new one starts';
  }
  return (spec.replicas ?? 1) < 2 ? 'it has one replica' : undefined;
}

/** @throws SkipError when the newest ReplicaSet is too young */
async function requireMinimumAge(
  { metadata, spec }: Deployment,
  { minimumAgeSeconds }: RestartWorkload,
  now: Date,
  kubernetes: KubernetesApi,
): Promise<void> {
  const replicaSets = await kubernetes.list(RESOURCES.replicaSets, metadata.namespace, selectorOf(spec));
  for (const set of replicaSets) {
    const { creationTimestamp } = set.metadata;
    const age = secondsSince(creationTimestamp, now);
    if (age === undefined) {
      const time = describeTime(creationTimestamp);
      throw new SkipError('unhealthy', `it is unknown when ${metadata.name} was deployed: its time is ${time}`);
    }
    if (age < minimumAgeSeconds) {
      throw new SkipError(
        'unhealthy',
        `${metadata.name} was deployed ${Math.floor(age)} s ago, less than ${minimumAgeSeconds} s: consider rolling it back`,
      );
    }
  }
}

/** @throws SkipError when a PodDisruptionBudget of the pods allows no disruption */
async function requireDisruptionBudget({ metadata, spec }: Deployment, kubernetes: KubernetesApi): Promise<void> {
  const labels = spec.template.metadata?.labels ?? {};
  const budgets = await kubernetes.list<DisruptionBudget>(RESOURCES.podDisruptionBudgets, metadata.namespace);
  const exhausted = budgets.find((budget) => {
    const wanted = Object.entries(budget.spec.selector?.matchLabels ?? {});
    return wanted.every(([label, value]) => labels[label] === value) && budget.status?.disruptionsAllowed === 0;
  });
  if (exhausted) {
    throw new SkipError('unhealthy', `the PodDisruptionBudget ${exhausted.metadata.name} allows no disruption now`);
  }
}

/** CEL: the owner of the Deployment has opted in, and only the annotation of the restart changes. */
const ONLY_THE_RESTART = [
  `oldObject.metadata.?labels[?"${KEYS.optIn}"].orValue("") == "enabled"`,
  ...unchanged('metadata', ['annotations', ...METADATA]),
  // Server-side apply deletes fields that their manager no longer sets, so managed fields must stay as they are.
  ...appliedFieldsUnchanged(),
  ...unchanged('spec', [
    'replicas',
    'selector',
    'strategy',
    'paused',
    'minReadySeconds',
    'revisionHistoryLimit',
    'progressDeadlineSeconds',
  ]),
  ...unchanged('spec.template', ['spec']),
  // Pods inherit the labels, annotations and finalizers of their template.
  ...unchanged('spec.template.metadata', ['name', 'namespace', ...METADATA]),
  ...otherAnnotationsUnchanged('spec.template.metadata', RESTARTED_AT),
  `object.spec.template.metadata.?annotations[?"${RESTARTED_AT}"].orValue("").matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")`,
  // As many restarts in a row as fit between complete rollouts, and no more.
  `object.spec.template == oldObject.spec.template || (${WAS_ROLLED_OUT})`,
];
