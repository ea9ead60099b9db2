import type { KubernetesClient, KubernetesObject } from '../kubernetes';
import { RESOURCES } from '../kubernetes/resources';
import { type RemediationPolicy, type ResponseOptions, remediationPolicy, type Verification } from '../policy';
import { KEYS, type Plan, type Target } from '../record';
import { type Action, type Permission, type Run, SkipError } from './action';
import { type AllowedUpdate, METADATA, otherAnnotationsUnchanged, unchanged } from './allowed-update';
import {
  type Autoscaler,
  type Deployment,
  examineDeployment,
  findDeployment,
  isRolledOut,
  listAutoscalers,
  readDeployment,
  readRules,
  targetsOf,
  type Workloads,
} from './workload';

export interface ScaleUp extends Workloads {
  /** Names of the HorizontalPodAutoscalers of the Deployments; their floor is raised. @default - there are none */
  readonly autoscalers?: readonly string[];
  /** Replicas that are never exceeded. */
  readonly maxReplicas: number;
  /** How much is added at a time: 1.5 makes six of four. @default 1.5 */
  readonly factor?: number;
  /** Time after which a raised floor comes back, in seconds. @default 3600 */
  readonly expiresAfterSeconds?: number;
}

/** Adds replicas for a while: never fewer than there are, never more than the maxReplicas. */
export function scaleUp(
  props: ScaleUp & ResponseOptions & { readonly verification: Verification },
): RemediationPolicy<'scale-up'> {
  const { namespace, deployments, autoscalers, maxReplicas, factor, expiresAfterSeconds, verification, ...options } =
    props;
  const parameters = { namespace, deployments, autoscalers, maxReplicas, factor, expiresAfterSeconds };
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
    maxReplicas,
    factor = DEFAULT_FACTOR,
    expiresAfterSeconds = DEFAULT_EXPIRY_SECONDS,
  }) =>
    `Adds replicas to the Deployment (${deployments.join(', ')} in ${namespace}): ${factor} times as many as now, ${maxReplicas} at the most. ` +
    `Where a HorizontalPodAutoscaler owns it, its floor is raised and comes back after ${expiresAfterSeconds / 60} minutes.`,

  requirements: (parameters) => ({
    permissions: [{ namespace: parameters.namespace, rules: [...readRules(parameters), ...writeRules(parameters)] }],
    allowedUpdates: allowedUpdates(parameters),
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
    const maxReplicas = Math.min(parameters.maxReplicas, autoscaler?.spec.maxReplicas ?? Number.POSITIVE_INFINITY);
    const to = Math.min(wanted, maxReplicas);
    const from = autoscaler ? (autoscaler.spec.minReplicas ?? 1) : current;
    if (to <= current || to <= from) {
      throw new SkipError(
        'nothing-to-do',
        `${target.name} has ${current} replicas, and ${maxReplicas} is the maxReplicas`,
      );
    }
    const change: Change = autoscaler
      ? { kind: 'HorizontalPodAutoscaler', name: autoscaler.metadata.name, from, to }
      : { kind: 'Deployment', name: target.name, from, to };
    if (autoscaler && !parameters.autoscalers?.includes(autoscaler.metadata.name)) {
      throw new SkipError('target-not-allowed', `the response names no autoscaler ${autoscaler.metadata.name}`);
    }
    return {
      summary: `raise ${describe(change)}`,
      details: { ...change },
      expiresAfterSeconds: autoscaler ? (parameters.expiresAfterSeconds ?? DEFAULT_EXPIRY_SECONDS) : undefined,
    };
  },

  async execute(run, plan) {
    const change = changeOf(plan);
    const found = await read(run, change);
    if (found.value === change.to) {
      return { summary: `${change.name} was raised before` };
    }
    if (found.value !== change.from) {
      throw new SkipError('unhealthy', `somebody has set ${change.name} to ${found.value} meanwhile`);
    }
    const owners = ownersFloor(found) ?? found.value;
    await write(run, change, found, change.to, `${change.to} from ${owners}`);
    return { summary: `raised ${describe(change)}` };
  },

  async settled({ target, tools }, plan) {
    const deployment = await readDeployment(tools.kubernetes, target.namespace ?? '', target.name);
    return deployment !== undefined && (deployment.spec.replicas ?? 1) >= changeOf(plan).to && isRolledOut(deployment);
  },

  async revert(run, plan) {
    const change = changeOf(plan);
    const found = await read(run, change);
    const owners = ownersFloor(found);
    if (found.value !== change.to || owners === undefined) {
      return `left ${change.name} at ${found.value}: it was changed since`;
    }
    await write(run, change, found, owners, null);
    return `lowered the floor of ${change.name} from ${change.to} to ${owners}`;
  },
};

function describe({ kind, name, from, to }: Change): string {
  return `${kind === 'Deployment' ? `Deployment ${name}` : `the floor of ${kind} ${name}`} from ${from} to ${to} replicas`;
}

function changeOf({ details }: Plan): Change {
  return details as unknown as Change;
}

/** @throws SkipError when the autoscaler belongs to KEDA, which would undo the change */
async function autoscalerOf(target: Target, kubernetes: KubernetesClient): Promise<Autoscaler | undefined> {
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

/** @throws SkipError when the cluster has no room for the pods that there are */
async function refusePendingPods({ metadata, spec }: Deployment, kubernetes: KubernetesClient): Promise<void> {
  const selector = Object.entries(spec.selector.matchLabels ?? {}).map(([label, value]) => `${label}=${value}`);
  const pods = await kubernetes.list<Pod>(RESOURCES.pods, metadata.namespace, selector.join());
  const homeless = pods.filter(({ status }) =>
    status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable'),
  );
  if (homeless.length > 0) {
    throw new SkipError(
      'unhealthy',
      `${homeless.length} pods of ${metadata.name} find no node: more would find none either`,
    );
  }
}

interface Scale extends KubernetesObject {
  readonly spec: { readonly replicas?: number };
}

/** What is to be changed, as it stands. */
interface Found {
  readonly value: number;
  readonly resourceVersion?: string;
  /** What an earlier raise has noted. */
  readonly note?: string;
}

async function read({ target, tools }: Run<ScaleUp>, { kind, name }: Change): Promise<Found> {
  const { namespace } = target;
  if (kind === 'Deployment') {
    const { spec, metadata } = await tools.kubernetes.get<Scale>(scaleOf(namespace, name));
    return { value: spec.replicas ?? 1, resourceVersion: metadata.resourceVersion };
  }
  const reference = { resource: RESOURCES.horizontalPodAutoscalers, namespace, name };
  const { spec, metadata } = await tools.kubernetes.get<Autoscaler>(reference);
  const note = metadata.annotations?.[KEYS.raisedMinReplicas];
  return { value: spec.minReplicas ?? 1, resourceVersion: metadata.resourceVersion, note };
}

/**
 * The floor that the owner of an autoscaler has set, from the note of whoever raised it: `6 from 4`. Raised twice, it comes
 * back to where it was before the first time.
 *
 * @returns `undefined` when the floor is the owner's own
 */
function ownersFloor({ value, note }: Found): number | undefined {
  const [, raised, owners] = /^(\d+) from (\d+)$/.exec(note ?? '') ?? [];
  return Number(raised) === value ? Number(owners) : undefined;
}

/** @param note is kept with the autoscaler; `null` removes it */
async function write(run: Run<ScaleUp>, change: Change, found: Found, value: number, note: string | null) {
  const { tools, target, dryRun, signal } = run;
  const { namespace } = target;
  const { kind, name } = change;
  const { resourceVersion } = found;
  const [reference, body] =
    kind === 'Deployment'
      ? [scaleOf(namespace, name), { metadata: { resourceVersion }, spec: { replicas: value } }]
      : [
          { resource: RESOURCES.horizontalPodAutoscalers, namespace, name },
          {
            metadata: { resourceVersion, annotations: { [KEYS.raisedMinReplicas]: note } },
            spec: { minReplicas: value },
          },
        ];
  await tools.kubernetes.patch(reference, 'merge', body, { dryRun, signal });
}

function scaleOf(namespace: string | undefined, name: string) {
  return { resource: RESOURCES.deployments, namespace, name, subresource: 'scale' };
}

function writeRules({ deployments, autoscalers = [] }: ScaleUp): readonly Permission[] {
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

function allowedUpdates({ namespace, deployments, autoscalers = [], maxReplicas }: ScaleUp): readonly AllowedUpdate[] {
  return [
    {
      apiGroup: 'apps',
      version: 'v1',
      resource: 'deployments/scale',
      namespace,
      names: deployments,
      expressions: [
        // What its owner has stopped stays stopped.
        'oldObject.spec.?replicas.orValue(0) > 0',
        'object.spec.?replicas.orValue(0) >= oldObject.spec.?replicas.orValue(0)',
        `object.spec.?replicas.orValue(0) <= ${maxReplicas}`,
      ],
    },
    {
      apiGroup: 'autoscaling',
      version: 'v2',
      resource: 'horizontalpodautoscalers',
      namespace,
      names: autoscalers,
      expressions: [
        ...unchanged('metadata', METADATA),
        ...otherAnnotationsUnchanged('metadata', KEYS.raisedMinReplicas),
        ...unchanged('spec', ['maxReplicas', 'scaleTargetRef', 'metrics', 'behavior']),
        `${FLOOR.after} <= ${maxReplicas}`,
        ONLY_UP_AND_BACK,
      ],
    },
  ].filter(({ names }) => names.length > 0);
}

const [FLOOR, NOTE] = [
  (object: string) => `${object}.spec.?minReplicas.orValue(1)`,
  (object: string) => `${object}.metadata.?annotations[?"${KEYS.raisedMinReplicas}"].orValue("")`,
].map((of) => ({ before: of('oldObject'), after: of('object') })) as [Versions, Versions];

/** CEL of a value before and after a change. */
interface Versions {
  readonly before: string;
  readonly after: string;
}

/** How the note begins while the floor is a raised one. */
const RAISED = `string(${FLOOR.before}) + " from "`;

/** CEL: whoever raises the floor notes where it was, and it is lowered to there alone: never under the owner's. */
const ONLY_UP_AND_BACK = [
  `${FLOOR.after} > ${FLOOR.before}`,
  `? ${NOTE.after} == string(${FLOOR.after}) + " from " + (${NOTE.before}.startsWith(${RAISED}) ? ${NOTE.before}.substring(size(${RAISED})) : string(${FLOOR.before}))`,
  `: ${FLOOR.after} < ${FLOOR.before}`,
  `? ${NOTE.before} == ${RAISED} + string(${FLOOR.after}) && ${NOTE.after} == ""`,
  `: ${NOTE.after} == ${NOTE.before}`,
].join(' ');
