import { markFinished, markSkipped, moveTo, recordRevert } from '../../../remediation/controller/transitions';
import { KubernetesError, RESOURCES } from '../../../remediation/kubernetes';
import { ATTEMPT_PHASES, KEYS, REMEDIATION, RecordMoved, type Remediation } from '../../../remediation/record';
import { ago, NOW } from '../sample';
import { APPLICATION, BACKEND, Bench } from '../support/bench';
import { standStill } from '../support/clock';

standStill();

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

const alertnames = () => bench.raised.map(({ labels }) => labels.alertname);
const labelsOf = async (record: Remediation) => (await bench.read(record)).metadata.labels!;
const events = () =>
  bench.api.list<{ metadata: { namespace: string }; reason: string; type: string }>(RESOURCES.events);

/** What the labels of a record are at the moment at which people are told of it. */
function labelsWhenTold(record: Remediation): { labels?: Readonly<Record<string, string>> } {
  const seen: { labels?: Readonly<Record<string, string>> } = {};
  jest.spyOn(globalThis, 'fetch').mockImplementation(async () => {
    seen.labels = await labelsOf(record);
    return new Response('{}');
  });
  return seen;
}

const executing = (secondsAgo = 60) =>
  bench.put({
    ...{ phase: 'executing', target: BACKEND, executionStartTime: ago(secondsAgo) },
    plan: { summary: 'restart backend', details: {} },
  });

describe('A record that moves', () => {
  it('is stored, and then reported in the log, the metrics and an Event', async () => {
    const record = await bench.accept();
    const moved = await moveTo(record, { phase: 'executing', target: BACKEND, message: 'will restart' }, bench.props);
    expect(moved.status).toMatchObject({ phase: 'executing', message: 'will restart' });
    expect(bench.logged).toMatchObject([
      { level: 'info', message: 'will restart', fields: { record: record.metadata.name, phase: 'executing' } },
    ]);
    expect(await bench.metric('decisions_total', { policy: 'restart', decision: 'executing' })).toBe(1);
    expect(await events()).toMatchObject([
      { metadata: { namespace: APPLICATION }, reason: 'RemediationExecuting', type: 'Normal' },
    ]);
    expect(bench.raised).toEqual([]);
  });

  it('keeps its first trace id', async () => {
    const record = await bench.put({ phase: 'accepted', traceId: '0123' });
    expect((await moveTo(record, { phase: 'verifying' }, bench.props)).status.traceId).toBe('0123');
  });

  it('stays open while work is left', async () => {
    const moved = await moveTo(await executing(), { phase: 'verifying' }, bench.props);
    expect(await labelsOf(moved)).toHaveProperty([KEYS.open], 'true');
    const temporary = { phase: 'succeeded', expirationTime: ago(-60) } as const;
    expect(await labelsOf(await moveTo(moved, temporary, bench.props))).toHaveProperty([KEYS.open], 'true');
  });

  it('is closed when no work is left, after people were notified', async () => {
    const record = await executing();
    const told = labelsWhenTold(record);
    const moved = await moveTo(record, { phase: 'failed', message: 'it failed' }, bench.props);
    expect(told.labels).toHaveProperty([KEYS.open], 'true');
    expect(moved.metadata.labels).not.toHaveProperty([KEYS.open]);
    expect(await labelsOf(record)).not.toHaveProperty([KEYS.open]);
  });

  it('stays open when closing fails, so that its end is reported again', async () => {
    const record = await executing();
    bench.api.failOn((verb, resource) =>
      verb === 'patch' && resource === 'remediations' ? new KubernetesError(503, '', 'busy') : undefined,
    );
    await expect(moveTo(record, { phase: 'failed' }, bench.props)).rejects.toThrow('busy');
    expect((await bench.read(record)).status.phase).toBe('failed');
    expect(await labelsOf(record)).toHaveProperty([KEYS.open], 'true');
  });

  it('is left alone, and not reported, when another replica has moved it', async () => {
    const record = await executing();
    bench.api.put(REMEDIATION, { ...record, status: { ...record.status, phase: 'verifying' } });
    await expect(moveTo(record, { phase: 'failed' }, bench.props)).rejects.toThrow(RecordMoved);
    expect((await bench.read(record)).status.phase).toBe('verifying');
    expect([bench.logged, bench.raised, await events()]).toEqual([[], [], []]);
    expect(await labelsOf(record)).toHaveProperty([KEYS.open], 'true');
  });
});

describe('A record that is skipped', () => {
  it('says why, and is closed', async () => {
    const record = await bench.accept();
    const skipped = await markSkipped(
      record,
      { reason: 'cooldown', message: 'too soon', target: BACKEND },
      bench.props,
    );
    expect(skipped.status).toMatchObject({
      phase: 'skipped',
      reason: 'cooldown',
      message: 'too soon',
      target: BACKEND,
    });
    expect(skipped.metadata.labels).not.toHaveProperty([KEYS.open]);
    expect(await bench.metric('decisions_total', { decision: 'skipped', reason: 'cooldown' })).toBe(1);
    expect(bench.raised).toEqual([]);
  });

  it('does not count as an attempt, even after its execution has started', async () => {
    const record = await bench.put({
      ...{ phase: 'executing', target: BACKEND, executionStartTime: ago(1), expirationTime: ago(-3600) },
    });
    const skipped = await markSkipped(record, { reason: 'unhealthy', message: 'paused' }, bench.props);
    expect(skipped.status).toMatchObject({ phase: 'skipped', target: BACKEND });
    expect(skipped.status).not.toHaveProperty('executionStartTime');
    expect(skipped.status).not.toHaveProperty('expirationTime');
    expect(skipped.metadata.labels).not.toHaveProperty([KEYS.executed]);
    expect(skipped.metadata.labels).not.toHaveProperty([KEYS.open]);
  });
});

describe('An attempt that ends', () => {
  const earlier = (phase: 'failed' | 'succeeded', secondsAgo: number) =>
    bench.put({
      ...{ phase, target: BACKEND, executionStartTime: ago(secondsAgo) },
      transitions: [{ phase, time: ago(secondsAgo), message: '' }],
    });

  it.each(ATTEMPT_PHASES)('as %s is counted', async (phase) => {
    await markFinished(await executing(), { phase, message: 'it is over' }, bench.props);
    const labels = { policy: 'restart', outcome: phase, target_namespace: APPLICATION, target_name: 'backend' };
    expect(await bench.metric('actions_total', labels)).toBe(1);
  });

  it.each([
    ['succeeded', []],
    ['ineffective', ['RemediationActionFailed']],
    ['inconclusive', ['RemediationActionFailed']],
    ['failed', ['RemediationActionFailed']],
    ['timed-out', ['RemediationActionFailed']],
  ] as const)('as %s raises %j', async (phase, raised) => {
    await markFinished(await executing(), { phase, message: 'it is over' }, bench.props);
    expect(alertnames()).toEqual(raised);
  });

  it('as the third failure in a row opens the circuit and notifies people', async () => {
    await earlier('failed', 5000);
    await earlier('failed', 4000);
    await markFinished(await executing(), { phase: 'ineffective', message: 'it failed' }, bench.props);
    expect(alertnames()).toEqual(['RemediationActionFailed', 'RemediationCircuitOpen']);
    expect(bench.raised[1]!.labels).toMatchObject({
      action: 'restart-workload',
      policy: 'restart',
      target: `Deployment ${APPLICATION}/backend`,
    });
  });

  it('as the second failure in a row opens no circuit', async () => {
    await earlier('failed', 5000);
    await markFinished(await executing(), { phase: 'failed', message: 'it failed' }, bench.props);
    expect(alertnames()).toEqual(['RemediationActionFailed']);
  });

  it('as a success leaves the circuit closed', async () => {
    await earlier('failed', 5000);
    await earlier('failed', 4000);
    await earlier('failed', 3000);
    await markFinished(await executing(), { phase: 'succeeded', message: 'it helped' }, bench.props);
    expect(alertnames()).toEqual([]);
  });

  it('about another target leaves the circuit closed', async () => {
    await earlier('failed', 5000);
    await earlier('failed', 4000);
    const frontend = { ...BACKEND, name: 'frontend' };
    const record = await bench.put({ phase: 'executing', target: frontend, executionStartTime: ago(60) });
    await markFinished(record, { phase: 'failed', message: 'it failed' }, bench.props);
    expect(alertnames()).toEqual(['RemediationActionFailed']);
  });

  it('before its execution opens no circuit', async () => {
    await earlier('failed', 5000);
    await earlier('failed', 4000);
    await earlier('failed', 3000);
    const record = await bench.put({ phase: 'accepted', target: BACKEND });
    await markFinished(record, { phase: 'failed', message: 'no decision' }, bench.props);
    expect(alertnames()).toEqual(['RemediationActionFailed']);
  });
});

describe('A change that is reverted', () => {
  const temporary = () =>
    bench.put({
      ...{ phase: 'succeeded', target: BACKEND, message: 'it helped', expirationTime: ago(1) },
      transitions: [{ phase: 'succeeded', time: ago(3600), message: 'it helped' }],
    });

  it('is stored in its record, which keeps its phase and is closed', async () => {
    const record = await temporary();
    const noted = await recordRevert(record, 'lowered to 2', 'reverted', bench.props);
    expect(noted.status).toMatchObject({ phase: 'succeeded', revertResult: 'lowered to 2', message: 'lowered to 2' });
    expect(noted.status.transitions).toHaveLength(2);
    expect(noted.status.transitions![1]).toEqual({
      phase: 'succeeded',
      time: NOW.toISOString(),
      message: 'lowered to 2',
    });
    expect(await labelsOf(record)).not.toHaveProperty([KEYS.open]);
    expect(await events()).toMatchObject([{ reason: 'RemediationReverted', type: 'Normal' }]);
    expect(bench.raised).toEqual([]);
  });

  it('or left to people raises an alert before its record is closed', async () => {
    const record = await temporary();
    const told = labelsWhenTold(record);
    await recordRevert(record, 'revert by hand', 'left', bench.props);
    expect(told.labels).toHaveProperty([KEYS.open], 'true');
    expect(await labelsOf(record)).not.toHaveProperty([KEYS.open]);
    expect(await events()).toMatchObject([{ reason: 'RemediationLeft', type: 'Warning' }]);
  });

  it('is left alone when another replica has stored the revert', async () => {
    const record = await temporary();
    bench.api.put(REMEDIATION, { ...record, status: { ...record.status, revertResult: 'lowered to 2' } });
    await expect(recordRevert(record, 'lowered to 2', 'reverted', bench.props)).rejects.toThrow(RecordMoved);
    expect(await events()).toEqual([]);
  });
});
