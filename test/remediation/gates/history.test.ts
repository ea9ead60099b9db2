import { circuitState, gates } from '../../../remediation/gates';
import { KEYS, type Phase, type RemediationStatus } from '../../../remediation/record';
import { ago, NOW, record } from '../sample';
import { BACKEND, Bench, LIMITS, skipped } from '../support/bench';
import { pass, standStill } from '../support/clock';

standStill();

/** Attempts as `<phase> <seconds since their end>`, oldest first. */
const attempts = (...ends: readonly string[]) =>
  ends.map((end, index) => {
    const [phase, secondsAgo] = end.split(' ') as [Phase, string];
    return record(phase, Number(secondsAgo), {}, `attempt-${index}`);
  });

describe('The circuit', () => {
  const limits = { circuitFailures: 3, circuitOpenSeconds: 3600 };

  it.each<[string, string, readonly string[]]>([
    ['closed', 'no attempts', []],
    ['closed', 'one failure', ['ineffective 60']],
    ['closed', 'two failures', ['ineffective 120', 'ineffective 60']],
    ['open', 'three failures', ['ineffective 180', 'ineffective 120', 'ineffective 60']],
    ['open', 'three failures of other kinds', ['failed 180', 'timed-out 120', 'inconclusive 60']],
    ['closed', 'a success among three', ['ineffective 180', 'succeeded 120', 'ineffective 60']],
    ['open', 'a success before three failures', ['succeeded 240', 'ineffective 180', 'failed 120', 'ineffective 60']],
    ['closed', 'a success after three failures', ['failed 240', 'failed 180', 'failed 120', 'succeeded 60']],
    ['closed', 'dry runs, which prove nothing', ['dry-run 180', 'dry-run 120', 'dry-run 60']],
    ['closed', 'skipped records', ['ineffective 180', 'ineffective 120', 'skipped 60']],
    ['closed', 'an attempt in progress', ['ineffective 180', 'ineffective 120', 'verifying 60']],
    ['open', 'failures between others', ['failed 240', 'skipped 180', 'failed 120', 'dry-run 90', 'failed 60']],
    ['open', 'three failures until an hour ago', ['failed 3780', 'failed 3720', 'failed 3600']],
    ['half-open', 'three failures longer ago', ['failed 3780', 'failed 3720', 'failed 3601']],
    ['open', 'a failed probe', ['failed 7300', 'failed 7200', 'failed 7100', 'failed 60']],
    ['closed', 'a successful probe', ['failed 7300', 'failed 7200', 'failed 7100', 'succeeded 60']],
  ])('is %s after %s', (state, _what, ends) => {
    expect(circuitState(attempts(...ends), limits, NOW)).toBe(state);
  });

  it.each([[], [{ phase: 'failed', time: 'never', message: '' }], [{ phase: 'failed', time: ago(-61), message: '' }]])(
    'stays open while a failure does not say when it ended: %j',
    (...transitions) => {
      const [first, second, third] = attempts('failed 9000', 'failed 8000', 'failed 7000');
      const forged = { ...second!, status: { ...second!.status, transitions: transitions as never } };
      expect(circuitState([first!, second!, third!], limits, NOW)).toBe('half-open');
      expect(circuitState([first!, forged, third!], limits, NOW)).toBe('open');
    },
  );
});

describe('The history of a target', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  const check = async (gate: 'cooldown' | 'circuit') =>
    skipped(gates[gate](bench.inputOf(await bench.accept()), bench.context));
  /** An attempt that was executed some seconds ago. */
  const put = (phase: Phase, secondsAgo: number, target = BACKEND, policy = bench.policy) =>
    bench.put(
      {
        ...{ phase, target, executionStartTime: ago(secondsAgo + 10), executionTime: ago(secondsAgo) },
        transitions: [{ phase, time: ago(secondsAgo), message: '' }],
      },
      {},
      policy,
    );

  it.each([
    [0, 1800],
    [1, 1799],
    [1799, 1],
    [1799.5, 1],
  ])('starts a cooldown: %d s later, %d s are left', async (secondsAgo, left) => {
    await put('succeeded', secondsAgo);
    expect(await check('cooldown')).toMatch(new RegExp(`^cooldown: .*\\b${left} s$`));
  });

  it.each([1800, 5000])('has no cooldown %d s later', async (secondsAgo) => {
    await put('succeeded', secondsAgo);
    expect(await check('cooldown')).toBe('passes');
  });

  it.each<[string, Partial<RemediationStatus>, string]>([
    ['no time', { executionStartTime: undefined, executionTime: undefined }, 'missing'],
    ['an invalid time', { executionTime: 'long ago' }, 'invalid'],
  ])('has a cooldown as long as an attempt has %s', async (_what, times, why) => {
    await put('succeeded', 9000);
    const forged = await put('succeeded', 5000);
    const { labels, creationTimestamp } = forged.metadata;
    await bench.put({ ...forged.status, ...times }, { labels, creationTimestamp });
    await pass(100_000);
    expect(await check('cooldown')).toMatch(new RegExp(`^cooldown: .*time is ${why}`));
  });

  it('has a cooldown while the time of an attempt is in the future', async () => {
    const forged = await put('succeeded', 5000);
    await bench.put({ ...forged.status, executionTime: '2099-01-01T00:00:00Z' }, { labels: forged.metadata.labels });
    await pass(100_000);
    expect(await check('cooldown')).toMatch(/^cooldown: .*in the future \(2099/);
  });

  it('has a cooldown from when the record was created, where its time is before', async () => {
    const forged = await put('succeeded', 5000);
    await bench.put({ ...forged.status }, { labels: forged.metadata.labels, creationTimestamp: ago(10) });
    expect(await check('cooldown')).toMatch(/^cooldown: .*1790 s/);
  });

  it('has a cooldown after a record without a status', async () => {
    const { labels } = (await put('succeeded', 5000)).metadata;
    await bench.put({ phase: 'accepted' }, { labels });
    expect(await check('cooldown')).toMatch(/^cooldown: .*time is missing/);
  });

  it('has no cooldown without an attempt', async () => {
    expect(await check('cooldown')).toBe('passes');
  });

  it('starts a cooldown with the newest attempt, dry runs and failures included', async () => {
    for (const [phase, secondsAgo] of [
      ['failed', 5000],
      ['dry-run', 100],
      ['succeeded', 4000],
    ] as const) {
      await put(phase, secondsAgo);
    }
    expect(await check('cooldown')).toMatch(/\b1700 s$/);
  });

  it('starts a cooldown with the start of an attempt that is not executed yet', async () => {
    await bench.put({ phase: 'executing', target: BACKEND, executionStartTime: ago(100) });
    expect(await check('cooldown')).toMatch(/\b1700 s$/);
  });

  it('starts no cooldown for the record itself, nor for a skipped record', async () => {
    const own = await put('succeeded', 1);
    expect(await skipped(gates.cooldown(bench.inputOf(own), bench.context))).toBe('passes');
    await bench.context.store.delete(own.metadata.name);
    await bench.put({ phase: 'skipped', target: BACKEND });
    expect(await check('cooldown')).toBe('passes');
  });

  it.each(['cooldown', 'circuit'] as const)('applies to the target and the policy only: %s', async (gate) => {
    const other = { ...bench.policy, name: 'other' };
    for (const secondsAgo of [30, 20, 10]) {
      await put('failed', secondsAgo, { ...BACKEND, name: 'frontend' });
      await put('failed', secondsAgo, BACKEND, other);
    }
    expect(await check(gate)).toBe('passes');
  });

  it('opens the circuit after failures, and lets one attempt through later', async () => {
    for (const secondsAgo of [30, 20, 10]) {
      await put('failed', secondsAgo);
    }
    expect(await check('circuit')).toMatch(/^circuit-open: .*\b3\b/);
    await pass(LIMITS.circuitOpenSeconds - 10);
    expect(await check('circuit')).toMatch(/^circuit-open: /);
    await pass(1);
    expect(await check('circuit')).toBe('passes');
  });

  it('is read by the labels of policy and target', async () => {
    const list = jest.spyOn(bench.context.store, 'list');
    await check('cooldown');
    expect(list).toHaveBeenCalledWith({
      [KEYS.policy]: 'restart',
      [KEYS.target]: expect.stringMatching(/^[0-9a-f]{16}$/),
      [KEYS.executed]: 'true',
    });
  });
});
