import type { Action, Attempt } from '../../../remediation/actions';
import { verifyEffect } from '../../../remediation/controller/verification';
import type { GateInput } from '../../../remediation/gates';
import type { RemediationStatus } from '../../../remediation/record';
import { ago, NOW } from '../sample';

const INTERVAL_SECONDS = 15;

interface Situation {
  /** Values of the series that the query yields, or the error of who was asked. */
  readonly query?: readonly number[] | Error;
  /** What the action itself sees. */
  readonly own?: number | Error | 'unknown';
  readonly settled?: boolean | Error;
  readonly executedSecondsAgo?: number;
  /** When the change was made, by the record. */
  readonly executed?: string;
  /** What the last verification saw, and how long ago. */
  readonly last?: { readonly value?: number; readonly secondsAgo: number };
  /** @default - a query that is first asked after 60 s, and given up after 300 s */
  readonly verification?: 'own';
}

/** The outcome of a verification, and the queries that it asked. */
async function found(situation: Situation) {
  const { query = [], own, settled, executedSecondsAgo = 120, last } = situation;
  const executed = 'executed' in situation ? situation.executed : ago(executedSecondsAgo);
  const asked: string[] = [];
  const prometheus = {
    query: async (text: string) => {
      asked.push(text);
      if (query instanceof Error) {
        throw query;
      }
      return query.map((value) => ({ labels: {}, value }));
    },
  };
  const answer =
    <T>(value: T | Error) =>
    async () => {
      if (value instanceof Error) {
        throw value;
      }
      return value;
    };
  const action = {
    settled: settled === undefined ? undefined : answer(settled),
    verify: own === undefined ? undefined : answer(own === 'unknown' ? undefined : own),
  } as unknown as Action<unknown>;
  const verification =
    situation.verification === 'own'
      ? undefined
      : { query: 'healthy{namespace="$namespace",name="$name"}', stabilisationSeconds: 60, withinSeconds: 300 };
  const run = {
    target: { kind: 'Deployment', namespace: 'sightedit', name: 'backend' },
    clients: { now: () => NOW, prometheus },
  } as unknown as Attempt<unknown>;
  const status = {
    phase: 'verifying',
    effect: 'restarted backend',
    executionTime: executed,
    lastVerification: last && { value: last.value, time: ago(last.secondsAgo) },
  } as RemediationStatus;
  return {
    finding: await verifyEffect(run, { policy: { verification }, action } as GateInput, status, INTERVAL_SECONDS),
    asked,
  };
}

const HEALTHY_BEFORE = { value: 1, secondsAgo: 20 };
const UNREACHABLE = new Error('connect ECONNREFUSED');
/** The last verification that the policy allows. */
const AT_THE_END = { executedSecondsAgo: 299, last: { secondsAgo: 20 } };

describe('A verification of forged times', () => {
  it.each([undefined, 'nonsense', '2099-01-01T00:00:00Z'])('ends inconclusive: executed %s', async (executed) => {
    const { finding, asked } = await found({ query: [1], last: HEALTHY_BEFORE, executed });
    expect(finding).toMatchObject({
      kind: 'end',
      phase: 'inconclusive',
      message: expect.stringMatching(/unknown when/),
    });
    expect(asked).toEqual([]);
  });

  it.each([-61, -9999, 61, 9999])('does not count one from %d s ago, and is repeated', async (secondsAgo) => {
    const { finding } = await found({ query: [1], last: { value: 1, secondsAgo } });
    expect(finding).toMatchObject({ kind: 'again', result: 'healthy' });
  });
});

describe('A verification', () => {
  test.each<[string, Situation, number]>([
    ['before the target can have settled', { executedSecondsAgo: 45 }, 15_000],
    ['right after another', { last: { value: 1, secondsAgo: 5 } }, 10_000],
  ])('%s is postponed, without a query', async (_when, situation, milliseconds) => {
    const { finding, asked } = await found(situation);
    expect([finding, asked]).toEqual([{ kind: 'wait', milliseconds }, []]);
  });

  test.each<[string, Situation, 'healthy' | 'unhealthy' | 'unknown']>([
    ['is healthy for the first time', { query: [1] }, 'healthy'],
    ['was unhealthy before', { query: [1], last: { value: 0, secondsAgo: 20 } }, 'healthy'],
    ['was unknown before', { query: [1], last: { secondsAgo: 20 } }, 'healthy'],
    ['is healthy, and has not settled', { query: [1], last: HEALTHY_BEFORE, settled: false }, 'healthy'],
    [
      'is healthy, and it is unknown whether it has settled',
      { query: [1], last: HEALTHY_BEFORE, settled: UNREACHABLE },
      'healthy',
    ],
    ['is unhealthy', { query: [0], last: HEALTHY_BEFORE }, 'unhealthy'],
    ['is unhealthy in part', { query: [1, 0, 1], last: HEALTHY_BEFORE }, 'unhealthy'],
    ['yields another number', { query: [0.5], last: HEALTHY_BEFORE }, 'unhealthy'],
    ['yields NaN', { query: [Number.NaN], last: HEALTHY_BEFORE }, 'unhealthy'],
    ['has no data', { query: [], last: HEALTHY_BEFORE }, 'unknown'],
    ['has no data, and time for just one more', { query: [], executedSecondsAgo: 285 }, 'unknown'],
    ['cannot be queried', { query: UNREACHABLE, last: HEALTHY_BEFORE }, 'unknown'],
    ['is healthy for Prometheus, and unhealthy itself', { query: [1], own: 0, last: HEALTHY_BEFORE }, 'unhealthy'],
    [
      'is healthy for Prometheus, and says nothing itself',
      { query: [1], own: 'unknown', last: HEALTHY_BEFORE },
      'unknown',
    ],
    [
      'is healthy for Prometheus, and its action fails to verify it',
      { query: [1], own: UNREACHABLE, last: HEALTHY_BEFORE },
      'unknown',
    ],
  ])('when the target %s is repeated', async (_what, situation, result) => {
    expect((await found(situation)).finding).toMatchObject({ kind: 'again', result });
  });

  test.each<[string, Situation]>([
    ['twice in a row', { query: [1], last: HEALTHY_BEFORE }],
    ['twice, and settled', { query: [1, 1], last: HEALTHY_BEFORE, settled: true }],
    ['twice, for Prometheus and itself', { query: [1], own: 1, last: HEALTHY_BEFORE }],
    ['once, at the end of the time', { query: [1], ...AT_THE_END }],
    ['once, where the action sees the effect itself', { own: 1, verification: 'own', executedSecondsAgo: 1 }],
  ])('that sees the target healthy %s is a success', async (_what, situation) => {
    expect((await found(situation)).finding).toMatchObject({
      kind: 'end',
      phase: 'succeeded',
      message: 'it helped: restarted backend',
    });
  });

  test.each<[string, Situation, string]>([
    ['sees nothing', { query: [], ...AT_THE_END }, 'inconclusive'],
    ['cannot query', { query: UNREACHABLE, ...AT_THE_END }, 'inconclusive'],
    ['sees nothing, though it was healthy before', { query: [], ...AT_THE_END, last: HEALTHY_BEFORE }, 'inconclusive'],
    ['sees nothing of a settled target', { query: [], settled: true, ...AT_THE_END }, 'inconclusive'],
    ['cannot see the effect itself', { own: 'unknown', verification: 'own', executedSecondsAgo: 59 }, 'inconclusive'],
    ['has no way to verify', { verification: 'own', executedSecondsAgo: 59 }, 'inconclusive'],
    ['sees it unhealthy', { query: [0], ...AT_THE_END }, 'ineffective'],
    ['sees it unhealthy in part', { query: [1, 0], settled: true, ...AT_THE_END }, 'ineffective'],
    [
      'sees it healthy and not settled',
      { query: [1], settled: false, ...AT_THE_END, last: HEALTHY_BEFORE },
      'timed-out',
    ],
    ['sees it unhealthy and not settled', { query: [0], settled: false, ...AT_THE_END }, 'timed-out'],
  ])('that is the last one and %s is no success', async (_what, situation, phase) => {
    expect((await found(situation)).finding).toMatchObject({ kind: 'end', phase });
  });

  test('queries the target only', async () => {
    expect((await found({ query: [1] })).asked).toEqual(['healthy{namespace="sightedit",name="backend"}']);
  });
});
