import { circuitGate, circuitState, cooldownGate, type GateContext, type GateInput } from '../../../remediation/gates';
import type { Phase } from '../../../remediation/record';
import { NOW, record } from '../sample';

const LIMITS = { circuitFailures: 3, circuitOpenSeconds: 3600 } as GateContext['limits'];

/** Runs that ended so many seconds ago, the oldest first. */
const runs = (...ends: readonly (readonly [Phase, number])[]) =>
  ends.map(([phase, secondsAgo], index) => record(phase, secondsAgo, {}, `run-${index}`));

describe('the circuit', () => {
  test.each([
    ['no runs', [], 'closed'],
    ['one in vain', [['ineffective', 60]], 'closed'],
    [
      'two in vain',
      [
        ['ineffective', 120],
        ['ineffective', 60],
      ],
      'closed',
    ],
    [
      'three in vain',
      [
        ['ineffective', 180],
        ['ineffective', 120],
        ['ineffective', 60],
      ],
      'open',
    ],
    [
      'three of other kinds',
      [
        ['failed', 180],
        ['timed-out', 120],
        ['inconclusive', 60],
      ],
      'open',
    ],
    [
      'a success among three',
      [
        ['ineffective', 180],
        ['succeeded', 120],
        ['ineffective', 60],
      ],
      'closed',
    ],
    [
      'a success before three',
      [
        ['succeeded', 240],
        ['ineffective', 180],
        ['failed', 120],
        ['ineffective', 60],
      ],
      'open',
    ],
    [
      'a success after three',
      [
        ['ineffective', 240],
        ['ineffective', 180],
        ['ineffective', 120],
        ['succeeded', 60],
      ],
      'closed',
    ],
    [
      'dry runs, which prove nothing',
      [
        ['dry-run', 180],
        ['dry-run', 120],
        ['dry-run', 60],
      ],
      'closed',
    ],
    [
      'requests that were skipped',
      [
        ['ineffective', 180],
        ['ineffective', 120],
        ['skipped', 60],
      ],
      'closed',
    ],
    [
      'one that is not over',
      [
        ['ineffective', 180],
        ['ineffective', 120],
        ['verifying', 60],
      ],
      'closed',
    ],
    [
      'three in vain and skipped ones',
      [
        ['failed', 240],
        ['skipped', 180],
        ['failed', 120],
        ['dry-run', 90],
        ['failed', 60],
      ],
      'open',
    ],
    [
      'three in vain, an hour ago',
      [
        ['failed', 3780],
        ['failed', 3720],
        ['failed', 3600],
      ],
      'open',
    ],
    [
      'three in vain, longer ago',
      [
        ['failed', 3780],
        ['failed', 3720],
        ['failed', 3601],
      ],
      'half-open',
    ],
    [
      'a probe in vain',
      [
        ['failed', 7300],
        ['failed', 7200],
        ['failed', 7100],
        ['failed', 60],
      ],
      'open',
    ],
    [
      'a probe that helped',
      [
        ['failed', 7300],
        ['failed', 7200],
        ['failed', 7100],
        ['succeeded', 60],
      ],
      'closed',
    ],
  ] as const)('after %s is %s', (_what, ends, state) => {
    expect(circuitState(runs(...ends), LIMITS, NOW)).toBe(state);
  });
});

describe('the gates that look back', () => {
  const request = (cooldownSeconds = 1800) =>
    ({
      record: record('accepted', 0, {}, 'this'),
      policy: { name: 'restart-workload', action: 'restart-workload', cooldownSeconds },
      target: { kind: 'Deployment', namespace: 'sightedit', name: 'backend' },
    }) as GateInput;
  const gates = (known: ReturnType<typeof runs>) => {
    const asked: object[] = [];
    const store = {
      list: async (labels: object) => {
        asked.push(labels);
        return known;
      },
    };
    return { asked, gates: { store, limits: LIMITS, clients: { now: () => NOW } } as unknown as GateContext };
  };
  const executed = (secondsAgo: number, name = 'run') =>
    record('succeeded', 0, { executionTime: new Date(NOW.getTime() - secondsAgo * 1000).toISOString() }, name);

  test('let a target rest after a run, to the second', async () => {
    await expect(cooldownGate(request(), gates([executed(1799)]).gates)).rejects.toMatchObject({
      reason: 'cooldown',
      message: 'the last attempt was too recent: wait another 1 s',
    });
    await expect(cooldownGate(request(), gates([executed(1800)]).gates)).resolves.toBeUndefined();
    await expect(cooldownGate(request(), gates([]).gates)).resolves.toBeUndefined();
  });

  test('look at the newest run, and never at the request itself', async () => {
    const several = [executed(10_000, 'run-0'), executed(100, 'run-1'), executed(5000, 'run-2')];
    await expect(cooldownGate(request(), gates(several).gates)).rejects.toMatchObject({ reason: 'cooldown' });
    await expect(cooldownGate(request(), gates([executed(1, 'this')]).gates)).resolves.toBeUndefined();
  });

  test('ask by policy and target: the alert and its pods are no part of it', async () => {
    const { asked, gates: context } = gates([]);
    await cooldownGate(request(), context);
    expect(asked).toEqual([
      {
        'monitoring.sightedit.com/policy': 'restart-workload',
        'monitoring.sightedit.com/target': expect.stringMatching(/^[0-9a-f]{16}$/),
        'monitoring.sightedit.com/executed': 'true',
      },
    ]);
  });

  test('let nothing through an open circuit, and one through a half-open one', async () => {
    const vain = (secondsAgo: number) => runs(['failed', secondsAgo], ['failed', secondsAgo], ['failed', secondsAgo]);
    await expect(circuitGate(request(), gates(vain(60)).gates)).rejects.toMatchObject({
      reason: 'circuit-open',
      message: 'the last 3 attempts had no effect: a person must investigate',
    });
    await expect(circuitGate(request(), gates(vain(4000)).gates)).resolves.toBeUndefined();
  });
});
