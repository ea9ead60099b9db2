import fc from 'fast-check';
import { scaleUp } from '../../../remediation';
import { scaleUpAction } from '../../../remediation/actions/scale-up';
import { RESOURCES } from '../../../remediation/kubernetes';
import { KEYS, type Target } from '../../../remediation/record';
import { attemptOn, planned } from '../support/attempt';
import { APPLICATION, BACKEND, Bench, skipped } from '../support/bench';

const { parameters } = scaleUp({
  ...{ namespace: APPLICATION, deployments: ['backend'], autoscalers: ['backend-hpa'], maxReplicas: 10, factor: 1.5 },
  ...{ expiresAfterSeconds: 1800, verification: { query: 'vector(1)' } },
});
const HPA = { resource: RESOURCES.horizontalPodAutoscalers, namespace: APPLICATION, name: 'backend-hpa' };

let bench: Bench;
let target: Target;
beforeEach(async () => {
  bench = new Bench();
  await deploy(4);
});

async function deploy(replicas: number, spec: object = {}): Promise<void> {
  bench.deploy('backend', { spec: { replicas, ...spec } });
  target = { ...BACKEND, uid: (await bench.deployment<{ metadata: { uid: string } }>()).metadata.uid };
}

interface HpaProps {
  readonly name?: string;
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly scaleTargetRef?: object;
  readonly labels?: object;
  readonly note?: string;
  readonly namespace?: string;
}
function autoscaler({
  name = HPA.name,
  minReplicas = 2,
  maxReplicas = 20,
  scaleTargetRef = { kind: 'Deployment', name: 'backend' },
  labels = {},
  note,
  namespace = APPLICATION,
}: HpaProps = {}): void {
  bench.api.put(HPA.resource, {
    metadata: { namespace, name, labels, annotations: { owner: 'team-a', [KEYS.raisedMinReplicas]: note } },
    spec: { minReplicas, maxReplicas, scaleTargetRef },
  });
}

const attempt = (props: { dryRun?: boolean; signal?: AbortSignal; parameters?: typeof parameters } = {}) =>
  attemptOn(bench, { parameters, target, ...props });
const plan = (props = {}) => planned(scaleUpAction, attempt(props));
const changeOf = (kind: 'Deployment' | 'HorizontalPodAutoscaler', from: number, to: number) => ({
  summary: '',
  details: { kind, name: kind === 'Deployment' ? 'backend' : HPA.name, from, to },
});
const execute = (made: ReturnType<typeof changeOf>, props = {}) => scaleUpAction.execute(attempt(props), made);
const revert = (made: ReturnType<typeof changeOf>, props = {}) => scaleUpAction.revert!(attempt(props), made);
const replicas = async () => (await bench.deployment()).spec.replicas;
const hpa = () =>
  bench.api.get<{ metadata: { annotations: Record<string, string> }; spec: Record<string, unknown> }>(HPA);
const minReplicas = async () => (await hpa()).spec.minReplicas;
const note = async () => (await hpa()).metadata.annotations[KEYS.raisedMinReplicas];

describe('A plan to scale up', () => {
  it.each([
    [1, 2],
    [2, 3],
    [3, 5],
    [4, 6],
    [6, 9],
    [7, 10],
    [9, 10],
  ])('goes from %d to %d replicas by the factor, up to maxReplicas', async (from, to) => {
    await deploy(from);
    expect(await scaleUpAction.plan(attempt())).toEqual({
      summary: `raise Deployment backend from ${from} to ${to} replicas`,
      details: { kind: 'Deployment', name: 'backend', from, to },
      expiresAfterSeconds: undefined,
    });
  });

  it.each([10, 11, 0])('is skipped with %d replicas', async (count) => {
    await deploy(count);
    expect(await plan()).toMatch(new RegExp(`^nothing-to-do: .*${count} replicas.*10`));
  });

  it('counts one replica where the Deployment sets none', async () => {
    await deploy(1, { replicas: undefined });
    bench.deploy('backend', {
      spec: { replicas: undefined },
      status: { replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
    });
    expect(await plan()).toBe('raise Deployment backend from 1 to 2 replicas');
  });

  it('is skipped while the Deployment is not ready', async () => {
    await deploy(4, { paused: true });
    expect(await plan()).toMatch(/^unhealthy: .*paused/);
  });

  it('never exceeds maxReplicas, and never removes replicas', async () => {
    const counts = fc.integer({ min: 0, max: 40 });
    await fc.assert(
      fc.asyncProperty(
        ...([
          counts,
          counts,
          counts,
          fc.integer({ min: 1, max: 40 }),
          fc.double({ min: 1.01, max: 4, noNaN: true }),
        ] as const),
        fc.boolean(),
        async (current, min, hpaMax, maxReplicas, factor, hasAutoscaler) => {
          bench = new Bench();
          await deploy(current);
          if (hasAutoscaler) {
            autoscaler({ minReplicas: min, maxReplicas: hpaMax });
          }
          const settings = { ...parameters, maxReplicas, factor };
          const made = await scaleUpAction.plan(attempt({ parameters: settings })).catch(() => undefined);
          if (made) {
            const { from, to } = made.details;
            expect(to).toBeLessThanOrEqual(hasAutoscaler ? Math.min(maxReplicas, hpaMax) : maxReplicas);
            expect(to).toBeGreaterThan(current);
            expect(to).toBeGreaterThan(from);
            expect(to).toBe(Math.min(Math.ceil(current * factor), maxReplicas, hasAutoscaler ? hpaMax : maxReplicas));
            expect(from).toBe(hasAutoscaler ? min : current);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  describe('of a Deployment with an autoscaler', () => {
    it('raises minReplicas temporarily', async () => {
      autoscaler();
      expect(await scaleUpAction.plan(attempt())).toEqual({
        summary: 'raise minReplicas of HorizontalPodAutoscaler backend-hpa from 2 to 6 replicas',
        details: { kind: 'HorizontalPodAutoscaler', name: HPA.name, from: 2, to: 6 },
        expiresAfterSeconds: 1800,
      });
    });

    it('counts minReplicas as 1 where the autoscaler sets none', async () => {
      bench.api.put(HPA.resource, {
        metadata: { namespace: APPLICATION, name: HPA.name },
        spec: { maxReplicas: 20, scaleTargetRef: { kind: 'Deployment', name: 'backend' } },
      });
      expect(await plan()).toContain('from 1 to 6');
    });

    it.each([
      [5, 5],
      [6, 6],
      [8, 6],
    ])('stays within maxReplicas of the autoscaler, %d: %d', async (maxReplicas, to) => {
      autoscaler({ maxReplicas });
      expect(await plan()).toContain(`from 2 to ${to} replicas`);
    });

    it.each([4, 3])('is skipped when the autoscaler allows no more replicas: %d', async (maxReplicas) => {
      autoscaler({ maxReplicas });
      expect(await plan()).toMatch(/^nothing-to-do: /);
    });

    it.each([6, 7])('is skipped when minReplicas is already as high: %d', async (min) => {
      autoscaler({ minReplicas: min });
      expect(await plan()).toMatch(/^nothing-to-do: /);
    });

    it('is skipped when the policy does not name the autoscaler', async () => {
      autoscaler({ name: 'other-hpa' });
      expect(await plan()).toMatch(/^target-not-allowed: .*other-hpa/);
    });

    it('is skipped when KEDA owns the autoscaler', async () => {
      autoscaler({ labels: { 'scaledobject.keda.sh/name': 'backend-scaler' } });
      expect(await plan()).toMatch(/^unhealthy: KEDA .*backend-scaler/);
    });

    it.each<[string, HpaProps]>([
      ['of another Deployment', { scaleTargetRef: { kind: 'Deployment', name: 'frontend' } }],
      ['of something else of that name', { scaleTargetRef: { kind: 'StatefulSet', name: 'backend' } }],
      ['of another namespace', { namespace: 'other' }],
    ])('scales the Deployment when the autoscaler is one %s', async (_what, props) => {
      autoscaler(props);
      expect(await plan()).toBe('raise Deployment backend from 4 to 6 replicas');
    });
  });

  describe('with unschedulable pods', () => {
    const pod = (conditions: object[] | undefined, labels = { app: 'backend' }, namespace = APPLICATION) =>
      bench.api.put(RESOURCES.pods, { metadata: { namespace, name: 'backend-x', labels }, status: { conditions } });
    const UNSCHEDULABLE = { type: 'PodScheduled', reason: 'Unschedulable' };

    it('is skipped: the cluster is full', async () => {
      pod([{ type: 'Ready' }, UNSCHEDULABLE]);
      expect(await plan()).toMatch(/^unhealthy: 1 pods of backend/);
    });

    it.each<[string, object[] | undefined, object?, string?]>([
      ['scheduled', [{ type: 'PodScheduled' }]],
      ['not ready for another reason', [{ type: 'Ready', reason: 'Unschedulable' }]],
      ['new', undefined],
      ['of another Deployment', [UNSCHEDULABLE], { app: 'frontend' }],
      ['of another namespace', [UNSCHEDULABLE], { app: 'backend' }, 'other'],
    ])(
      'is made when the pod is %s',
      async (_what, conditions, labels = { app: 'backend' }, namespace = APPLICATION) => {
        pod(conditions, labels as { app: string }, namespace);
        expect(await plan()).toBe('raise Deployment backend from 4 to 6 replicas');
      },
    );
  });
});

describe('Adding replicas to a Deployment', () => {
  const RAISE = changeOf('Deployment', 4, 6);

  it('sets its scale, and nothing else', async () => {
    expect(await execute(RAISE)).toEqual({ summary: 'raised Deployment backend from 4 to 6 replicas' });
    expect(await replicas()).toBe(6);
    expect(bench.changes).toEqual(['patch deployments/scale backend']);
  });

  it('is done once', async () => {
    await execute(RAISE);
    expect(await execute(RAISE)).toEqual({ summary: expect.stringContaining('already') });
    expect(bench.changes).toHaveLength(1);
  });

  it.each([3, 5, 7])('is not done when somebody has set %d replicas meanwhile', async (count) => {
    await deploy(count);
    expect(await skipped(execute(RAISE))).toMatch(new RegExp(`^unhealthy: .*${count}`));
    expect(await replicas()).toBe(count);
  });

  it('is not done when somebody changes it at the same moment', async () => {
    const end = bench.api.failOn(async (verb) => {
      if (verb === 'patch') {
        end();
        await deploy(2);
      }
      return undefined;
    });
    await expect(execute(RAISE)).rejects.toMatchObject({ isConflict: true });
    expect(await replicas()).toBe(2);
  });

  it('is not done in a dry run, nor when its time is over', async () => {
    await execute(RAISE, { dryRun: true });
    await expect(execute(RAISE, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(await replicas()).toBe(4);
  });

  it('is left to its owner: nothing says what it was', async () => {
    await execute(RAISE);
    expect(await revert(RAISE)).toMatch(/^left backend at 6/);
    expect(await replicas()).toBe(6);
  });
});

describe('Raising minReplicas of an autoscaler', () => {
  const RAISE = changeOf('HorizontalPodAutoscaler', 2, 6);
  beforeEach(() => autoscaler());

  it('annotates what its owner had set, and changes nothing else', async () => {
    const before = await hpa();
    expect((await execute(RAISE)).summary).toBe(
      'raised minReplicas of HorizontalPodAutoscaler backend-hpa from 2 to 6 replicas',
    );
    expect(await hpa()).toMatchObject({
      metadata: { annotations: { owner: 'team-a', [KEYS.raisedMinReplicas]: '6 from 2' } },
      spec: { ...before.spec, minReplicas: 6 },
    });
    expect(await replicas()).toBe(4);
  });

  it('is done once', async () => {
    await execute(RAISE);
    expect(await execute(RAISE)).toEqual({ summary: expect.stringContaining('already') });
    expect(bench.changes).toHaveLength(1);
    expect(await note()).toBe('6 from 2');
  });

  it.each([1, 3, 7])('is not done when its owner has set %d meanwhile', async (min) => {
    autoscaler({ minReplicas: min });
    expect(await skipped(execute(RAISE))).toMatch(new RegExp(`^unhealthy: .*${min}`));
    expect(await minReplicas()).toBe(min);
  });

  it('is not done when its owner changes it at the same moment', async () => {
    const end = bench.api.failOn((verb) => {
      if (verb === 'patch') {
        end();
        autoscaler({ maxReplicas: 3 });
      }
      return undefined;
    });
    await expect(execute(RAISE)).rejects.toMatchObject({ isConflict: true });
    expect(await minReplicas()).toBe(2);
  });

  it('is not done in a dry run', async () => {
    await execute(RAISE, { dryRun: true });
    expect(bench.changes).toEqual(['patch horizontalpodautoscalers backend-hpa (dry run)']);
    expect([await minReplicas(), await note()]).toEqual([2, undefined]);
  });

  it('twice keeps what its owner had set before the first time', async () => {
    await execute(RAISE);
    await execute(changeOf('HorizontalPodAutoscaler', 6, 9));
    expect([await minReplicas(), await note()]).toEqual([9, '9 from 2']);
    expect(await revert(changeOf('HorizontalPodAutoscaler', 6, 9))).toContain('from 9 to 2');
    expect([await minReplicas(), await note()]).toEqual([2, undefined]);
  });

  it.each(['6 from 3', 'nonsense', '2', '2 from', '2 from x', ' 2 from 1'])(
    'takes the present value as its owner\'s when the annotation is of something else: "%s"',
    async (old) => {
      autoscaler({ note: old });
      await execute(RAISE);
      expect(await note()).toBe('6 from 2');
    },
  );

  describe('is reverted', () => {
    it('to what its owner had set, and the annotation is removed', async () => {
      await execute(RAISE);
      expect(await revert(RAISE)).toBe('lowered minReplicas of backend-hpa from 6 to 2');
      expect([await minReplicas(), await note()]).toEqual([2, undefined]);
      expect((await hpa()).metadata.annotations).toEqual({ owner: 'team-a' });
    });

    it('to what the annotation says, whatever the plan says', async () => {
      autoscaler({ minReplicas: 6, note: '6 from 4' });
      await revert(RAISE);
      expect(await minReplicas()).toBe(4);
    });

    it.each<[string, HpaProps]>([
      ['its owner has raised it', { minReplicas: 7, note: '6 from 2' }],
      ['its owner has lowered it', { minReplicas: 5, note: '6 from 2' }],
      ['another raise has changed it', { minReplicas: 9, note: '9 from 2' }],
      ['its owner has taken the note away', { minReplicas: 6 }],
      ['the note is of another value', { minReplicas: 6, note: '7 from 2' }],
    ])('and not when %s', async (_what, props) => {
      autoscaler(props);
      expect(await revert(RAISE)).toBe(`left backend-hpa at ${props.minReplicas}: it was changed since`);
      expect(await minReplicas()).toBe(props.minReplicas);
      expect(bench.changes).toEqual([]);
    });

    it('once', async () => {
      await execute(RAISE);
      await revert(RAISE);
      expect(await revert(RAISE)).toMatch(/^left backend-hpa at 2/);
    });

    it('and not when its owner changes it at the same moment', async () => {
      await execute(RAISE);
      const end = bench.api.failOn((verb) => {
        if (verb === 'patch') {
          end();
          autoscaler({ minReplicas: 8 });
        }
        return undefined;
      });
      await expect(revert(RAISE)).rejects.toMatchObject({ isConflict: true });
      expect(await minReplicas()).toBe(8);
    });

    it('and cannot be when it was deleted', async () => {
      await bench.api.delete(HPA);
      await expect(revert(RAISE)).rejects.toMatchObject({ isNotFound: true });
      await expect(execute(RAISE)).rejects.toMatchObject({ isNotFound: true });
    });
  });
});

describe('Replicas that were added have settled', () => {
  const RAISE = changeOf('Deployment', 4, 6);
  const settled = () => scaleUpAction.settled!(attempt(), RAISE);

  it('when they are all available', async () => {
    await deploy(6);
    expect(await settled()).toBe(true);
    await deploy(7);
    expect(await settled()).toBe(true);
  });

  it('and not before', async () => {
    expect(await settled()).toBe(false);
    await deploy(5);
    expect(await settled()).toBe(false);
    bench.deploy('backend', { spec: { replicas: 6 }, status: { availableReplicas: 5 } });
    expect(await settled()).toBe(false);
  });

  it('and not when the Deployment is gone, or has one replica by default', async () => {
    await deploy(6, { replicas: undefined });
    expect(await settled()).toBe(false);
    await bench.api.delete({ resource: RESOURCES.deployments, namespace: APPLICATION, name: 'backend' });
    expect(await settled()).toBe(false);
  });
});
