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
  /** What the last look saw, and how long it is ago. */
  readonly last?: { readonly value?: number; readonly secondsAgo: number };
  /** @default - a query that is first asked after 60 s, and given up after 300 s */
  readonly verification?: 'own';
}

/** A look at the effect of a change, and the queries that it asked. */
async function found(situation: Situation) {
  const { query = [], own, settled, executedSecondsAgo = 120, last } = situation;
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
    executionTime: ago(executedSecondsAgo),
    lastVerification: last && { value: last.value, time: ago(last.secondsAgo) },
  } as RemediationStatus;
  return {
    finding: await verifyEffect(run, { policy: { verification }, action } as GateInput, status, INTERVAL_SECONDS),
    asked,
  };
}

const WELL_BEFORE = { value: 1, secondsAgo: 20 };
const UNREACHABLE = new Error('connect ECONNREFUSED');
/** The last look that the policy allows. */
const AT_THE_END = { executedSecondsAgo: 299, last: { secondsAgo: 20 } };

describe('a look at the effect', () => {
  test.each<[string, Situation, number]>([
    ['before the target can have settled', { executedSecondsAgo: 45 }, 15_000],
    ['right after another', { last: { value: 1, secondsAgo: 5 } }, 10_000],
  ])('%s is put off, and nobody is asked', async (_when, situation, milliseconds) => {
    const { finding, asked } = await found(situation);
    expect([finding, asked]).toEqual([{ kind: 'wait', milliseconds }, []]);
  });

  test.each<[string, Situation, 'healthy' | 'unhealthy' | 'unknown']>([
    ['is well for the first time', { query: [1] }, 'healthy'],
    ['was unwell before', { query: [1], last: { value: 0, secondsAgo: 20 } }, 'healthy'],
    ['was unknown before', { query: [1], last: { secondsAgo: 20 } }, 'healthy'],
    ['is well, and does not rest yet', { query: [1], last: WELL_BEFORE, settled: false }, 'healthy'],
    [
      'is well, and nobody can say whether it rests',
      { query: [1], last: WELL_BEFORE, settled: UNREACHABLE },
      'healthy',
    ],
    ['is unwell', { query: [0], last: WELL_BEFORE }, 'unhealthy'],
    ['is unwell in part', { query: [1, 0, 1], last: WELL_BEFORE }, 'unhealthy'],
    ['yields another number', { query: [0.5], last: WELL_BEFORE }, 'unhealthy'],
    ['yields none', { query: [Number.NaN], last: WELL_BEFORE }, 'unhealthy'],
    ['has no data', { query: [], last: WELL_BEFORE }, 'unknown'],
    ['cannot be asked about', { query: UNREACHABLE, last: WELL_BEFORE }, 'unknown'],
    ['is well for Prometheus, and unwell itself', { query: [1], own: 0, last: WELL_BEFORE }, 'unhealthy'],
    ['is well for Prometheus, and says nothing itself', { query: [1], own: 'unknown', last: WELL_BEFORE }, 'unknown'],
    ['is well for Prometheus, and cannot be looked at', { query: [1], own: UNREACHABLE, last: WELL_BEFORE }, 'unknown'],
  ])('when the target %s is taken again', async (_what, situation, result) => {
    expect((await found(situation)).finding).toMatchObject({ kind: 'again', result });
  });

  test.each<[string, Situation]>([
    ['twice in a row', { query: [1], last: WELL_BEFORE }],
    ['twice, and rests', { query: [1, 1], last: WELL_BEFORE, settled: true }],
    ['twice, for Prometheus and itself', { query: [1], own: 1, last: WELL_BEFORE }],
    ['once, at the end of the time', { query: [1], ...AT_THE_END }],
    ['once, where the action sees the effect itself', { own: 1, verification: 'own', executedSecondsAgo: 1 }],
  ])('that sees the target well %s is a success', async (_what, situation) => {
    expect((await found(situation)).finding).toMatchObject({
      kind: 'end',
      phase: 'succeeded',
      message: 'it helped: restarted backend',
    });
  });

  test.each<[string, Situation, string]>([
    ['sees nothing', { query: [], ...AT_THE_END }, 'inconclusive'],
    ['cannot ask', { query: UNREACHABLE, ...AT_THE_END }, 'inconclusive'],
    ['sees nothing, though it was well before', { query: [], ...AT_THE_END, last: WELL_BEFORE }, 'inconclusive'],
    ['sees nothing of a target that rests', { query: [], settled: true, ...AT_THE_END }, 'inconclusive'],
    ['cannot see the effect itself', { own: 'unknown', verification: 'own', executedSecondsAgo: 59 }, 'inconclusive'],
    ['has nothing to look with', { verification: 'own', executedSecondsAgo: 59 }, 'inconclusive'],
    ['sees it unwell', { query: [0], ...AT_THE_END }, 'ineffective'],
    ['sees it unwell in part', { query: [1, 0], settled: true, ...AT_THE_END }, 'ineffective'],
    ['sees it well and not at rest', { query: [1], settled: false, ...AT_THE_END, last: WELL_BEFORE }, 'timed-out'],
    ['sees it unwell and not at rest', { query: [0], settled: false, ...AT_THE_END }, 'timed-out'],
  ])('that is the last one and %s is no success', async (_what, situation, phase) => {
    expect((await found(situation)).finding).toMatchObject({ kind: 'end', phase });
  });

  test('asks about the target alone', async () => {
    expect((await found({ query: [1] })).asked).toEqual(['healthy{namespace="sightedit",name="backend"}']);
  });
});
