import { openIncident, type RemediationPolicy, SkipError, scaleUp } from '../../../remediation';
import { restartWorkloadAction } from '../../../remediation/actions/restart-workload';
import { finish, resumeExecution, startExecution, verify } from '../../../remediation/controller/execution';
import { gates } from '../../../remediation/gates';
import { KubernetesError, RESOURCES } from '../../../remediation/kubernetes';
import {
  KEYS,
  planDigest,
  REMEDIATION,
  RecordMoved,
  type Remediation,
  type RemediationStatus,
  targetDigest,
} from '../../../remediation/record';
import { ago, NOW } from '../sample';
import { APPLICATION, BACKEND, Bench, type BenchProps, HEALTHY, LIMITS, restarts, skipped } from '../support/bench';
import { pass, standStill } from '../support/clock';

standStill();

/** The time of the execution, in whole seconds. */
const RESTARTED_AT = '2026-03-04T12:00:00Z';
const PLAN = { summary: 'restart Deployment sightedit/backend (2 replicas)', details: { replicas: 2 } };
const RESTART = 'patch deployments backend';

let bench: Bench;
let target: { uid: string };
const set = async (props: BenchProps = {}) => {
  bench = new Bench(props);
  bench.deploy();
  target = { ...BACKEND, uid: (await bench.deployment<{ metadata: { uid: string } }>()).metadata.uid };
};
beforeEach(() => set());

/** A record that was decided about: it has a target, and nothing was done. */
const decided = async () => {
  const record = await bench.accept();
  return { ...record, status: { ...record.status, target: { ...BACKEND, uid: target.uid } } };
};
const start = (record: Remediation, policy = bench.policy, plan: object = PLAN) =>
  startExecution(record, policy, plan as typeof PLAN, bench.props);
const alertnames = () => bench.raised.map(({ labels }) => labels.alertname);
const statusOf = async (record: Remediation) => (await bench.read(record)).status;

/** Lets the action fail with errors, one after the other, before it does what it does. */
function failing(...errors: readonly Error[]) {
  const { execute } = restartWorkloadAction;
  const left = [...errors];
  return jest.spyOn(restartWorkloadAction, 'execute').mockImplementation(async (attempt, plan) => {
    const error = left.shift();
    if (error) {
      throw error;
    }
    return execute(attempt, plan);
  });
}

describe('An execution', () => {
  it('stores its plan before the change, and its effect afterwards', async () => {
    const record = await decided();
    await start(record);
    const requests = bench.api.writes
      .filter(({ resource }) => !['events', 'leases'].includes(resource))
      .map(({ verb, resource, body }) => [verb, resource, (body as Partial<Remediation>).status?.phase]);
    expect(requests).toEqual([
      ['create', 'remediations', undefined],
      // Others see by the label that the target is taken.
      ['patch', 'remediations', undefined],
      ['update', 'remediations/status', 'executing'],
      ['patch', 'remediations', undefined],
      ['patch', 'deployments', undefined],
      ['update', 'remediations/status', 'verifying'],
    ]);
    expect(await bench.restartedAt()).toBe(RESTARTED_AT);
    expect(await statusOf(record)).toMatchObject({
      phase: 'verifying',
      target,
      plan: PLAN,
      dryRun: false,
      holder: 'replica-1',
      executionStartTime: NOW.toISOString(),
      executionTime: NOW.toISOString(),
      effect: 'restarted backend',
      message: 'restarted backend',
      transitions: [
        { phase: 'executing', message: `will ${PLAN.summary}` },
        { phase: 'verifying', message: 'restarted backend' },
      ],
    });
  });

  it('sets the label of the target before the phase', async () => {
    const record = await decided();
    let labels: Readonly<Record<string, string>> | undefined;
    bench.api.failOn(async (verb, resource) => {
      if (verb === 'update' && resource === 'remediations/status') {
        labels ??= (await bench.read(record)).metadata.labels;
      }
      return undefined;
    });
    await start(record);
    expect(labels).toHaveProperty([KEYS.target], targetDigest(BACKEND));
    expect((await bench.read(record)).metadata.labels).toMatchObject({ [KEYS.executed]: 'true', [KEYS.open]: 'true' });
  });

  it('is verified once the target has had time to settle', async () => {
    expect(await start(await decided())).toBe(60_000);
  });

  it('changes nothing when another replica has moved the record', async () => {
    const record = await decided();
    const { [KEYS.open]: _, ...labels } = record.metadata.labels!;
    const closed = { ...record, metadata: { ...record.metadata, labels }, status: { phase: 'skipped' } };
    bench.api.put(REMEDIATION, closed);
    await expect(start(record)).rejects.toThrow(RecordMoved);
    expect(bench.changes).toEqual([]);
    expect(await bench.read(record)).toMatchObject({ metadata: { labels }, status: { phase: 'skipped' } });
    expect((await bench.read(record)).metadata.labels).toEqual(labels);
  });

  it('survives an annotation that is added meanwhile', async () => {
    const record = await decided();
    await bench.annotate(record, { [KEYS.approved]: 'true' });
    await start(record);
    expect(bench.changes).toEqual([RESTART]);
    expect((await bench.read(record)).metadata.annotations).toEqual({ [KEYS.approved]: 'true' });
  });

  it.each(['remediations', 'remediations/status'])('changes nothing when %s cannot be written', async (failing) => {
    const record = await decided();
    bench.api.failOn((verb, resource) =>
      verb !== 'get' && resource === failing ? new KubernetesError(500, '', 'etcd is down') : undefined,
    );
    await expect(start(record)).rejects.toThrow('etcd is down');
    expect(bench.changes).toEqual([]);
  });

  it('measures how long the change took', async () => {
    jest.spyOn(restartWorkloadAction, 'execute').mockImplementation(async () => {
      jest.setSystemTime(NOW.getTime() + 2000);
      return { summary: 'restarted' };
    });
    await start(await decided());
    const { values } = await bench.metrics.duration.get();
    const sampleOf = (name: string) => values.find(({ metricName }) => metricName === name)?.value;
    expect(sampleOf('remediation_action_duration_seconds_sum')).toBe(2);
    expect(sampleOf('remediation_action_duration_seconds_count')).toBe(1);
  });

  it('stores the evidence', async () => {
    await set({ policies: [openIncident()] });
    const record = await bench.accept({ client_ip: '192.0.2.7' });
    const incident = { kind: 'Incident', name: 'SampleAlert/0' };
    await start({ ...record, status: { ...record.status, target: incident } });
    expect((await statusOf(record)).evidence).toMatchObject({ 'label client_ip': '192.0.2.7' });
  });

  it.each([
    new KubernetesError(409, 'Conflict', 'modified'),
    new KubernetesError(503, '', 'busy'),
    new KubernetesError(0, 'Unreachable', 'no answer'),
  ])('is retried after: $message', async (error) => {
    const record = await decided();
    const execute = failing(error);
    const done = start(record);
    await pass(1);
    await done;
    expect(execute).toHaveBeenCalledTimes(2);
    expect(bench.changes).toEqual([RESTART]);
    expect((await statusOf(record)).phase).toBe('verifying');
  });

  it('makes no change twice when the response is lost', async () => {
    const record = await decided();
    const end = bench.api.loseAnswerOf((_verb, resource) => {
      if (resource === 'deployments') {
        end();
        return new KubernetesError(0, 'Unreachable', 'socket hang up');
      }
      return undefined;
    });
    const done = start(record);
    await pass(1);
    await done;
    expect(bench.changes).toEqual([RESTART]);
    expect(await statusOf(record)).toMatchObject({ phase: 'verifying', effect: 'backend was already restarted' });
  });

  it('ends failed and notifies people after an error that is not transient', async () => {
    const record = await decided();
    const execute = failing(new KubernetesError(403, 'Forbidden', 'may not patch'));
    expect(await start(record)).toBeUndefined();
    expect(execute).toHaveBeenCalledTimes(1);
    expect(await statusOf(record)).toMatchObject({
      phase: 'failed',
      message: 'may not patch',
      executionStartTime: NOW.toISOString(),
    });
    expect(alertnames()).toEqual(['RemediationActionFailed']);
    expect((await bench.read(record)).metadata.labels).toMatchObject({ [KEYS.executed]: 'true' });
  });

  it('ends timed-out after its timeout, even when the action ignores the signal', async () => {
    const record = await decided();
    jest.spyOn(restartWorkloadAction, 'execute').mockImplementation(() => new Promise(() => {}));
    await start(record, { ...bench.policy, timeoutSeconds: 0.005 });
    expect(await statusOf(record)).toMatchObject({ phase: 'timed-out', message: expect.stringContaining('0.005 s') });
    expect(alertnames()).toEqual(['RemediationActionFailed']);
  });

  it('that its action skips does not count as an attempt, and starts no cooldown', async () => {
    const record = await decided();
    failing(new SkipError('unhealthy', 'somebody has paused it'));
    expect(await start(record)).toBeUndefined();
    expect(await statusOf(record)).toMatchObject({
      phase: 'skipped',
      reason: 'unhealthy',
      message: 'somebody has paused it',
      target,
    });
    expect(bench.changes).toEqual([]);
    expect(alertnames()).toEqual([]);
    expect(await statusOf(record)).not.toHaveProperty('executionStartTime');
    expect((await bench.read(record)).metadata.labels).not.toHaveProperty([KEYS.executed]);
    const next = bench.inputOf(await bench.accept());
    expect(await skipped(gates.cooldown(next, bench.context))).toBe('passes');
  });
});

describe('An execution', () => {
  it('is skipped when another record announces itself on the target at the same moment', async () => {
    const record = await decided();
    const other = await bench.accept();
    const end = bench.api.failOn(async (verb, resource) => {
      if (verb === 'update' && resource === 'remediations/status') {
        end();
        await bench.put({ phase: 'executing', target: BACKEND }, { name: other.metadata.name });
      }
      return undefined;
    });
    await start(record);
    expect(bench.changes).toEqual([]);
    expect(await statusOf(record)).toMatchObject({ phase: 'skipped', reason: 'target-locked' });
  });

  it('of a record that says otherwise is a dry run in mode dry-run', async () => {
    await set({ dryRun: true });
    const record = await decided();
    await start({ ...record, status: { ...record.status, dryRun: false } });
    expect(bench.changes).toEqual([`${RESTART} (dry run)`]);
  });
});

describe('A dry run', () => {
  beforeEach(() => set({ dryRun: true }));

  it('asks the API server what would happen, and ends dry-run', async () => {
    const record = await decided();
    expect(await start(record)).toBeUndefined();
    expect(bench.changes).toEqual([`${RESTART} (dry run)`]);
    expect(await bench.restartedAt()).toBeUndefined();
    expect(await statusOf(record)).toMatchObject({
      phase: 'dry-run',
      dryRun: true,
      message: `dry run: would ${PLAN.summary}`,
      executionTime: NOW.toISOString(),
      transitions: [{ message: `would ${PLAN.summary}` }, { phase: 'dry-run' }],
    });
    expect((await bench.read(record)).metadata.labels).not.toHaveProperty([KEYS.open]);
    expect(alertnames()).toEqual([]);
  });

  it('has nothing to revert', async () => {
    const record = await decided();
    await start(record, bench.policy, { ...PLAN, expiresAfterSeconds: 3600 });
    expect(await statusOf(record)).not.toHaveProperty('expirationTime');
  });
});

describe('A temporary change', () => {
  const TEMPORARY = { ...PLAN, expiresAfterSeconds: 3600 };

  it('has its expiry stored before it is made, and updated afterwards', async () => {
    const record = await decided();
    let before: RemediationStatus | undefined;
    const { execute } = restartWorkloadAction;
    jest.spyOn(restartWorkloadAction, 'execute').mockImplementation(async (attempt, plan) => {
      before = await statusOf(record);
      jest.setSystemTime(NOW.getTime() + 20_000);
      return execute(attempt, plan);
    });
    await start(record, bench.policy, TEMPORARY);
    expect(before).toMatchObject({ phase: 'executing', expirationTime: ago(-3600) });
    expect(await statusOf(record)).toMatchObject({ phase: 'verifying', expirationTime: ago(-3620) });
  });

  it('is reverted even when it is unknown whether it was made', async () => {
    const record = await decided();
    failing(new KubernetesError(400, '', 'it failed'));
    expect(await start(record, bench.policy, TEMPORARY)).toBe(3_600_000);
    expect(await statusOf(record)).toMatchObject({ phase: 'failed', expirationTime: ago(-3600) });
    expect((await bench.read(record)).metadata.labels).toHaveProperty([KEYS.open], 'true');
  });
});

describe('An execution whose replica died', () => {
  const interrupted = (secondsAgo = 10, status: Partial<RemediationStatus> = {}) =>
    bench.put({
      ...{ phase: 'executing', target: { ...BACKEND, uid: target.uid }, plan: PLAN, dryRun: false },
      ...{ executionStartTime: ago(secondsAgo), holder: 'replica-2' },
      ...status,
    });
  const resume = (record: Remediation, policy: RemediationPolicy = bench.policy) =>
    resumeExecution(record, policy, bench.props);

  it('is resumed with the same plan', async () => {
    const record = await interrupted();
    await resume(record);
    expect(await bench.restartedAt()).toBe('2026-03-04T11:59:50Z');
    expect(await statusOf(record)).toMatchObject({
      phase: 'verifying',
      executionStartTime: ago(10),
      executionTime: NOW.toISOString(),
    });
  });

  it('makes no change twice', async () => {
    const record = await interrupted();
    const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-03-04T11:59:50Z' };
    // The rollout is in progress.
    bench.deploy('backend', { spec: { template: { metadata: { annotations } } }, status: { updatedReplicas: 1 } });
    await resume(record);
    expect(bench.changes).toEqual([]);
    expect(await statusOf(record)).toMatchObject({ phase: 'verifying', effect: 'backend was already restarted' });
  });

  it('is skipped when the target was deleted', async () => {
    const record = await interrupted();
    await bench.api.delete({ resource: RESOURCES.deployments, namespace: APPLICATION, name: 'backend' });
    await resume(record);
    expect(await statusOf(record)).toMatchObject({ phase: 'skipped', reason: 'target-unknown' });
  });

  it.each<[string, Partial<RemediationStatus>, RegExp]>([
    ['says no time', { executionStartTime: undefined }, /time of its start is missing/],
    ['says a time in the future', { executionStartTime: ago(-61) }, /time of its start is in the future/],
    ['has no plan', { plan: undefined }, /no plan/],
    ['names another target', { target: { ...BACKEND, name: 'frontend' } }, /names Deployment sightedit\/frontend/],
  ])('is not resumed when its record %s', async (_what, status, message) => {
    bench.deploy('frontend');
    const record = await interrupted(10, status);
    await resume(record);
    expect(bench.changes).toEqual([]);
    expect(await statusOf(record)).toMatchObject({ phase: 'failed', message: expect.stringMatching(message) });
    expect(alertnames()).toEqual(['RemediationActionFailed']);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['its alert no longer fires', () => bench.prometheus.firing.splice(0), /fires nowhere/],
    ['a blocking condition holds', () => bench.prometheus.answer('down', 1), /down holds/],
    [
      'another record works on the target',
      () => bench.put({ phase: 'verifying', target: BACKEND }),
      /occupies the target/,
    ],
    [
      'the last attempt was too recent',
      () => bench.put({ phase: 'succeeded', target: BACKEND, executionStartTime: ago(60) }),
      /wait another/,
    ],
    ['somebody must approve', () => bench.deploy('backend', { spec: { replicas: 1 } }), /nobody has approved/],
    [
      'the budget is exhausted',
      async () => {
        for (let index = 0; index < 4; index += 1) {
          await bench.context.leases.acquire(`remediation-budget-total-${index}`, 'others', 3600);
        }
      },
      /budget total/,
    ],
  ])('is not resumed when %s', async (_what, obstruct, message) => {
    await set({ policies: [restarts({ skipWhile: [{ name: 'down', query: 'down' }] })] });
    const record = await interrupted();
    await obstruct();
    await resume(record);
    expect(bench.changes).toEqual([]);
    expect(await statusOf(record)).toMatchObject({ phase: 'failed', message: expect.stringMatching(message) });
  });

  it('is resumed when its plan was approved', async () => {
    bench.deploy('backend', { spec: { replicas: 1 } });
    const plan = { summary: '', details: { replicas: 1 } };
    const { uid } = (await bench.deployment<{ metadata: { uid: string } }>()).metadata;
    const digest = planDigest({ ...BACKEND, uid }, plan);
    const record = await interrupted(10, { plan, planDigest: digest });
    await bench.annotate(record, { [KEYS.approved]: digest });
    await resume(await bench.read(record));
    expect(bench.changes).toEqual([RESTART]);
  });

  it('is resumed within freshnessSeconds', async () => {
    const record = await interrupted(LIMITS.freshnessSeconds);
    await resume(record);
    expect((await statusOf(record)).phase).toBe('verifying');
  });

  it('ends failed and notifies people after freshnessSeconds', async () => {
    const record = await interrupted(LIMITS.freshnessSeconds + 1);
    expect(await resume(record)).toBeUndefined();
    expect(bench.changes).toEqual([]);
    expect(await statusOf(record)).toMatchObject({
      phase: 'failed',
      message: expect.stringMatching(/601 s ago.*unknown/),
    });
    expect(alertnames()).toEqual(['RemediationActionFailed']);
  });

  it('ends failed when the mode is dry-run now', async () => {
    const record = await interrupted();
    bench = new Bench({ dryRun: true }, bench);
    await resume(record);
    expect(bench.changes).toEqual([]);
    expect(await statusOf(record)).toMatchObject({ phase: 'failed', message: expect.stringMatching(/dry-run now/) });
  });

  it.each([true, false])('stays a dry run, whether the mode is dry-run now (%s) or not', async (dryRun) => {
    const record = await interrupted(10, { dryRun: true });
    bench = new Bench({ dryRun }, bench);
    await resume(record);
    expect(bench.changes).toEqual([`${RESTART} (dry run)`]);
    expect(await statusOf(record)).toMatchObject({ phase: 'dry-run' });
  });
});

describe('A change that was made', () => {
  const verifying = (secondsAgo: number, status: Partial<RemediationStatus> = {}) =>
    bench.put({
      ...{ phase: 'verifying', target, plan: PLAN, effect: 'restarted backend', message: 'restarted backend' },
      ...{ executionStartTime: ago(secondsAgo), executionTime: ago(secondsAgo) },
      ...status,
    } as RemediationStatus);
  const look = (record: Remediation) => verify(record, bench.policy, bench.props);

  it('is not verified before stabilisationSeconds', async () => {
    const record = await verifying(20);
    expect(await look(record)).toBe(40_000);
    expect(bench.prometheus.asked).toEqual([]);
    expect(await statusOf(record)).toEqual(record.status);
  });

  it('is verified again, and the result is stored', async () => {
    const record = await verifying(70);
    bench.prometheus.answer(HEALTHY, 1);
    expect(await look(record)).toBe(LIMITS.verificationIntervalSeconds * 1000);
    expect(await statusOf(record)).toMatchObject({
      phase: 'verifying',
      lastVerification: { value: 1, time: NOW.toISOString() },
    });
    expect(await bench.metric('verification_total', { result: 'healthy' })).toBe(1);
    expect(bench.logged).toEqual([]);
  });

  it('succeeds when the target is healthy twice in a row', async () => {
    const record = await verifying(90, { lastVerification: { value: 1, time: ago(15) } });
    bench.prometheus.answer(HEALTHY, 1);
    expect(await look(record)).toBeUndefined();
    expect(await statusOf(record)).toMatchObject({
      phase: 'succeeded',
      lastVerification: { value: 1, time: NOW.toISOString() },
    });
    expect(alertnames()).toEqual([]);
  });

  it.each([
    [[0], 'unhealthy', 'ineffective'],
    [[], 'unknown', 'inconclusive'],
  ] as const)('whose query yields %j (%s) to the end is %s, and notifies people', async (values, result, phase) => {
    const record = await verifying(300, { lastVerification: { value: 0, time: ago(20) } });
    bench.prometheus.answer(HEALTHY, ...values);
    expect(await look(record)).toBeUndefined();
    expect((await statusOf(record)).phase).toBe(phase);
    expect(await bench.metric('verification_total', { result })).toBe(1);
    expect(alertnames()).toEqual(['RemediationActionFailed']);
  });

  it('that is temporary is reverted later, even when it helped', async () => {
    const record = await verifying(90, { lastVerification: { value: 1, time: ago(15) }, expirationTime: ago(-3510) });
    bench.prometheus.answer(HEALTHY, 1);
    expect(await look(record)).toBe(3_510_000);
    expect((await bench.read(record)).metadata.labels).toHaveProperty([KEYS.open], 'true');
  });

  it('that has expired is reverted at once', async () => {
    const record = await verifying(90, { expirationTime: ago(5) });
    expect(await finish(record, 'failed', 'it failed', bench.props)).toBe(0);
  });

  it('keeps its last verification when it ends otherwise', async () => {
    const lastVerification = { value: 0, time: ago(15) };
    const record = await verifying(90, { lastVerification });
    await finish(record, 'inconclusive', 'the policy was removed', bench.props);
    expect(await statusOf(record)).toMatchObject({ phase: 'inconclusive', lastVerification });
  });

  it('is verified again until the target has settled', async () => {
    const policy = scaleUp({
      ...{ namespace: APPLICATION, deployments: ['backend'], maxReplicas: 5 },
      verification: { query: 'vector(1)', stabilisationSeconds: 0 },
    });
    await set({ policies: [policy, restarts()] });
    bench.prometheus.answer('vector(1)', 1);
    const plan = { summary: '', details: { kind: 'Deployment', name: 'backend', from: 2, to: 3 } };
    const record = await verifying(30, { plan, lastVerification: { value: 1, time: ago(20) } });
    // Healthy, but it has two replicas still: it has not settled.
    expect(await look(record)).toBe(15_000);
    bench.deploy('backend', { spec: { replicas: 3 } });
    await pass(15);
    await look(await bench.read(record));
    expect((await statusOf(record)).phase).toBe('succeeded');
  });
});
