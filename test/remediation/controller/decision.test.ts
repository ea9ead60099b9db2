import { restartWorkloadAction } from '../../../remediation/actions/restart-workload';
import { admit, decide } from '../../../remediation/controller/decision';
import { remainingBudget, TOTAL } from '../../../remediation/gates';
import { KubernetesError } from '../../../remediation/kubernetes';
import { KEYS, planDigest, RecordAltered, type Remediation } from '../../../remediation/record';
import { ago } from '../sample';
import { BACKEND, Bench, type BenchProps, LIMITS, restarts } from '../support/bench';
import { pass, standStill } from '../support/clock';

standStill();

let bench: Bench;
const set = (props: BenchProps = {}) => {
  bench = new Bench(props);
  bench.deploy();
};
beforeEach(() => set());

/** How Prometheus is asked whether the alert fires. */
const FIRING = 'ALERTS{alertname="SampleAlert", alertstate="firing", remediation="restart"}';
const APPROVED = { [KEYS.approved]: 'true' };

describe('A record that was accepted', () => {
  const admitted = (record: Remediation) => admit(record, bench.policy, bench.context);

  it('proceeds with the target of its alert', async () => {
    expect(await admitted(await bench.accept())).toEqual({
      kind: 'proceed',
      target: { ...BACKEND, uid: expect.any(String) },
    });
  });

  it('has its target found, whatever is stored', async () => {
    const record = await bench.put({ phase: 'accepted', target: { ...BACKEND, uid: 'of-an-earlier-one' } });
    const { metadata } = await bench.deployment<{ metadata: { uid: string } }>();
    expect(await admitted(record)).toEqual({ kind: 'proceed', target: { ...BACKEND, uid: metadata.uid } });
  });

  it('is altered when it names another target than its alert', async () => {
    bench.deploy('frontend');
    const record = await bench.put({ phase: 'accepted', target: { ...BACKEND, name: 'frontend' } });
    await expect(admitted(record)).rejects.toThrow(RecordAltered);
  });

  it('is altered when it is for another action than its policy', async () => {
    const record = await bench.accept();
    const altered = { ...record, spec: { ...record.spec, action: 'open-incident' } };
    await expect(admitted(altered)).rejects.toThrow(RecordAltered);
  });

  it('is skipped while the kill switch is engaged, before its target is looked up', async () => {
    bench.arm({ stop: 'game day' });
    const findTarget = jest.spyOn(restartWorkloadAction, 'findTarget');
    const skip = { kind: 'skip', reason: 'kill-switch', message: 'game day' };
    expect(await admitted(await bench.accept())).toMatchObject(skip);
    expect(findTarget).not.toHaveBeenCalled();
  });

  it('is skipped when it has no target', async () => {
    const admission = await admitted(await bench.accept({ deployment: 'other' }));
    expect(admission).toMatchObject({ kind: 'skip', reason: 'target-not-allowed' });
    expect(admission).toHaveProperty('target', undefined);
  });

  it('is skipped with its target when it has waited too long', async () => {
    const record = await bench.accept();
    await pass(LIMITS.freshnessSeconds + 1);
    expect(await admitted(record)).toMatchObject({ kind: 'skip', reason: 'alert-stale', target: BACKEND });
  });

  it('is skipped when its alert is resolved', async () => {
    const record = await bench.accept();
    await bench.annotate(record, { [KEYS.resolved]: ago(0) });
    expect(await admitted(await bench.read(record))).toMatchObject({ kind: 'skip', reason: 'alert-resolved' });
  });

  it('fails when the API server fails', async () => {
    const record = await bench.accept();
    bench.api.failOn((_verb, resource) =>
      resource === 'deployments' ? new KubernetesError(503, '', 'busy') : undefined,
    );
    await expect(admitted(record)).rejects.toThrow('busy');
  });
});

describe('A record that waits for approval', () => {
  const DIGEST = '0123456789abcdef';
  const waiting = (secondsAgo: number, annotations = {}) =>
    bench.put(
      {
        phase: 'awaiting-approval',
        target: BACKEND,
        planDigest: DIGEST,
        transitions: [
          { phase: 'awaiting-approval', time: ago(secondsAgo + 5000), message: 'before' },
          { phase: 'awaiting-approval', time: ago(secondsAgo), message: 'waits' },
        ],
      },
      { annotations },
    );
  const admitted = async (secondsAgo: number, annotations = {}) =>
    admit(await waiting(secondsAgo, annotations), bench.policy, bench.context);

  it.each([0, LIMITS.approvalSeconds])('keeps waiting after %d s', async (secondsAgo) => {
    expect(await admitted(secondsAgo)).toEqual({ kind: 'wait' });
  });

  it('is skipped when it is not approved in time', async () => {
    expect(await admitted(LIMITS.approvalSeconds + 1)).toMatchObject({
      kind: 'skip',
      reason: 'approval-expired',
      message: expect.stringContaining(`${LIMITS.approvalSeconds} s`),
    });
  });

  it.each(['false', 'yes', '', 'fedcba9876543210'])('keeps waiting with the approval "%s"', async (value) => {
    expect(await admitted(10, { [KEYS.approved]: value })).toEqual({ kind: 'wait' });
  });

  it.each(['true', DIGEST])('proceeds when it is approved: %s', async (value) => {
    expect(await admitted(10, { [KEYS.approved]: value })).toMatchObject({ kind: 'proceed', target: BACKEND });
  });

  it('keeps waiting with an approval of an earlier plan', async () => {
    const record = await waiting(10, APPROVED);
    const outdated = { ...record, status: { ...record.status, approvalOutdated: true } };
    expect(await admit(outdated, bench.policy, bench.context)).toEqual({ kind: 'wait' });
  });

  it.each([undefined, 'nonsense', ago(-120)])('expires when it is unknown since when: %s', async (time) => {
    const record = await waiting(10);
    const transitions = time === undefined ? [] : [{ phase: 'awaiting-approval', time, message: '' } as const];
    const timeless = { ...record, status: { ...record.status, transitions } };
    expect(await admit(timeless, bench.policy, bench.context)).toMatchObject({ reason: 'approval-expired' });
  });

  it('is skipped when its alert is resolved, approved or not', async () => {
    const resolved = { [KEYS.resolved]: ago(0) };
    expect(await admitted(10, resolved)).toMatchObject({ kind: 'skip', reason: 'alert-resolved' });
    expect(await admitted(10, { ...APPROVED, ...resolved })).toMatchObject({ kind: 'skip', reason: 'alert-resolved' });
  });

  it('is skipped when it is approved while the kill switch is engaged', async () => {
    bench.arm({ stop: 'game day' });
    expect(await admitted(10)).toEqual({ kind: 'wait' });
    expect(await admitted(10, APPROVED)).toMatchObject({ kind: 'skip', reason: 'kill-switch' });
  });
});

describe('A decision', () => {
  const slotsLeft = async () => [
    await remainingBudget(bench.context.leases, bench.policy.name, bench.policy.budgetPerHour),
    await remainingBudget(bench.context.leases, TOTAL, LIMITS.budgetPerHour),
  ];
  const ALL_SLOTS = [3, LIMITS.budgetPerHour];

  /** What is decided about a new record of the backend. */
  async function decided(annotations = {}) {
    const record = await bench.accept();
    await bench.annotate(record, annotations);
    const { metadata } = await bench.deployment<{ metadata: { uid: string } }>();
    return decide(bench.inputOf(await bench.read(record), { ...BACKEND, uid: metadata.uid }), bench.context);
  }
  const reasonOf = async () => {
    const decision = await decided();
    return decision.kind === 'skip' ? decision.reason : decision.kind;
  };

  /** Ways to be skipped, in the order in which they are looked for, and how each comes about. */
  const OBSTACLES: readonly (readonly [reason: string, () => unknown])[] = [
    ['target-locked', () => bench.put({ phase: 'executing', target: BACKEND })],
    ['cooldown', () => executed(bench.policy.cooldownSeconds - 1, 'succeeded')],
    [
      'circuit-open',
      async () => {
        for (const seconds of [5000, 4000, 3000]) {
          await executed(seconds, 'failed');
        }
      },
    ],
    ['alert-not-firing', () => bench.prometheus.answer(FIRING)],
    ['health-unknown', () => bench.prometheus.answer('down', new Error('no Prometheus answered'))],
    ['unhealthy', () => bench.prometheus.answer('slow', 1)],
    ['not-opted-in', () => bench.deploy('backend', { labels: {} })],
    [
      'budget-exhausted',
      async () => {
        for (let index = 0; index < LIMITS.budgetPerHour; index += 1) {
          await bench.context.leases.acquire(`remediation-budget-${TOTAL}-${index}`, 'others', 3600);
        }
      },
    ],
  ];
  const executed = (secondsAgo: number, phase: 'succeeded' | 'failed') =>
    bench.put({
      ...{ phase, target: BACKEND, executionStartTime: ago(secondsAgo) },
      transitions: [{ phase, time: ago(secondsAgo), message: '' }],
    });
  const CONDITIONS = { skipWhile: ['down', 'slow'].map((query) => ({ name: query, query })) };

  it('executes when every gate passes, and takes a slot of each budget', async () => {
    expect(await decided()).toMatchObject({
      kind: 'execute',
      plan: { summary: expect.stringContaining('backend'), details: { replicas: 2 } },
    });
    expect(await slotsLeft()).toEqual([2, LIMITS.budgetPerHour - 1]);
  });

  it.each(OBSTACLES)('skips for %s, and takes no slot', async (reason, obstruct) => {
    set({ policies: [restarts(CONDITIONS)] });
    await obstruct();
    const before = await slotsLeft();
    expect(await reasonOf()).toBe(reason);
    expect(await slotsLeft()).toEqual(before);
  });

  it('names the first of several reasons', async () => {
    set({ policies: [restarts(CONDITIONS)] });
    const seen: string[] = [];
    for (const [, obstruct] of [...OBSTACLES].reverse()) {
      await obstruct();
      seen.push(await reasonOf());
    }
    // Each is looked for before those that were in the way already.
    expect(seen).toEqual(OBSTACLES.map(([reason]) => reason).reverse());
  });

  it('makes no plan when a gate fails', async () => {
    const plan = jest.spyOn(restartWorkloadAction, 'plan');
    await bench.put({ phase: 'executing', target: BACKEND });
    expect(await reasonOf()).toBe('target-locked');
    expect(plan).not.toHaveBeenCalled();
  });

  it('fails when the API server fails', async () => {
    jest.spyOn(restartWorkloadAction, 'plan').mockRejectedValue(new KubernetesError(503, '', 'busy'));
    await expect(decided()).rejects.toThrow('busy');
    expect(await slotsLeft()).toEqual(ALL_SLOTS);
  });

  it('skips when the kill switch is engaged during planning', async () => {
    const { plan } = restartWorkloadAction;
    jest.spyOn(restartWorkloadAction, 'plan').mockImplementation(async (attempt) => {
      bench.arm({ armed: 'true', stop: 'game day' });
      return plan(attempt);
    });
    expect(await decided()).toMatchObject({ kind: 'skip', reason: 'kill-switch', message: 'game day' });
    expect(await slotsLeft()).toEqual(ALL_SLOTS);
  });

  it('skips when the last slot is taken during planning', async () => {
    const { plan } = restartWorkloadAction;
    jest.spyOn(restartWorkloadAction, 'plan').mockImplementation(async (attempt) => {
      const made = await plan(attempt);
      // The check before the approval comes after the plan, and the slot goes after that check.
      const end = bench.api.failOn(async (verb, resource) => {
        if (verb === 'get' && resource === 'configmaps') {
          end();
          await OBSTACLES.at(-1)![1]();
        }
        return undefined;
      });
      return made;
    });
    expect(await reasonOf()).toBe('budget-exhausted');
  });

  describe('about a risky target', () => {
    const BY_POLICY = { policies: [restarts({ approval: true })] };
    const oneReplica = () => bench.deploy('backend', { spec: { replicas: 1 } });

    it('awaits approval where the policy requires it', async () => {
      set(BY_POLICY);
      expect(await decided()).toMatchObject({
        kind: 'await-approval',
        plan: { summary: expect.stringContaining('backend') },
        message: expect.stringMatching(/approval: .*policy/),
      });
      expect(await slotsLeft()).toEqual(ALL_SLOTS);
    });

    it('awaits approval where the plan requires it', async () => {
      oneReplica();
      const decision = await decided();
      expect(decision).toMatchObject({
        kind: 'await-approval',
        plan: { needsApproval: expect.stringContaining('one replica') },
      });
      expect(decision).toHaveProperty('message', expect.stringContaining('one replica'));
      expect(await slotsLeft()).toEqual(ALL_SLOTS);
    });

    /** What is decided about a record that shows a plan, is approved, and is planned again. */
    async function decidedAgain(shown: number, value: (digest: string) => string, outdated?: boolean) {
      const { metadata } = await bench.deployment<{ metadata: { uid: string } }>();
      const target = { ...BACKEND, uid: metadata.uid };
      const plan = { summary: `restart ${shown}`, details: { replicas: shown } };
      const digest = planDigest(target, plan);
      const status = {
        phase: 'awaiting-approval',
        target,
        plan,
        planDigest: digest,
        approvalOutdated: outdated,
      } as const;
      const record = await bench.put(status, { annotations: { [KEYS.approved]: value(digest) } });
      return decide(bench.inputOf(record, target), bench.context);
    }

    it.each([true, false])('executes when it is approved (required by the policy: %s)', async (byPolicy) => {
      set(byPolicy ? BY_POLICY : {});
      oneReplica();
      expect(await decidedAgain(1, () => 'true')).toMatchObject({ kind: 'execute' });
    });

    it('executes when its digest is approved, although "true" was written for an earlier plan', async () => {
      oneReplica();
      expect(await decidedAgain(1, (digest) => digest, true)).toMatchObject({ kind: 'execute' });
    });

    it.each<[string, (digest: string) => string]>([
      ['true', () => 'true'],
      ['the digest', (digest) => digest],
    ])('asks again when another plan was approved by %s', async (_what, value) => {
      oneReplica();
      expect(await decidedAgain(2, value)).toMatchObject({
        kind: 'await-approval',
        plan: { details: { replicas: 1 } },
        message: expect.stringMatching(/approval again: .*\(1 replicas\).*"restart 2" was approved/),
      });
      expect(await slotsLeft()).toEqual(ALL_SLOTS);
    });

    it('asks again when "true" was written for an earlier plan', async () => {
      oneReplica();
      expect(await decidedAgain(1, () => 'true', true)).toMatchObject({ kind: 'await-approval' });
    });

    it('asks when it was approved before any plan was shown', async () => {
      oneReplica();
      expect(await decided(APPROVED)).toMatchObject({ kind: 'await-approval' });
    });

    it.each(['false', 'yes', ''])('awaits approval while the annotation says "%s"', async (value) => {
      set(BY_POLICY);
      expect(await decided({ [KEYS.approved]: value })).toMatchObject({ kind: 'await-approval' });
    });

    it('executes in a dry run without approval', async () => {
      set({ ...BY_POLICY, dryRun: true });
      oneReplica();
      expect(await decided()).toMatchObject({ kind: 'execute' });
      expect(await slotsLeft()).toEqual(ALL_SLOTS);
    });

    it('skips when the budget is exhausted, without asking for approval', async () => {
      set(BY_POLICY);
      await OBSTACLES.at(-1)![1]();
      expect(await reasonOf()).toBe('budget-exhausted');
    });

    it('awaits approval even while the kill switch is engaged', async () => {
      set(BY_POLICY);
      bench.arm({ stop: 'game day' });
      expect(await reasonOf()).toBe('await-approval');
    });
  });
});
