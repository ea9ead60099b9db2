import { context, propagation, trace } from '@opentelemetry/api';
import { contextOf, inSpan, startTracing } from '../../../remediation/audit';
import { Intake } from '../../../remediation/intake/intake';
import { type Payload, parsePayload } from '../../../remediation/intake/payload';
import { KubernetesError } from '../../../remediation/kubernetes';
import {
  FINAL_PHASES,
  KEYS,
  OPEN_PHASES,
  type Phase,
  REMEDIATION,
  type Remediation,
} from '../../../remediation/record';
import { alert, notification } from '../../../testing/webhook';
import { ago, NOW } from '../sample';
import { Bench, LIMITS, restarts } from '../support/bench';
import { idle, pass, standStill } from '../support/clock';

standStill();

let bench: Bench;
let intake: Intake;

const intakeOf = ({ context: { store }, props: { policies }, metrics, logged }: Bench) =>
  new Intake({
    ...{ policies, store, metrics, repeatSeconds: LIMITS.repeatSeconds, now: () => new Date() },
    log: (level, message, fields = {}) => void logged.push({ level, message, fields }),
  });

beforeEach(() => {
  bench = new Bench({ policies: [restarts(), restarts({ name: 'restart-too' })] });
  intake = intakeOf(bench);
});

const SAMPLE = { fingerprint: '0123456789abcdef', startsAt: '2026-03-04T11:59:00Z' };
const asks = (labels: Readonly<Record<string, string>> = {}, changes: object = {}) =>
  alert({ remediation: 'restart', ...labels }, { ...SAMPLE, ...changes });
const payload = (alerts: readonly object[], changes: object = {}): Payload =>
  parsePayload(Buffer.from(JSON.stringify({ ...notification(alerts), ...changes })));
const take = (alerts: readonly object[], changes: object = {}) => intake.take(payload(alerts, changes));
const records = () => bench.context.store.list({});
const ACCEPTED = { accepted: 1, duplicates: 0, ignored: 0 };
const DUPLICATE = { accepted: 0, duplicates: 1, ignored: 0 };
const IGNORED = { accepted: 0, duplicates: 0, ignored: 1 };

describe('An alert that names a policy', () => {
  it('is stored in at most 160 KiB, whatever its labels and annotations are', async () => {
    const control = Object.fromEntries(
      Array.from({ length: 64 }, (_, index) => [`label_${index}`, '\u0001'.repeat(1024)]),
    );
    expect(await take([asks(control, { annotations: control })])).toEqual(ACCEPTED);
    const { alert: kept } = (await records())[0]!.spec;
    expect(JSON.stringify(kept).length).toBeLessThan(165_000);
    expect(Object.keys(kept.annotations)).toHaveLength(13);
    expect(kept.labels.remediation).toBe('restart');
  });

  it('creates a record with its labels, annotations and times', async () => {
    const asked = asks(
      { namespace: 'sightedit', deployment: 'backend' },
      { generatorURL: 'http://prometheus/graph?x' },
    );
    expect(await take([asked])).toEqual(ACCEPTED);
    const [record, ...others] = await records();
    expect(others).toEqual([]);
    expect(record!.spec).toEqual({
      ...{ policy: 'restart', action: 'restart-workload', attempt: 1, traceparent: '' },
      alert: {
        name: 'SampleAlert',
        fingerprint: SAMPLE.fingerprint,
        startsAt: '2026-03-04T11:59:00.000Z',
        labels: asked.labels,
        annotations: asked.annotations,
        generatorUrl: 'http://prometheus/graph?x',
      },
    });
    expect(await bench.metric('decisions_total', { policy: 'restart', decision: 'accepted' })).toBe(1);
    expect(await bench.metric('alerts_received_total', { alertname: 'SampleAlert', status: 'firing' })).toBe(1);
  });

  it('creates one record, however often it is delivered', async () => {
    expect(await take([asks()])).toEqual(ACCEPTED);
    expect(await take([asks()])).toEqual(DUPLICATE);
    await pass(LIMITS.repeatSeconds * 2);
    expect(await take([asks({}, { startsAt: '2026-03-04T12:59:00+01:00' })])).toEqual(DUPLICATE);
    expect(await records()).toHaveLength(1);
    expect(await bench.metric('decisions_total', { policy: 'restart', decision: 'duplicate' })).toBe(2);
  });

  it('creates one record when several Alertmanagers deliver it to two replicas at once', async () => {
    const other = intakeOf(new Bench({ holder: 'replica-2' }, bench));
    const receipts = await Promise.all([take([asks()]), other.take(payload([asks()])), take([asks()])]);
    expect(receipts.map(({ accepted }) => accepted).sort()).toEqual([0, 0, 1]);
    expect(await records()).toHaveLength(1);
  });

  it('creates a record for each policy, each fingerprint, and each time it fires', async () => {
    const others = [
      asks(),
      asks({ remediation: 'restart-too' }),
      asks({}, { fingerprint: 'fedcba9876543210' }),
      asks({}, { startsAt: '2026-03-04T12:00:00Z' }),
    ];
    expect(await take(others)).toEqual({ accepted: 4, duplicates: 0, ignored: 0 });
    expect(await records()).toHaveLength(4);
  });

  it('is stored with truncated labels and annotations', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`label_${index}`, 'x'.repeat(2000)]));
    const labels = { [`x${'y'.repeat(128)}`]: 'dropped', [`y${'y'.repeat(127)}`]: 'kept', ...many };
    const asked = asks(
      { ...labels, alertname: 'A'.repeat(2000) },
      { annotations: many, generatorURL: 'u'.repeat(2000) },
    );
    expect(await take([asked])).toEqual(ACCEPTED);
    const { alert: kept } = (await records())[0]!.spec;
    expect(Object.keys(kept.labels)).toHaveLength(64);
    expect(Object.keys(kept.annotations)).toHaveLength(64);
    expect(kept.labels).not.toHaveProperty(`x${'y'.repeat(128)}`);
    expect(kept.labels).toHaveProperty(`y${'y'.repeat(127)}`, 'kept');
    expect(kept.labels.label_0).toBe('x'.repeat(1024));
    expect(kept.name).toBe('A'.repeat(1024));
    expect(kept.generatorUrl).toBe('u'.repeat(1024));
  });

  it('stores the trace of its notification', async () => {
    const end = startTracing(undefined, 'test');
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const from = contextOf(`00-${traceId}-b7ad6b7169203331-01`);
    await inSpan('POST', from, {}, () => take([asks(), asks({}, { fingerprint: '01' })]));
    for (const { spec } of await records()) {
      expect(spec.traceparent).toMatch(new RegExp(`^00-${traceId}-`));
    }
    await end();
    trace.disable();
    context.disable();
    propagation.disable();
  });
});

describe('An alert that keeps firing after its record has ended', () => {
  /** Brings the record to a phase that it has reached some seconds ago. */
  async function moved(phase: Phase, secondsAgo: number): Promise<Remediation> {
    await take([asks()]);
    const [record] = await records();
    const transitions = [{ phase, time: ago(secondsAgo), message: '' }];
    return bench.api.put<Remediation>(REMEDIATION, { ...record!, status: { phase, transitions } });
  }

  it.each(FINAL_PHASES)('starts another attempt after repeatSeconds: %s', async (phase) => {
    const first = await moved(phase, LIMITS.repeatSeconds + 1);
    expect(await take([asks()])).toEqual(ACCEPTED);
    const [, second] = await records();
    expect(second!.spec).toEqual({ ...first.spec, attempt: 2 });
    expect(second!.metadata.name).toBe(first.metadata.name.replace(/-1$/, '-2'));
    expect(second!.metadata.labels).toMatchObject({ [KEYS.alert]: first.metadata.labels![KEYS.alert] });
    expect(await take([asks()])).toEqual(DUPLICATE);
  });

  it.each([0, LIMITS.repeatSeconds])('is a repeated delivery %d s later', async (secondsAgo) => {
    await moved('skipped', secondsAgo);
    expect(await take([asks()])).toEqual(DUPLICATE);
  });

  it.each(OPEN_PHASES)('is a repeated delivery while its record is %s', async (phase) => {
    await moved(phase, LIMITS.repeatSeconds + 1);
    expect(await take([asks()])).toEqual(DUPLICATE);
  });

  it('counts from the last attempt', async () => {
    await moved('skipped', LIMITS.repeatSeconds + 1);
    await pass(1);
    await take([asks()]);
    const [, second] = await records();
    const status = { phase: 'failed', transitions: [{ phase: 'failed', time: new Date().toISOString(), message: '' }] };
    bench.api.put(REMEDIATION, { ...second!, status });
    await pass(LIMITS.repeatSeconds);
    expect(await take([asks()])).toEqual(DUPLICATE);
    await pass(1);
    expect(await take([asks()])).toEqual(ACCEPTED);
    expect((await records()).map(({ spec }) => spec.attempt)).toEqual([1, 2, 3]);
  });

  it('starts one more attempt when it is delivered twice at the same time', async () => {
    await moved('skipped', LIMITS.repeatSeconds + 1);
    const receipts = await Promise.all([take([asks()]), take([asks()])]);
    expect(receipts.map(({ accepted }) => accepted).sort()).toEqual([0, 1]);
    expect(await records()).toHaveLength(2);
  });

  it('is a repeated delivery when its record has lost its labels', async () => {
    await take([asks()]);
    const [record] = await records();
    bench.api.put(REMEDIATION, { ...record!, metadata: { ...record!.metadata, labels: {} } });
    expect(await take([asks()])).toEqual(DUPLICATE);
  });
});

describe('An alert that is resolved', () => {
  it('annotates its open record, and creates none', async () => {
    await take([asks(), asks({}, { fingerprint: '01' })]);
    expect(await take([asks({}, { status: 'resolved' })])).toEqual(IGNORED);
    const all = await records();
    expect(all).toHaveLength(2);
    const marked = all.filter(({ metadata }) => metadata.annotations?.[KEYS.resolved]);
    expect(marked.map(({ spec }) => spec.alert.fingerprint)).toEqual([SAMPLE.fingerprint]);
    expect(marked[0]!.metadata.annotations).toEqual({ [KEYS.resolved]: NOW.toISOString() });
    expect(await bench.metric('alerts_received_total', { status: 'resolved' })).toBe(1);
    expect(await bench.metric('decisions_total', { decision: 'duplicate' })).toBe(0);
  });

  it('without a record is ignored', async () => {
    expect(await take([asks({}, { status: 'resolved' })])).toEqual(IGNORED);
    expect(await records()).toEqual([]);
  });
});

describe('An alert that names no policy', () => {
  it.each([{ remediation: '' }, { remediation: undefined }])('is ignored: %j', async (labels) => {
    expect(await take([asks(labels as never)])).toEqual(IGNORED);
    expect(await records()).toEqual([]);
    expect(bench.logged).toEqual([]);
  });

  it('of the configuration is ignored and logged', async () => {
    expect(await take([asks({ remediation: 'restart-all' })])).toEqual(IGNORED);
    expect(await records()).toEqual([]);
    expect(bench.logged).toMatchObject([
      { level: 'error', message: expect.stringMatching(/SampleAlert.*restart-all/) },
    ]);
  });
});

describe('A notification', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => asks({}, { fingerprint: index.toString(16).padStart(16, '0') }));

  it('of many alerts is stored completely, eight records at a time', async () => {
    let running = 0;
    let most = 0;
    bench.api.failOn(async (verb) => {
      if (verb === 'create') {
        running += 1;
        most = Math.max(most, running);
        await idle();
        running -= 1;
      }
      return undefined;
    });
    expect(await take(many(30))).toEqual({ accepted: 30, duplicates: 0, ignored: 0 });
    expect(await records()).toHaveLength(30);
    expect(most).toBe(8);
  });

  it('that cannot be stored completely fails, and is complete when it is sent again', async () => {
    const recover = bench.api.failOn((verb) =>
      verb === 'create' && bench.api.writes.length >= 5 ? new KubernetesError(503, '', 'busy') : undefined,
    );
    await expect(take(many(20))).rejects.toThrow('busy');
    recover();
    await idle();
    const receipt = await take(many(20));
    expect(receipt.accepted + receipt.duplicates).toBe(20);
    expect(await records()).toHaveLength(20);
  });

  it('fails when the records cannot be listed', async () => {
    await take([asks()]);
    bench.api.failOn((verb) => (verb === 'list' ? new KubernetesError(503, '', 'busy') : undefined));
    await expect(take([asks({}, { status: 'resolved' })])).rejects.toThrow('busy');
    await expect(take([asks()])).rejects.toThrow('busy');
  });

  it.each([
    [0, 0],
    [7, 7],
  ])('counts the alerts that Alertmanager left out: %d', async (truncatedAlerts, count) => {
    const receipt = await take([asks({ remediation: '' }), asks({ remediation: '' })], { truncatedAlerts });
    expect(receipt).toEqual({ accepted: 0, duplicates: 0, ignored: 2 });
    expect(await bench.metric('alerts_truncated_total')).toBe(count);
  });

  it('without alerts creates nothing', async () => {
    expect(await take([])).toEqual({ accepted: 0, duplicates: 0, ignored: 0 });
  });
});

describe('Series of alert names', () => {
  it('are five hundred at most, and short; the rest is counted together', async () => {
    const named = (alertname: string) => asks({ alertname }, { fingerprint: '00' });
    const many = Array.from({ length: 600 }, (_, index) => named(`Alert${index}`));
    await take([named('x'.repeat(129)), ...many, ...many, named('Alert499')]);
    const series = (await bench.metrics.registry.getSingleMetric('remediation_alerts_received_total')!.get()).values;
    expect(series).toHaveLength(501);
    expect(await bench.metric('alerts_received_total', { alertname: 'Alert499' })).toBe(3);
    expect(await bench.metric('alerts_received_total', { alertname: 'other' })).toBe(201);
  });
});
