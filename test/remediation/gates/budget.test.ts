import { blockAddress, openIncident } from '../../../remediation';
import { actionBudget, gates, remainingBudget, TOTAL } from '../../../remediation/gates';
import { KubernetesError } from '../../../remediation/kubernetes';
import type { Remediation } from '../../../remediation/record';
import { Bench, type BenchProps, LIMITS, restarts, skipped } from '../support/bench';
import { pass, standStill } from '../support/clock';

standStill();

describe('The budget', () => {
  let bench: Bench;
  const set = (props: BenchProps = {}) => {
    bench = new Bench({ policies: [restarts({ budgetPerHour: 2 })], limits: { budgetPerHour: 3 }, ...props });
  };
  beforeEach(() => set());

  const take = (record: Remediation, on = bench) => skipped(gates.budget(on.inputOf(record), on.context));
  const check = (record: Remediation) => skipped(gates.budgetLeft(bench.inputOf(record), bench.context));
  const left = (budget: string, size: number) => remainingBudget(bench.context.leases, budget, size);
  /** Records that each take a slot, and what became of them. */
  const takeTimes = async (count: number, policy = bench.policy) => {
    const outcomes: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const input = bench.inputOf(await bench.accept({}, policy), undefined, policy);
      outcomes.push(await skipped(gates.budget(input, bench.context)));
    }
    return outcomes;
  };

  it('lets as many attempts through as a policy may make in an hour', async () => {
    const outcomes = await takeTimes(3);
    expect(outcomes.slice(0, 2)).toEqual(['passes', 'passes']);
    expect(outcomes[2]).toMatch(/^budget-exhausted: .*\brestart\b/);
    expect(outcomes[2]).toContain('2');
  });

  it('frees a slot one hour after it was taken', async () => {
    await takeTimes(1);
    await pass(1800);
    await takeTimes(1);
    await pass(1799);
    expect((await takeTimes(1))[0]).toMatch(/^budget-exhausted/);
    await pass(1);
    expect(await takeTimes(1)).toEqual(['passes']);
    expect((await takeTimes(1))[0]).toMatch(/^budget-exhausted/);
  });

  it('is paid once by a record that resumes, and again by one that was set back', async () => {
    const record = await bench.accept();
    const executing = (secondsAgo: number) => {
      const executionStartTime = new Date(Date.now() - secondsAgo * 1000).toISOString();
      return { ...record, status: { ...record.status, phase: 'executing', executionStartTime } as const };
    };
    await take(record);
    await take(executing(0));
    await pass(1000);
    expect(await take(executing(1000))).toBe('passes');
    expect(await left('restart', 2)).toBe(1);
    expect(await take(executing(0))).toBe('passes');
    expect(await left('restart', 2)).toBe(0);
    await pass(1000);
    expect(await take(executing(0))).toMatch(/^budget-exhausted/);
  });

  it('names a slot that is held for longer than an hour', async () => {
    await bench.context.leases.acquire('remediation-budget-restart-0', 'others', 3600 + 60);
    await bench.context.leases.acquire('remediation-budget-restart-1', 'others', 3600 + 61);
    expect(await takeTimes(1)).toEqual([expect.stringMatching(/; delete Lease remediation-budget-restart-1, which/)]);
    expect(await check(await bench.accept())).toMatch(/; delete Lease remediation-budget-restart-1, which/);
  });

  it('has a total for all policies together', async () => {
    const policies = [restarts({ budgetPerHour: 2 }), restarts({ name: 'restart-too', budgetPerHour: 2 })];
    set({ policies });
    expect(await takeTimes(2, policies[0])).toEqual(['passes', 'passes']);
    const outcomes = await takeTimes(2, policies[1]);
    expect(outcomes[0]).toBe('passes');
    expect(outcomes[1]).toMatch(/^budget-exhausted: .*\btotal\b/);
  });

  it('of a policy is not used up by other policies', async () => {
    const policies = [restarts({ budgetPerHour: 1 }), restarts({ name: 'restart-too', budgetPerHour: 2 })];
    set({ policies });
    expect(await takeTimes(1, policies[0])).toEqual(['passes']);
    expect(await left('restart-too', 2)).toBe(2);
    expect(await left(TOTAL, 3)).toBe(2);
  });

  it('in total is not used up by actions that only read', async () => {
    const incident = openIncident({ budgetPerHour: 20 });
    set({ policies: [incident, restarts()] });
    expect(await takeTimes(5)).toEqual(Array(5).fill('passes'));
    expect(await left(TOTAL, 3)).toBe(3);
    expect(await left('open-incident', 20)).toBe(15);
  });

  it('of a policy limits actions that only read, too', async () => {
    set({ policies: [openIncident({ budgetPerHour: 1 })] });
    expect(await takeTimes(2)).toEqual(['passes', expect.stringMatching(/^budget-exhausted: /)]);
  });

  it('in total cannot be spent by one kind of action, whatever its policies may', async () => {
    const policies = [restarts({ budgetPerHour: 9 }), restarts({ name: 'restart-too', budgetPerHour: 9 })];
    set({ policies, limits: { budgetPerHour: 6, budgetPerActionPerHour: 4 } });
    expect(await takeTimes(3, policies[0])).toEqual(['passes', 'passes', 'passes']);
    expect(await takeTimes(2, policies[1])).toEqual([
      'passes',
      'budget-exhausted: budget action.restart-workload is exhausted: 4 attempts per hour',
    ]);
    expect(await left(TOTAL, 6)).toBe(2);
    expect(await check(await bench.accept())).toContain('action.restart-workload');
  });

  it('in total is not spent by addresses, which have one of their own', async () => {
    const block = blockAddress({ neverBlock: [], loadBalancers: [], budgetPerHour: 9 });
    set({ policies: [restarts(), block], limits: { budgetPerHour: 3, budgetPerActionPerHour: 5 } });
    const outcomes = await takeTimes(6, block);
    expect(outcomes.filter((outcome) => outcome === 'passes')).toHaveLength(5);
    expect(await left(TOTAL, 3)).toBe(3);
    expect(await left(actionBudget('block-address'), 5)).toBe(0);
    expect(await takeTimes(3)).toEqual(['passes', 'passes', 'passes']);
  });

  it('does not apply to dry runs', async () => {
    await takeTimes(2);
    bench = new Bench({ policies: [bench.policy], dryRun: true }, bench);
    bench.api.writes.length = 0;
    expect(await takeTimes(3)).toEqual(['passes', 'passes', 'passes']);
    expect(await check(await bench.accept())).toBe('passes');
    expect(bench.api.writes.filter(({ resource }) => resource === 'leases')).toEqual([]);
  });

  it('gives a record that resumes after a crash the slot that it already has', async () => {
    const record = await bench.accept();
    expect(await take(record)).toBe('passes');
    await takeTimes(1);
    expect(await take(record)).toBe('passes');
    expect(await left('restart', 2)).toBe(0);
    expect(await left(TOTAL, 3)).toBe(1);
  });

  it('is not exceeded by replicas that decide at the same time', async () => {
    const other = new Bench({ policies: [bench.policy], holder: 'replica-2', limits: { budgetPerHour: 3 } }, bench);
    const records = await Promise.all(Array.from({ length: 6 }, () => bench.accept()));
    const outcomes = await Promise.all(records.map((record, index) => take(record, index % 2 ? bench : other)));
    expect(outcomes.filter((outcome) => outcome === 'passes')).toHaveLength(2);
    expect(await left('restart', 2)).toBe(0);
  });

  it('gives a record the next slot when another takes one at the same moment', async () => {
    const record = await bench.accept();
    const { leases } = bench.context;
    const end = bench.api.failOn(async (verb, resource, name) => {
      if (verb === 'create' && resource === 'leases' && name === 'remediation-budget-restart-0') {
        end();
        await leases.acquire(name, 'somebody-else', 3600);
      }
      return undefined;
    });
    expect(await take(record)).toBe('passes');
    expect(await left('restart', 2)).toBe(0);
    expect((await leases.holding('remediation-budget-restart-1'))?.holder).toBe(record.metadata.name);
  });

  it('cannot be taken while the API server does not answer', async () => {
    bench.api.failOn((verb, resource) =>
      verb === 'create' && resource === 'leases' ? new KubernetesError(503, '', 'busy') : undefined,
    );
    await expect(take(await bench.accept())).rejects.toThrow('busy');
  });

  describe('before a person is asked', () => {
    it('is checked without taking a slot', async () => {
      const record = await bench.accept();
      expect(await check(record)).toBe('passes');
      expect(await left('restart', 2)).toBe(2);
      await takeTimes(1);
      expect(await check(record)).toBe('passes');
      await takeTimes(1);
      expect(await check(record)).toMatch(/^budget-exhausted: .*\brestart\b/);
    });

    it('is checked for all policies together', async () => {
      set({ limits: { budgetPerHour: 1 } });
      await takeTimes(1);
      expect(await check(await bench.accept())).toMatch(/^budget-exhausted: .*\btotal\b/);
    });

    it('has room for a record that already has its slot', async () => {
      const record = await bench.accept();
      await take(record);
      await takeTimes(1);
      expect(await check(record)).toBe('passes');
      expect(await check(await bench.accept())).toMatch(/^budget-exhausted/);
    });
  });

  it('knows how many slots are left', async () => {
    expect(await left('restart', 2)).toBe(2);
    await takeTimes(1);
    expect(await left('restart', 2)).toBe(1);
    expect(await left(TOTAL, LIMITS.budgetPerHour)).toBe(3);
  });
});
