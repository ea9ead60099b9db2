import { KubernetesError } from '../../../remediation/kubernetes';
import {
  KEYS,
  REMEDIATION,
  RecordMoved,
  type Remediation,
  type RemediationStatus,
  targetDigest,
} from '../../../remediation/record';
import { NOW } from '../sample';
import { anAlert, BACKEND, Bench, MONITORING } from '../support/bench';
import { pass, standStill } from '../support/clock';

standStill();

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

const store = () => bench.context.store;

describe('A record that is created', () => {
  const spec = () => ({ policy: 'restart', action: 'restart-workload', attempt: 2, traceparent: '', alert: anAlert() });

  it('is accepted, open, and found by policy, action and alert', async () => {
    const asked = spec();
    const created = await store().create(asked, '0123456789abcdef');
    expect(created).toMatchObject({
      kind: 'Remediation',
      metadata: { name: 'restart-0123456789abcdef-2', namespace: MONITORING },
      spec: asked,
      status: { phase: 'accepted' },
    });
    expect(created!.metadata.labels).toEqual({
      [KEYS.open]: 'true',
      [KEYS.policy]: 'restart',
      [KEYS.action]: 'restart-workload',
      [KEYS.alert]: '0123456789abcdef',
    });
  });

  it('is created once, however often its alert is delivered', async () => {
    expect(await store().create(spec(), 'digest')).toBeDefined();
    expect(await store().create(spec(), 'digest')).toBeUndefined();
    expect(await store().list({})).toHaveLength(1);
  });

  it('fails when the API server fails', async () => {
    bench.api.failOn(() => new KubernetesError(503, '', 'busy'));
    await expect(store().create(spec(), 'digest')).rejects.toThrow('busy');
  });
});

describe('Records', () => {
  it('are listed oldest first, with all of some labels', async () => {
    const names: string[] = [];
    for (const alert of ['c', 'a', 'b']) {
      const { metadata } = (await store().create({ ...(await bench.accept()).spec }, alert))!;
      names.push(metadata.name);
      await pass(1);
    }
    const all = await store().list({ [KEYS.policy]: 'restart', [KEYS.open]: 'true' });
    expect(all.map(({ metadata }) => metadata.name).filter((name) => names.includes(name))).toEqual(names);
    const found = await store().list({ [KEYS.policy]: 'restart', [KEYS.alert]: 'a' });
    expect(found.map(({ metadata }) => metadata.name)).toEqual([names[1]]);
    expect(await store().list({ [KEYS.policy]: 'other' })).toEqual([]);
  });

  it('are all found, even when they fill several pages', async () => {
    const { spec } = await bench.accept();
    for (let index = 0; index < 204; index += 1) {
      await store().create(spec, `digest-${index}`);
    }
    expect(await store().list({})).toHaveLength(205);
  });

  it('are read by name, and deleted', async () => {
    const record = await bench.accept();
    expect(await store().read(record.metadata.name)).toEqual(record);
    await store().delete(record.metadata.name);
    expect(await store().read(record.metadata.name)).toBeUndefined();
  });
});

describe('A transition', () => {
  const executing = { phase: 'executing', target: BACKEND, executionStartTime: NOW.toISOString() } as const;

  it('stores the phase, the details and the time', async () => {
    const record = await bench.accept();
    const moved = await store().transition(record, { ...executing, message: 'will restart' });
    expect(moved.status).toEqual({
      ...executing,
      message: 'will restart',
      transitions: [{ phase: 'executing', time: NOW.toISOString(), message: 'will restart' }],
    });
    expect(await bench.read(record)).toEqual(moved);
    await pass(5);
    const next = await store().transition(moved, { phase: 'verifying', message: 'restarted', effect: 'restarted' });
    expect(next.status).toEqual({
      ...executing,
      phase: 'verifying',
      message: 'restarted',
      effect: 'restarted',
      transitions: [
        ...moved.status.transitions!,
        { phase: 'verifying', time: new Date(NOW.getTime() + 5000).toISOString(), message: 'restarted' },
      ],
    });
  });

  it('adds no entry while phase and message stay the same', async () => {
    const first = await store().transition(await bench.accept(), { phase: 'verifying', message: 'restarted' });
    const lastVerification = { value: 1, time: NOW.toISOString() };
    const second = await store().transition(first, { ...first.status, lastVerification });
    expect(second.status.transitions).toHaveLength(1);
    expect(second.status.lastVerification).toEqual(lastVerification);
    const third = await store().transition(second, { phase: 'verifying', message: 'again' });
    expect(third.status.transitions?.map(({ message }) => message)).toEqual(['restarted', 'again']);
    const fourth = await store().transition(third, { phase: 'succeeded', message: 'again' });
    expect(fourth.status.transitions?.map(({ phase }) => phase)).toEqual(['verifying', 'verifying', 'succeeded']);
  });

  it('without a message has an empty one', async () => {
    const moved = await store().transition(await bench.accept(), { phase: 'verifying' });
    expect(moved.status.transitions).toEqual([{ phase: 'verifying', time: NOW.toISOString(), message: '' }]);
  });

  it('updates the labels', async () => {
    const moved = await store().transition(await bench.accept(), executing);
    expect(moved.metadata.labels).toMatchObject({
      [KEYS.open]: 'true',
      [KEYS.target]: targetDigest(BACKEND),
      [KEYS.executed]: 'true',
    });
    const back = await store().transition(moved, { phase: 'awaiting-approval', executionStartTime: undefined });
    expect(back.metadata.labels).not.toHaveProperty([KEYS.executed]);
    expect(back.metadata.labels).toHaveProperty([KEYS.target], targetDigest(BACKEND));
  });

  it('writes labels only when they change', async () => {
    const moved = await store().transition(await bench.accept(), executing);
    bench.api.writes.length = 0;
    await store().transition(moved, { phase: 'verifying' });
    expect(bench.api.writes.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual(['update remediations/status']);
  });

  it('to a final phase leaves the record open, until it is closed', async () => {
    const ended = await store().transition(await bench.accept(), { phase: 'failed', target: BACKEND });
    expect(ended.metadata.labels).toHaveProperty([KEYS.open], 'true');
    const closed = await store().label(ended);
    expect(closed.metadata.labels).not.toHaveProperty([KEYS.open]);
    expect(closed.metadata.labels).toHaveProperty([KEYS.target], targetDigest(BACKEND));
  });

  it('to a final phase with a change to revert stays open after that, too', async () => {
    const ended = await store().transition(await bench.accept(), {
      phase: 'succeeded',
      expirationTime: NOW.toISOString(),
    });
    expect((await store().label(ended)).metadata.labels).toHaveProperty([KEYS.open], 'true');
    const reverted = await store().transition(ended, { ...ended.status, revertResult: 'lowered' });
    expect((await store().label(reverted)).metadata.labels).not.toHaveProperty([KEYS.open]);
  });

  it('succeeds even when the labels cannot be written', async () => {
    bench.api.failOn((verb) => (verb === 'patch' ? new KubernetesError(500, '', 'busy') : undefined));
    const record = await bench.accept();
    const moved = await store().transition(record, executing);
    expect(moved.status.phase).toBe('executing');
    expect((await bench.read(record)).metadata.labels).not.toHaveProperty([KEYS.target]);
  });

  it('survives an annotation that is added meanwhile', async () => {
    const record = await bench.accept();
    await bench.annotate(record, { [KEYS.approved]: 'true' });
    const moved = await store().transition(record, executing);
    expect(moved.metadata.annotations).toEqual({ [KEYS.approved]: 'true' });
    expect(moved.status.phase).toBe('executing');
  });

  it('accepts a target that is not stored yet', async () => {
    const record = await bench.accept();
    await bench.annotate(record, { [KEYS.approved]: 'true' });
    const decided = { ...record, status: { ...record.status, target: BACKEND } };
    expect((await store().transition(decided, { phase: 'executing' })).status.target).toEqual(BACKEND);
  });

  it.each<RemediationStatus>([{ phase: 'failed' }, { phase: 'accepted', message: 'seen by another' }])(
    'throws RecordMoved when another replica has changed the status to %j',
    async (status) => {
      const record = await bench.accept();
      bench.api.put(REMEDIATION, { ...record, status });
      const moving = store().transition(record, executing);
      await expect(moving).rejects.toThrow(RecordMoved);
      await expect(moving).rejects.toThrow(record.metadata.name);
      expect((await bench.read(record)).status).toEqual(status);
    },
  );

  it('throws RecordMoved when the record was deleted', async () => {
    const record = await bench.accept();
    await store().delete(record.metadata.name);
    await expect(store().transition(record, executing)).rejects.toThrow(RecordMoved);
  });

  it.each([403, 500])('fails when the API server answers %d', async (status) => {
    const record = await bench.accept();
    bench.api.failOn((verb) => (verb === 'update' ? new KubernetesError(status, '', `status ${status}`) : undefined));
    await expect(store().transition(record, executing)).rejects.toThrow(`status ${status}`);
  });

  it('fails with any other error', async () => {
    const record = await bench.accept();
    bench.api.failOn((verb) => (verb === 'update' ? new TypeError('not a function') : undefined));
    await expect(store().transition(record, executing)).rejects.toThrow('not a function');
  });
});

describe('Labels ahead of a status', () => {
  const decided = (record: Remediation) => ({ ...record, status: { ...record.status, target: BACKEND } });

  it('agree with the next status, and leave the stored status alone', async () => {
    const record = await bench.accept();
    const labelled = await store().labelAhead(decided(record));
    expect(labelled.status).toEqual({ phase: 'accepted', target: BACKEND });
    const stored = await bench.read(record);
    expect(stored.status).toEqual({ phase: 'accepted' });
    expect(stored.metadata).toEqual(labelled.metadata);
    expect(stored.metadata.labels).toEqual({ ...record.metadata.labels, [KEYS.target]: targetDigest(BACKEND) });
    const moved = await store().transition(labelled, { phase: 'executing' });
    expect(moved.status).toMatchObject({ phase: 'executing', target: BACKEND });
  });

  it('survive an annotation that is added meanwhile', async () => {
    const record = await bench.accept();
    await bench.annotate(record, { [KEYS.approved]: 'true' });
    const { metadata } = await store().labelAhead(decided(record));
    expect(metadata).toMatchObject({
      labels: { [KEYS.target]: targetDigest(BACKEND) },
      annotations: { [KEYS.approved]: 'true' },
    });
  });

  it('are not written when another replica has moved the record', async () => {
    const record = await bench.accept();
    const moved = bench.api.put<Remediation>(REMEDIATION, { ...record, status: { phase: 'skipped' } });
    await expect(store().labelAhead(decided(record))).rejects.toThrow(RecordMoved);
    expect(await bench.read(record)).toEqual(moved);
  });
});

describe('A record whose alert is resolved', () => {
  it('is annotated with the time while it is open', async () => {
    const record = await bench.accept();
    await store().markResolved(record.metadata.labels![KEYS.alert]!);
    expect((await bench.read(record)).metadata.annotations).toEqual({ [KEYS.resolved]: NOW.toISOString() });
  });

  it('is annotated once: the first time counts', async () => {
    const record = await bench.accept();
    await store().markResolved(record.metadata.labels![KEYS.alert]!);
    await pass(60);
    await store().markResolved(record.metadata.labels![KEYS.alert]!);
    expect((await bench.read(record)).metadata.annotations).toEqual({ [KEYS.resolved]: NOW.toISOString() });
  });

  it('is left alone when it is closed, and so are the records of other alerts', async () => {
    const closed = await store().label(await store().transition(await bench.accept(), { phase: 'failed' }));
    const other = await bench.accept();
    await store().markResolved(closed.metadata.labels![KEYS.alert]!);
    expect((await bench.read(closed)).metadata.annotations).toBeUndefined();
    expect((await bench.read(other)).metadata.annotations).toBeUndefined();
  });
});
