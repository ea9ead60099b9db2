import type { KubernetesClient, KubernetesObject } from '../kubernetes';
import { RESOURCES } from '../kubernetes/resources';
import { type RemediationPolicy, type ResponseOptions, remediationPolicy, type Verification } from '../policy';
import { KEYS } from '../record';
import { type Action, type Run, SkipError } from './action';
import { appliedFieldsUnchanged, METADATA, otherAnnotationsUnchanged, unchanged } from './allowed-update';
import {
  type Deployment,
  examineDeployment,
  findDeployment,
  isRolledOut,
  readDeployment,
  readRules,
  targetsOf,
  type Workloads,
} from './workload';

export interface RestartWorkload extends Workloads {
  /**
   * A Deployment whose template changed within this time is left alone: its trouble may be the change, and a restart
   * would not mend it. In seconds.
   * @default 900
   */
  readonly minimumAgeSeconds?: number;
}

/** Restarts Deployments, replica by replica, as `kubectl rollout restart` does. */
export function restartWorkload(
  props: RestartWorkload & ResponseOptions & { readonly verification: Verification },
): RemediationPolicy<'restart-workload'> {
  const { namespace, deployments, minimumAgeSeconds, verification, ...options } = props;
  return remediationPolicy('restart-workload', { namespace, deployments, minimumAgeSeconds }, options, verification);
}

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const DEFAULT_MINIMUM_AGE_SECONDS = 900;

interface DisruptionBudget extends KubernetesObject {
  readonly spec: { readonly selector?: { readonly matchLabels?: { readonly [label: string]: string } } };
  readonly status?: { readonly disruptionsAllowed?: number };
}

export const restartWorkloadAction: Action<RestartWorkload> = {
  kind: 'restart-workload',

  describe: ({ namespace, deployments }) =>
    `Restarts the Deployment (${deployments.join(', ')} in ${namespace}), replica by replica, as "kubectl rollout restart" does.`,

  requirements: (parameters) => ({
    permissions: [
      {
        namespace: parameters.namespace,
        rules: [
          ...readRules(parameters),
          {
            apiGroups: ['apps'],
            resources: ['deployments'],
            resourceNames: parameters.deployments,
            verbs: ['patch'],
          },
        ],
      },
    ],
    allowedUpdates: [
      {
        apiGroup: 'apps',
        version: 'v1',
        resource: 'deployments',
        namespace: parameters.namespace,
        names: parameters.deployments,
        expressions: ONLY_THE_RESTART,
      },
    ],
    connections: [],
  }),

  targets: targetsOf,

  findTarget: findDeployment,

  async plan({ record, target, parameters, tools }) {
    const deployment = await examineDeployment(tools.kubernetes, target);
    await refuseRecentChange(deployment, parameters, tools.now(), tools.kubernetes);
    await refuseWithoutBudget(deployment, tools.kubernetes);
    const { namespace, name } = target;
    return {
      summary: `restart Deployment ${namespace}/${name} (${deployment.spec.replicas ?? 1} replicas)`,
      // The time is the record's, so whoever repeats the change writes the same again, and nothing rolls twice.
      details: { restartedAt: record.metadata.creationTimestamp },
      needsApproval: riskOf(deployment),
    };
  },

  async execute({ target, tools, dryRun, signal }, { details }) {
    const { namespace, name } = target;
    const deployment = await readDeployment(tools.kubernetes, namespace ?? '', name);
    if (!deployment || deployment.metadata.uid !== target.uid) {
      throw new SkipError('target-unknown', `Deployment ${namespace}/${name} is gone`);
    }
    if (deployment.spec.template.metadata?.annotations?.[RESTARTED_AT] === details.restartedAt) {
      return { summary: `${name} was restarted before` };
    }
    await tools.kubernetes.patch(
      { resource: RESOURCES.deployments, namespace, name },
      'strategic',
      {
        // Fails when somebody has changed the Deployment since it was looked at.
        metadata: { resourceVersion: deployment.metadata.resourceVersion },
        spec: { template: { metadata: { annotations: { [RESTARTED_AT]: details.restartedAt } } } },
      },
      { dryRun, signal },
    );
    return { summary: `restarted ${name}` };
  },

  async settled({ target, tools }: Run<RestartWorkload>) {
    const deployment = await readDeployment(tools.kubernetes, target.namespace ?? '', target.name);
    return deployment !== undefined && isRolledOut(deployment);
  },
};

/** What a restart would take down for a while. */
function riskOf({ spec }: Deployment): string | undefined {
  if (spec.strategy?.type === 'Recreate') {
    return 'its strategy is Recreate: all replicas end before the first new one starts';
  }
  return (spec.replicas ?? 1) < 2 ? 'it has one replica' : undefined;
}

/** @throws SkipError when the newest ReplicaSet is young */
async function refuseRecentChange(
  { metadata, spec }: Deployment,
  { minimumAgeSeconds = DEFAULT_MINIMUM_AGE_SECONDS }: RestartWorkload,
  now: Date,
  kubernetes: KubernetesClient,
): Promise<void> {
  const selector = labelSelector(spec.selector.matchLabels ?? {});
  const replicaSets = await kubernetes.list(RESOURCES.replicaSets, metadata.namespace, selector);
  const newest = Math.max(...replicaSets.map((set) => Date.parse(set.metadata.creationTimestamp ?? '')));
  const age = Math.floor((now.getTime() - newest) / 1000);
  if (age < minimumAgeSeconds) {
    throw new SkipError(
      'unhealthy',
      `${metadata.name} was deployed ${age} s ago, less than ${minimumAgeSeconds} s: consider rolling it back`,
    );
  }
}

/** @throws SkipError when a PodDisruptionBudget of the pods has nothing left */
async function refuseWithoutBudget({ metadata, spec }: Deployment, kubernetes: KubernetesClient): Promise<void> {
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

function labelSelector(labels: { readonly [label: string]: string }): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join();
}

/** CEL: everything but the time of the restart is as it was, and the owner of the Deployment wants repairs. */
const ONLY_THE_RESTART = [
  `oldObject.metadata.?labels[?"${KEYS.optIn}"].orValue("") == "enabled"`,
  ...unchanged('metadata', ['annotations', ...METADATA]),
  // Server-side apply removes what its manager no longer names, so nobody else may say who manages what.
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
  // Pods are made with the labels, annotations and finalizers of their template.
  ...unchanged('spec.template.metadata', ['name', 'namespace', ...METADATA]),
  ...otherAnnotationsUnchanged('spec.template.metadata', RESTARTED_AT),
  `object.spec.template.metadata.?annotations[?"${RESTARTED_AT}"].orValue("").matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")`,
];
