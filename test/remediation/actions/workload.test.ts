import {
  findDeployment,
  isRolledOut,
  PROTECTED_NAMESPACES,
  requireReadyDeployment,
  selectorOf,
  targetsOf,
} from '../../../remediation/actions/workload';
import { KubernetesError, RESOURCES } from '../../../remediation/kubernetes';
import { KEYS } from '../../../remediation/record';
import { APPLICATION, anAlert, BACKEND, Bench, skipped } from '../support/bench';

const ALLOWED = { namespace: APPLICATION, deployments: ['backend', 'frontend'] };

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.deploy();
});

const uid = async () => (await bench.deployment<{ metadata: { uid: string } }>()).metadata.uid;
const find = (labels: Readonly<Record<string, string>>, allowed = ALLOWED) =>
  findDeployment(anAlert(labels), allowed, bench.context.clients);
/** What the labels of an alert lead to: a name, or the reason why they lead nowhere. */
async function found(labels: Readonly<Record<string, string>>, allowed = ALLOWED): Promise<string> {
  let name = '';
  const outcome = await skipped(
    find({ namespace: APPLICATION, ...labels }, allowed).then((target) => {
      name = target.name;
    }),
  );
  return name || outcome;
}
const owner = (kind: string, name: string, controller = true) => ({ ownerReferences: [{ kind, name, controller }] });
const put = (resource: keyof typeof RESOURCES, name: string, metadata: object, rest: object = {}) =>
  bench.api.put(RESOURCES[resource], { metadata: { namespace: APPLICATION, name, ...metadata }, ...rest });
const autoscaler = (name: string, scaleTargetRef: object) =>
  put('horizontalPodAutoscalers', name, {}, { spec: { maxReplicas: 5, scaleTargetRef } });

describe('The Deployment of an alert', () => {
  it('is a target by kind, namespace, name and identity', async () => {
    expect(await find({ namespace: APPLICATION, deployment: 'backend' })).toEqual({ ...BACKEND, uid: await uid() });
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['deployment', { deployment: 'backend' }],
    ['workload', { workload: 'backend', workload_type: 'deployment' }],
    ['workload, however its type is written', { workload: 'backend', workload_type: 'Deployment' }],
    ['workload before deployment', { workload: 'backend', workload_type: 'deployment', deployment: 'other' }],
    ['deployment before autoscaler and pod', { deployment: 'backend', horizontalpodautoscaler: 'x', pod: 'y' }],
    ['horizontalpodautoscaler', { horizontalpodautoscaler: 'backend-hpa', pod: 'missing' }],
    ['pod', { pod: 'backend-1-x' }],
  ])('is found by the label %s', async (_label, labels) => {
    autoscaler('other-hpa', { kind: 'Deployment', name: 'other' });
    autoscaler('backend-hpa', { kind: 'Deployment', name: 'backend' });
    put('replicaSets', 'backend-1', owner('Deployment', 'backend'));
    put('pods', 'backend-1-x', owner('ReplicaSet', 'backend-1'));
    expect(await found(labels)).toBe('backend');
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['no label that names one', {}],
    ['a workload of another type', { workload: 'backend', workload_type: 'statefulset' }],
    ['a workload of no type', { workload: 'backend' }],
    ['an autoscaler that is missing', { horizontalpodautoscaler: 'missing' }],
    ['an autoscaler of another kind', { horizontalpodautoscaler: 'other-kind' }],
    ['a pod that is missing', { pod: 'missing' }],
    ['a pod of nobody', { pod: 'alone' }],
    ['a pod of another kind', { pod: 'of-stateful-set' }],
    ['a pod of another kind with a name like that', { pod: 'of-daemon-set' }],
    ['a pod that is owned, and not controlled', { pod: 'not-controlled' }],
    ['a pod whose ReplicaSet is missing', { pod: 'of-missing' }],
    ['a pod of a ReplicaSet of nobody', { pod: 'of-alone' }],
  ])('is unknown with %s', async (_what, labels) => {
    autoscaler('other-kind', { kind: 'StatefulSet', name: 'backend' });
    put('pods', 'alone', {});
    put('pods', 'of-stateful-set', owner('StatefulSet', 'backend'));
    put('replicaSets', 'backend-1', owner('Deployment', 'backend'));
    put('pods', 'not-controlled', owner('ReplicaSet', 'backend-1', false));
    put('pods', 'of-daemon-set', owner('DaemonSet', 'backend-1'));
    put('pods', 'of-missing', owner('ReplicaSet', 'missing'));
    put('replicaSets', 'set-alone', {});
    put('pods', 'of-alone', owner('ReplicaSet', 'set-alone'));
    expect(await found(labels)).toMatch(/^target-unknown: .*SampleAlert/);
  });

  it('is unknown without a namespace', async () => {
    expect(await found({ namespace: '', deployment: 'backend' })).toMatch(/^target-unknown: .*namespace/);
    expect(await skipped(find({ deployment: 'backend' }))).toMatch(/^target-unknown: .*namespace/);
  });

  it('is unknown when it does not exist', async () => {
    expect(await found({ deployment: 'frontend' })).toBe(
      `target-unknown: there is no Deployment ${APPLICATION}/frontend`,
    );
  });

  it.each(PROTECTED_NAMESPACES)('is protected in namespace %s, whatever the policy says', async (namespace) => {
    const labels = { namespace, deployment: 'coredns' };
    expect(await found(labels)).toMatch(/^target-protected: /);
    expect(await found(labels, { namespace, deployments: ['coredns'] })).toMatch(/^target-protected: /);
  });

  it('is not allowed in another namespace', async () => {
    expect(await found({ namespace: 'other', deployment: 'backend' })).toMatch(/^target-not-allowed: .*other/);
  });

  it('is not allowed when the policy does not name it, and is not read', async () => {
    const get = jest.spyOn(bench.api, 'find');
    expect(await found({ deployment: 'database' })).toMatch(/^target-not-allowed: .*database/);
    expect(get).not.toHaveBeenCalled();
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['no label', {}],
    ['the label disabled', { [KEYS.optIn]: 'disabled' }],
    ['the label true', { [KEYS.optIn]: 'true' }],
    ['an empty label', { [KEYS.optIn]: '' }],
    ['another label', { 'example.com/remediation': 'enabled' }],
  ])('is not changed while its owner has not opted in: %s', async (_what, labels) => {
    bench.deploy('backend', { labels });
    expect(await found({ deployment: 'backend' })).toBe(
      `not-opted-in: Deployment ${APPLICATION}/backend lacks the label ${KEYS.optIn}=enabled`,
    );
  });

  it('cannot be found while the API server fails', async () => {
    bench.api.failOn(() => new KubernetesError(503, '', 'busy'));
    await expect(find({ namespace: APPLICATION, pod: 'x' })).rejects.toThrow('busy');
  });

  it('is one of those that the policy names', () => {
    expect(targetsOf(ALLOWED)).toEqual([BACKEND, { ...BACKEND, name: 'frontend' }]);
  });
});

describe('A Deployment is ready to be changed', () => {
  const outcome = async (target = BACKEND) =>
    skipped(requireReadyDeployment(bench.api, { ...target, uid: target.uid ?? (await uid()) }));

  it('when it exists, its owner has opted in, and it is rolled out', async () => {
    expect(await outcome()).toBe('passes');
  });

  it('and not when it was deleted', async () => {
    const known = await uid();
    await bench.api.delete({ resource: RESOURCES.deployments, namespace: APPLICATION, name: 'backend' });
    expect(await outcome({ ...BACKEND, uid: known })).toMatch(/^target-unknown: .*deleted/);
  });

  it('and not when it is another one of the same name', async () => {
    expect(await outcome({ ...BACKEND, uid: 'of-an-older-one' })).toMatch(/^target-unknown: .*deleted/);
  });

  it('and not when its owner has taken the label away', async () => {
    bench.deploy('backend', { labels: {} });
    expect(await outcome()).toMatch(/^not-opted-in: /);
  });

  it('and not while its rollout is paused', async () => {
    bench.deploy('backend', { spec: { paused: true } });
    expect(await outcome()).toMatch(/^unhealthy: .*paused/);
  });

  it('and not while a rollout is in progress', async () => {
    bench.deploy('backend', { status: { updatedReplicas: 1 } });
    expect(await outcome()).toMatch(/^unhealthy: .*rollout/);
  });
});

describe('A Deployment is rolled out', () => {
  const DONE = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
  const deployment = (
    status: object | undefined,
    spec: object = { replicas: 2 },
    generation: number | undefined = 3,
  ) => ({
    metadata: { name: 'backend', generation },
    spec: { selector: {}, template: {}, ...spec },
    status,
  });

  it.each<[string, object]>([
    ['when all replicas are new and available', {}],
    ['when there are more than are wanted, all of them new', { replicas: 3, updatedReplicas: 3 }],
    ['when more are available than are wanted', { availableReplicas: 3 }],
    ['when its controller has seen more than the newest change', { observedGeneration: 4 }],
  ])('%s', (_when, status) => {
    expect(isRolledOut(deployment({ ...DONE, ...status }))).toBe(true);
  });

  it.each<[string, object | undefined]>([
    ['while its controller has not seen the newest change', { ...DONE, observedGeneration: 2 }],
    ['while not all replicas are new', { ...DONE, updatedReplicas: 1, replicas: 1 }],
    ['while an old replica is left', { ...DONE, replicas: 3 }],
    ['while a replica is not available', { ...DONE, availableReplicas: 1 }],
    ['while nothing is known of it', undefined],
  ])('and not %s', (_when, status) => {
    expect(isRolledOut(deployment(status))).toBe(false);
  });

  it('with one replica where none is named, and with none where that is wanted', () => {
    const one = { ...DONE, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    expect(isRolledOut(deployment(one, {}))).toBe(true);
    expect(isRolledOut(deployment({ observedGeneration: 3 }, {}))).toBe(false);
    expect(isRolledOut(deployment({ observedGeneration: 3 }, { replicas: 0 }))).toBe(true);
    expect(isRolledOut({ ...deployment({}, { replicas: 0 }), metadata: { name: 'backend' } })).toBe(true);
  });
});

test('The pods of a Deployment are found by all labels of its selector', () => {
  expect(selectorOf({ selector: { matchLabels: { app: 'backend', tier: 'web' } }, template: {} })).toBe(
    'app=backend,tier=web',
  );
  expect(selectorOf({ selector: {}, template: {} })).toBe('');
});
