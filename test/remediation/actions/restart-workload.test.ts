import { restartWorkload } from '../../../remediation';
import { restartWorkloadAction } from '../../../remediation/actions/restart-workload';
import { RESOURCES } from '../../../remediation/kubernetes';
import { RecordAltered, type Target } from '../../../remediation/record';
import { ago } from '../sample';
import { attemptOn, planned } from '../support/attempt';
import { APPLICATION, BACKEND, Bench, skipped } from '../support/bench';
import { standStill } from '../support/clock';

standStill();

const { parameters } = restartWorkload({
  ...{ namespace: APPLICATION, deployments: ['backend'], minimumAgeSeconds: 900 },
  verification: { query: 'vector(1)' },
});

let bench: Bench;
let target: Target;
beforeEach(async () => {
  bench = new Bench();
  bench.deploy();
  target = { ...BACKEND, uid: (await bench.deployment<{ metadata: { uid: string } }>()).metadata.uid };
});

const attempt = (
  props: { dryRun?: boolean; signal?: AbortSignal; target?: Target; parameters?: typeof parameters } = {},
) => attemptOn(bench, { parameters, target, startedSecondsAgo: 60.5, ...props });
const plan = (props = {}) => planned(restartWorkloadAction, attempt(props));
const PLAN = { summary: '', details: { replicas: 2 } };
/** When the execution began, in whole seconds. */
const RESTARTED_AT = '2026-03-04T11:58:59Z';
const execute = (props = {}) => restartWorkloadAction.execute(attempt(props), PLAN);
const SUMMARY = `restart Deployment ${APPLICATION}/backend (2 replicas)`;

describe('A restart', () => {
  it('is planned for a Deployment that is ready', async () => {
    expect(await restartWorkloadAction.plan(attempt())).toEqual({
      summary: SUMMARY,
      details: { replicas: 2 },
      needsApproval: undefined,
    });
    expect(bench.changes).toEqual([]);
  });

  it('is not planned while the Deployment is not ready', async () => {
    bench.deploy('backend', { spec: { paused: true } });
    expect(await plan()).toMatch(/^unhealthy: .*paused/);
  });

  it.each([
    ['one replica', { replicas: 1 }, /one replica/],
    ['no number of replicas, which is one', { replicas: undefined }, /one replica/],
    ['the strategy Recreate', { replicas: 3, strategy: { type: 'Recreate' } }, /Recreate/],
  ])('needs approval with %s: it would interrupt the service', async (_what, spec, reason) => {
    const replicas = spec.replicas ?? 1;
    const status = { replicas, updatedReplicas: replicas, availableReplicas: replicas };
    bench.deploy('backend', { spec, status });
    expect((await restartWorkloadAction.plan(attempt())).needsApproval).toMatch(reason);
  });

  it.each([
    ['two replicas', { replicas: 2 }],
    ['a rolling update', { replicas: 2, strategy: { type: 'RollingUpdate' } }],
  ])('needs no approval with %s', async (_what, spec) => {
    bench.deploy('backend', { spec });
    expect((await restartWorkloadAction.plan(attempt())).needsApproval).toBeUndefined();
  });

  describe('of what was deployed lately', () => {
    const replicaSet = (name: string, secondsAgo: number, app = 'backend', namespace = APPLICATION) =>
      bench.api.put(RESOURCES.replicaSets, {
        metadata: { namespace, name, labels: { app }, creationTimestamp: ago(secondsAgo) },
      });

    it.each([0, 1, 899])('is not planned: %d s ago', async (secondsAgo) => {
      replicaSet('backend-2', secondsAgo);
      expect(await plan()).toMatch(new RegExp(`^unhealthy: backend .*${secondsAgo} s ago.*900 s`));
    });

    it.each([900, 901])('is planned when that was long enough ago: %d s', async (secondsAgo) => {
      replicaSet('backend-2', secondsAgo);
      expect(await plan()).toBe(SUMMARY);
    });

    it.each([undefined, 'nonsense', ago(-61)])('is not planned while it is unknown when: %s', async (time) => {
      const metadata = { namespace: APPLICATION, name: 'backend-2', creationTimestamp: time };
      jest.spyOn(bench.api, 'list').mockResolvedValue([{ metadata }]);
      expect(await plan()).toMatch(/^unhealthy: it is unknown when backend was deployed/);
    });

    it('counts from the newest of its ReplicaSets, and from no other', async () => {
      replicaSet('frontend-1', 10, 'frontend');
      replicaSet('backend-1', 10, 'backend', 'other');
      expect(await plan()).toBe(SUMMARY);
      replicaSet('backend-2', 10);
      replicaSet('backend-3', 5000);
      expect(await plan()).toMatch(/^unhealthy: .*10 s ago/);
    });

    it('is planned where the policy allows it', async () => {
      replicaSet('backend-2', 10);
      expect(await plan({ parameters: { ...parameters, minimumAgeSeconds: 10 } })).toBe(SUMMARY);
      expect(await plan({ parameters: { ...parameters, minimumAgeSeconds: 11 } })).toMatch(/^unhealthy/);
    });

    it('is planned for one that never had a ReplicaSet', async () => {
      const name = { resource: RESOURCES.replicaSets, namespace: APPLICATION, name: 'backend-1' };
      await bench.api.delete(name);
      expect(await plan()).toBe(SUMMARY);
    });
  });

  describe('with a PodDisruptionBudget', () => {
    const budget = (matchLabels: object | undefined, disruptionsAllowed?: number, namespace = APPLICATION) =>
      bench.api.put(RESOURCES.podDisruptionBudgets, {
        metadata: { namespace, name: 'backend-pdb' },
        spec: { selector: matchLabels && { matchLabels } },
        status: { disruptionsAllowed },
      });

    it('that allows no disruption is not planned', async () => {
      budget({ app: 'backend' }, 0);
      expect(await plan()).toMatch(/^unhealthy: .*backend-pdb/);
    });

    it.each<[string, object | undefined, number | undefined, string?]>([
      ['that allows one', { app: 'backend' }, 1],
      ['that has not been looked at yet', { app: 'backend' }, undefined],
      ['of other pods', { app: 'frontend' }, 0],
      ['of pods with one label more', { app: 'backend', tier: 'web' }, 0],
      ['of another namespace', { app: 'backend' }, 0, 'other'],
    ])('%s is planned', async (_what, matchLabels, allowed, namespace = APPLICATION) => {
      budget(matchLabels, allowed, namespace);
      expect(await plan()).toBe(SUMMARY);
    });

    it.each([{}, undefined])('of all pods that allows no disruption is not planned', async (matchLabels) => {
      budget(matchLabels, 0);
      expect(await plan()).toMatch(/^unhealthy: .*backend-pdb/);
    });

    it('of one of several that allows no disruption is not planned', async () => {
      bench.api.put(RESOURCES.podDisruptionBudgets, {
        metadata: { namespace: APPLICATION, name: 'a' },
        ...{ spec: { selector: { matchLabels: { app: 'backend' } } }, status: { disruptionsAllowed: 1 } },
      });
      budget({ app: 'backend' }, 0);
      expect(await plan()).toMatch(/^unhealthy: .*backend-pdb/);
    });
  });

  it('is made as "kubectl rollout restart" makes it, of the Deployment as it was read', async () => {
    const { metadata } = await bench.deployment<{ metadata: { resourceVersion: string } }>();
    expect(await execute()).toEqual({ summary: 'restarted backend' });
    expect(await bench.restartedAt()).toBe(RESTARTED_AT);
    expect(bench.api.writes).toMatchObject([
      {
        ...{ verb: 'patch', resource: 'deployments', name: 'backend', dryRun: false },
        body: { metadata: { resourceVersion: metadata.resourceVersion } },
      },
    ]);
  });

  it('is made once, however often it is executed', async () => {
    await execute();
    expect(await execute()).toEqual({ summary: expect.stringContaining('already') });
    expect(bench.changes).toHaveLength(1);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'is rolled out just now',
      () => bench.deploy('backend', { status: { updatedReplicas: 1 } }),
      /^unhealthy: a rollout/,
    ],
    ['has opted out', () => bench.deploy('backend', { labels: {} }), /^not-opted-in/],
    [
      'was deployed lately',
      () =>
        bench.api.put(RESOURCES.replicaSets, {
          metadata: {
            namespace: APPLICATION,
            name: 'backend-2',
            labels: { app: 'backend' },
            creationTimestamp: ago(9),
          },
        }),
      /^unhealthy: backend was deployed 9 s ago/,
    ],
  ])('is not made of a Deployment that %s since it was planned', async (_what, change, reason) => {
    await plan();
    await change();
    expect(await skipped(execute())).toMatch(reason);
    expect(bench.changes).toEqual([]);
  });

  it.each([undefined, 'nonsense'])('is not made when the record does not say when it began: %s', async (time) => {
    const { record, ...rest } = attempt();
    const status = { ...record.status, executionStartTime: time };
    const forged = { ...rest, record: { ...record, status } };
    await expect(restartWorkloadAction.execute(forged, PLAN)).rejects.toThrow(RecordAltered);
    expect(bench.changes).toEqual([]);
  });

  it('is made although somebody has restarted it before', async () => {
    bench.deploy('backend', {
      spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': ago(86_400) } } } },
    });
    expect(await execute()).toEqual({ summary: 'restarted backend' });
    expect(await bench.restartedAt()).toBe(RESTARTED_AT);
  });

  it('is not made while a rollout is in progress that has begun since the plan', async () => {
    bench.deploy('backend', { status: { updatedReplicas: 1 } });
    expect(await skipped(execute())).toBe('unhealthy: a rollout of backend is in progress');
    expect(bench.changes).toEqual([]);
  });

  it('is not made when the Deployment changes at the same moment', async () => {
    const end = bench.api.failOn((verb) => {
      if (verb === 'patch') {
        end();
        bench.deploy('backend', { spec: { replicas: 4 } });
      }
      return undefined;
    });
    await expect(execute()).rejects.toMatchObject({ isConflict: true });
    expect(await bench.restartedAt()).toBeUndefined();
  });

  it.each(['deleted', 'replaced'])('is not made of a Deployment that was %s', async (how) => {
    await bench.api.delete({ resource: RESOURCES.deployments, namespace: APPLICATION, name: 'backend' });
    bench.api.writes.length = 0;
    if (how === 'replaced') {
      bench.deploy();
    }
    expect(await skipped(execute())).toMatch(/^target-unknown: .*deleted/);
    expect(bench.changes).toEqual([]);
  });

  it('is not made in a dry run', async () => {
    expect(await execute({ dryRun: true })).toEqual({ summary: 'restarted backend' });
    expect(bench.changes).toEqual(['patch deployments backend (dry run)']);
    expect(await bench.restartedAt()).toBeUndefined();
  });

  it('is not made when its time is over', async () => {
    await expect(execute({ signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(await bench.restartedAt()).toBeUndefined();
  });

  it('has settled when the Deployment is rolled out', async () => {
    const settled = () => restartWorkloadAction.settled!(attempt(), PLAN);
    await execute();
    expect(await settled()).toBe(false);
    await bench.rollOut();
    expect(await settled()).toBe(true);
    await bench.api.delete({ resource: RESOURCES.deployments, namespace: APPLICATION, name: 'backend' });
    expect(await settled()).toBe(false);
  });
});
