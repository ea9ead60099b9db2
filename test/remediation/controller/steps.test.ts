import { type Context, context, propagation, trace } from '@opentelemetry/api';
import { scaleUp } from '../../../remediation';
import { restartWorkloadAction } from '../../../remediation/actions/restart-workload';
import { startTracing } from '../../../remediation/audit';
import { failUndecided, reportAgain } from '../../../remediation/controller/steps';
import { KubernetesError, RESOURCES } from '../../../remediation/kubernetes';
import {
  FINAL_PHASES,
  isOpen,
  KEYS,
  lockName,
  OPEN_PHASES,
  type Phase,
  type Remediation,
  type RemediationStatus,
} from '../../../remediation/record';
import { ago } from '../sample';
import { APPLICATION, BACKEND, Bench, type BenchProps, HEALTHY, LIMITS, restarts } from '../support/bench';
import { pass, standStill } from '../support/clock';

standStill();

const RESTART = 'patch deployments backend';
const PLAN = { summary: 'restart Deployment sightedit/backend (2 replicas)', details: { restartedAt: ago(60) } };

let bench: Bench;
let target: typeof BACKEND;
const set = async (props: BenchProps = {}) => {
  bench = new Bench(props);
  bench.deploy();
  target = { ...BACKEND, uid: (await bench.deployment<{ metadata: { uid: string } }>()).metadata.uid };
};
beforeEach(() => set());

const statusOf = async (record: Remediation) => (await bench.read(record)).status;
const phasesOf = async (record: Remediation) => (await statusOf(record)).transitions?.map(({ phase }) => phase);
const isClosed = async (record: Remediation) => !(KEYS.open in (await bench.read(record)).metadata.labels!);
const alertnames = () => bench.raised.map(({ labels }) => labels.alertname);

describe('A record', () => {
  it('goes from accepted to succeeded in steps that any replica can take', async () => {
    bench.prometheus.answer(HEALTHY, 1);
    const record = await bench.accept();
    const other = new Bench({ holder: 'replica-2' }, bench);
    other.prometheus.answer(HEALTHY, 1);
    expect(await bench.step(record)).toBe(60_000);
    expect(bench.changes).toEqual([RESTART]);
    expect((await statusOf(record)).target).toEqual(target);
    await pass(60);
    expect(await other.step(record)).toBe(15_000);
    await bench.rollOut();
    await pass(15);
    expect(await bench.step(record)).toBeUndefined();
    expect(await phasesOf(record)).toEqual(['executing', 'verifying', 'succeeded']);
    expect(await isClosed(record)).toBe(true);
    expect(bench.changes).toEqual([RESTART]);
    expect(alertnames()).toEqual([]);
    expect(bench.api.writes.at(-1)).toMatchObject({ verb: 'delete', resource: 'leases' });
  });

  it('in a dry run changes nothing', async () => {
    await set({ dryRun: true });
    const record = await bench.accept();
    expect(await bench.step(record)).toBeUndefined();
    expect(await phasesOf(record)).toEqual(['executing', 'dry-run']);
    expect(await bench.restartedAt()).toBeUndefined();
    expect(await isClosed(record)).toBe(true);
  });

  it('is skipped with the reason of the gate that it does not pass', async () => {
    bench.arm({ stop: 'game day' });
    const record = await bench.accept();
    expect(await bench.step(record)).toBeUndefined();
    expect(await statusOf(record)).toMatchObject({ phase: 'skipped', reason: 'kill-switch', message: 'game day' });
    expect(await isClosed(record)).toBe(true);
    expect(bench.changes).toEqual([]);
  });

  it('is skipped with its target when that was found', async () => {
    bench.deploy('backend', { spec: { paused: true } });
    const record = await bench.accept();
    await bench.step(record);
    expect(await statusOf(record)).toMatchObject({ phase: 'skipped', reason: 'unhealthy', target });
    expect(bench.changes).toEqual([]);
  });

  it('waits while another record works on the target', async () => {
    await bench.context.leases.acquire(lockName('restart-workload', BACKEND), 'replica-2/another', 30);
    const record = await bench.accept();
    expect(await bench.step(record)).toBe(1000);
    expect(await statusOf(record)).toEqual({ phase: 'accepted' });
  });

  it('of two for the same target at the same time is executed, and the other is skipped', async () => {
    const records = [await bench.accept(), await bench.accept()];
    const other = new Bench({ holder: 'replica-2' }, bench);
    await Promise.all([bench.step(records[0]!), other.step(records[1]!)]);
    await bench.step(records[0]!);
    await other.step(records[1]!);
    const phases = await Promise.all(records.map(async (record) => (await statusOf(record)).phase));
    expect(phases.sort()).toEqual(['skipped', 'verifying']);
    expect(bench.changes).toEqual([RESTART]);
  });

  it('that two replicas step at the same time is executed once', async () => {
    const record = await bench.accept();
    const other = new Bench({ holder: 'replica-2' }, bench);
    await Promise.allSettled([bench.step(record), other.step(record)]);
    expect(bench.changes).toEqual([RESTART]);
    expect(await phasesOf(record)).toEqual(['executing', 'verifying']);
  });

  it('that another replica skips during the decision is not executed', async () => {
    const record = await bench.accept();
    const other = new Bench({ holder: 'replica-2' }, bench);
    const { plan } = restartWorkloadAction;
    jest.spyOn(restartWorkloadAction, 'plan').mockImplementation(async (attempt) => {
      await bench.context.store.markResolved(record.metadata.labels![KEYS.alert]!);
      await other.step(record);
      return plan(attempt);
    });
    await expect(bench.step(record)).rejects.toThrow(/moved/);
    expect(await statusOf(record)).toMatchObject({ phase: 'skipped', reason: 'alert-resolved' });
    expect(await isClosed(record)).toBe(true);
    expect(bench.changes).toEqual([]);
  });
});

describe('A record that needs approval', () => {
  beforeEach(() => set({ policies: [restarts({ approval: true })] }));
  const approve = (record: Remediation) => bench.annotate(record, { [KEYS.approved]: 'true' });

  it('waits, and is executed when it is approved', async () => {
    const record = await bench.accept();
    expect(await bench.step(record)).toBe(10_000);
    expect(await statusOf(record)).toMatchObject({
      phase: 'awaiting-approval',
      target,
      plan: { summary: PLAN.summary },
      message: expect.stringContaining('approval'),
    });
    await pass(10);
    expect(await bench.step(record)).toBe(10_000);
    expect(bench.changes).toEqual([]);
    await approve(record);
    await bench.step(record);
    expect(bench.changes).toEqual([RESTART]);
    expect(await phasesOf(record)).toEqual(['awaiting-approval', 'executing', 'verifying']);
  });

  it('is skipped when it is approved after approvalSeconds', async () => {
    const record = await bench.accept();
    await bench.step(record);
    await pass(LIMITS.approvalSeconds);
    expect(await bench.step(record)).toBe(10_000);
    await pass(1);
    expect(await bench.step(record)).toBeUndefined();
    expect(await statusOf(record)).toMatchObject({ phase: 'skipped', reason: 'approval-expired' });
    await approve(record);
    await bench.step(record);
    expect(bench.changes).toEqual([]);
  });

  it('goes through all gates again when it is approved', async () => {
    const record = await bench.accept();
    await bench.step(record);
    bench.deploy('backend', { labels: {} });
    await approve(record);
    await bench.step(record);
    expect(await statusOf(record)).toMatchObject({ phase: 'skipped', reason: 'not-opted-in' });
    expect(bench.changes).toEqual([]);
  });
});

describe('A record that is executing', () => {
  const interrupted = (status: Partial<RemediationStatus> = {}) =>
    bench.put({
      ...{ phase: 'executing', target, plan: PLAN, dryRun: false, executionStartTime: ago(20), holder: 'replica-2' },
      ...status,
    });

  it('is resumed after its replica died', async () => {
    const record = await interrupted();
    expect(await bench.step(record)).toBe(60_000);
    expect(bench.changes).toEqual([RESTART]);
    expect(Date.parse((await bench.restartedAt())!)).toBe(Date.parse(ago(20)));
  });

  it('is left alone while its replica holds the lock', async () => {
    const record = await interrupted();
    const lock = lockName('restart-workload', BACKEND);
    await bench.context.leases.acquire(lock, `replica-2/${record.metadata.name}`, LIMITS.lockSeconds);
    expect(await bench.step(record)).toBe(1000);
    expect(bench.changes).toEqual([]);
  });

  it('waits while the kill switch is engaged', async () => {
    const record = await interrupted();
    bench.arm({ stop: 'game day' });
    expect(await bench.step(record)).toBe(10_000);
    expect(bench.changes).toEqual([]);
    expect((await statusOf(record)).phase).toBe('executing');
  });
});

describe('A record that is verifying', () => {
  it('is verified by one replica at a time', async () => {
    const record = await bench.put({
      ...{ phase: 'verifying', target, plan: PLAN, executionStartTime: ago(70), executionTime: ago(70) },
    });
    await bench.context.leases.acquire(lockName('restart-workload', BACKEND), 'replica-2/another', 30);
    expect(await bench.step(record)).toBe(1000);
    expect(bench.prometheus.asked).toEqual([]);
  });

  it('is verified even while the kill switch is engaged: that changes nothing', async () => {
    const record = await bench.put({
      ...{ phase: 'verifying', target, plan: PLAN, executionStartTime: ago(70), executionTime: ago(70) },
    });
    bench.arm({ stop: 'game day' });
    expect(await bench.step(record)).toBe(15_000);
    expect(bench.prometheus.asked).toEqual([HEALTHY]);
  });
});

describe('A record that has ended', () => {
  it.each(FINAL_PHASES)('as %s has no next step', async (phase) => {
    const record = await bench.put({ phase, target, executionStartTime: ago(60) });
    expect(await bench.step(record)).toBeUndefined();
    expect(await bench.read(record)).toEqual(record);
  });

  it('has its change reverted when it expires, once', async () => {
    const policy = scaleUp({
      ...{ namespace: APPLICATION, deployments: ['backend'], autoscalers: ['backend'], maxReplicas: 5 },
      verification: { query: 'vector(1)' },
    });
    await set({ policies: [policy] });
    bench.api.put(RESOURCES.horizontalPodAutoscalers, {
      metadata: { namespace: APPLICATION, name: 'backend', annotations: { [KEYS.raisedMinReplicas]: '3 from 2' } },
      spec: { minReplicas: 3, maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'backend' } },
    });
    const details = { kind: 'HorizontalPodAutoscaler', name: 'backend', from: 2, to: 3 };
    const record = await bench.put({
      ...{ phase: 'succeeded', target, plan: { summary: 'raise', details }, expirationTime: ago(-10) },
    });
    expect(await bench.step(record)).toBe(10_000);
    await pass(10);
    expect(await bench.step(record)).toBeUndefined();
    expect(await bench.step(record)).toBeUndefined();
    expect(bench.changes).toEqual(['patch horizontalpodautoscalers backend']);
  });
});

describe('A record whose policy was removed', () => {
  const orphaned = async (status: RemediationStatus) => {
    const record = await bench.put(status);
    bench = new Bench({ policies: [restarts({ name: 'other' })] }, bench);
    return record;
  };

  it.each([
    ['accepted', 'skipped', []],
    ['awaiting-approval', 'skipped', []],
    ['executing', 'failed', ['RemediationActionFailed']],
    ['verifying', 'inconclusive', ['RemediationActionFailed']],
  ] as const)('while it was %s ends %s, and raises %j', async (phase, end, raised) => {
    const record = await orphaned({ phase, target, plan: PLAN, executionStartTime: ago(5) });
    expect(await bench.step(record)).toBeUndefined();
    expect(await statusOf(record)).toMatchObject({
      phase: end,
      ...(end === 'skipped' ? { reason: 'policy-unknown' } : {}),
      message: expect.stringContaining('policy restart was removed'),
    });
    expect(alertnames()).toEqual(raised);
    expect(bench.changes).toEqual([]);
    expect(await isClosed(record)).toBe(true);
  });

  it('leaves a change to people when it expires', async () => {
    const status = { phase: 'succeeded', target, plan: PLAN, expirationTime: ago(-10) } as const;
    const record = await orphaned(status);
    expect(await bench.step(record)).toBe(10_000);
    await pass(10);
    expect(await bench.step(record)).toBeUndefined();
    expect(await statusOf(record)).toMatchObject({
      phase: 'succeeded',
      revertResult: expect.stringContaining(PLAN.summary),
    });
    expect(alertnames()).toEqual(['RemediationActionFailed']);
    expect(await bench.step(record)).toBeUndefined();
    expect(alertnames()).toHaveLength(1);
  });

  it('has no next step when it has ended for good', async () => {
    const record = await orphaned({ phase: 'succeeded', target });
    expect(await bench.step(record)).toBeUndefined();
    expect(await bench.read(record)).toEqual(record);
  });
});

describe('A record whose decision keeps failing', () => {
  const error = new KubernetesError(403, 'Forbidden', 'may not get deployments');

  it.each(['accepted', 'awaiting-approval'] as const)(
    'ends failed and notifies people while it is %s',
    async (phase) => {
      const record = await bench.put({ phase });
      await failUndecided(record, error, bench.props);
      expect(await statusOf(record)).toMatchObject({
        phase: 'failed',
        message: expect.stringMatching(/nothing was changed.*may not get/),
      });
      expect(alertnames()).toEqual(['RemediationActionFailed']);
      expect(await isClosed(record)).toBe(true);
    },
  );

  it.each<Phase>(['executing', 'verifying'])(
    'is not failed while it is %s: its execution has started',
    async (phase) => {
      const record = await bench.put({ phase, target, plan: PLAN, executionStartTime: ago(5) });
      await failUndecided(record, error, bench.props);
      expect(await bench.read(record)).toEqual(record);
    },
  );

  it.each(FINAL_PHASES)('is left alone when it has ended as %s', async (phase) => {
    const record = await bench.put({ phase });
    await failUndecided(record, error, bench.props);
    expect(await bench.read(record)).toEqual(record);
  });

  it('is open exactly in the phases that leave work', () => {
    expect(OPEN_PHASES.every(isOpen)).toBe(true);
    expect(FINAL_PHASES.some(isOpen)).toBe(false);
  });
});

describe('A record that ended before its replica reported it', () => {
  it.each([
    ['failed', {}, 'RemediationFailed', ['RemediationActionFailed']],
    ['skipped', { reason: 'cooldown' }, 'RemediationSkipped', []],
    ['succeeded', { revertResult: 'lowered' }, 'RemediationReverted', []],
  ] as const)('is reported again: %s %j', async (phase, status, reason, raised) => {
    const record = await bench.put({ phase, target, message: 'over', ...status });
    await reportAgain(record, bench.props);
    expect(await bench.api.list(RESOURCES.events)).toMatchObject([{ reason }]);
    expect(alertnames()).toEqual(raised);
    expect(await isClosed(record)).toBe(true);
  });

  it('is reported as left to people when its policy was removed', async () => {
    const record = await bench.put({ phase: 'succeeded', target, revertResult: 'revert by hand' });
    bench = new Bench({ policies: [restarts({ name: 'other' })] }, bench);
    await reportAgain(record, bench.props);
    expect(await bench.api.list(RESOURCES.events)).toMatchObject([{ reason: 'RemediationLeft' }]);
    expect(alertnames()).toEqual(['RemediationActionFailed']);
  });

  it('is reported before it is closed', async () => {
    const record = await bench.put({ phase: 'failed', target, message: 'it failed' });
    let wasClosed: boolean | undefined;
    jest.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      wasClosed = await isClosed(record);
      return new Response('{}');
    });
    await reportAgain(record, bench.props);
    expect(wasClosed).toBe(false);
  });
});

describe('A step', () => {
  afterEach(() => {
    trace.disable();
    context.disable();
    propagation.disable();
  });

  it('runs in the trace of its notification, and stores the trace id', async () => {
    const end = startTracing(undefined, 'test');
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const accepted = await bench.accept();
    const spec = { ...accepted.spec, traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const record = (await bench.context.store.create(spec, 'another'))!;
    let seen: Context | undefined;
    const { plan } = restartWorkloadAction;
    jest.spyOn(restartWorkloadAction, 'plan').mockImplementation((attempt) => {
      seen = context.active();
      return plan(attempt);
    });
    await bench.step(record);
    const span = trace.getSpan(seen!) as unknown as { name: string; attributes: object; events: { name: string }[] };
    expect(span.name).toBe('remediation accepted');
    expect(span.attributes).toEqual({
      'remediation.record': record.metadata.name,
      'remediation.policy': 'restart',
      'remediation.action': 'restart-workload',
      alert: 'SampleAlert',
    });
    expect(span.events.map(({ name }) => name)).toEqual(['executing', 'verifying']);
    expect((await statusOf(record)).traceId).toBe(traceId);
    expect(bench.logged[0]!.fields.trace_id).toBe(traceId);
    await end();
  });
});
