import { KubernetesError, Leases, RESOURCES } from '../../../remediation/kubernetes';
import { MemoryKubernetes } from '../../../testing/memory-kubernetes';
import { NOW } from '../sample';
import { MONITORING } from '../support/bench';
import { pass, standStill } from '../support/clock';

standStill();

const LOCK = { resource: RESOURCES.leases, namespace: MONITORING, name: 'lock' };

describe('A lease', () => {
  let api: MemoryKubernetes;
  let leases: Leases;
  const acquire = (holder: string, seconds = 30) => leases.acquire('lock', holder, seconds);
  const specOf = async () => (await api.get<{ metadata: object; spec: Record<string, unknown> }>(LOCK)).spec;
  /** Makes the first request of a kind meet another one that comes right before it. */
  const beforeThe = (verb: string, other: () => Promise<unknown>) => {
    const end = api.failOn(async (asked) => {
      if (asked === verb) {
        end();
        await other();
      }
      return undefined;
    });
  };

  beforeEach(() => {
    api = new MemoryKubernetes();
    leases = new Leases(api, MONITORING, () => new Date());
  });

  it('that is free is acquired, with MicroTime timestamps', async () => {
    expect(await acquire('one')).toBeUndefined();
    expect(await specOf()).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 30,
      acquireTime: '2026-03-04T12:00:00.000000Z',
      renewTime: '2026-03-04T12:00:00.000000Z',
    });
  });

  it('that another holds is not acquired, and names its holder', async () => {
    await acquire('one');
    await pass(29);
    const holding = { holder: 'one', acquired: NOW, expires: new Date(NOW.getTime() + 30_000) };
    expect(await acquire('two')).toEqual(holding);
    expect(await leases.holding('lock')).toEqual(holding);
    expect(await specOf()).toMatchObject({ holderIdentity: 'one' });
  });

  it('is renewed by its holder, and keeps its acquireTime', async () => {
    await acquire('one');
    await pass(20);
    expect(await acquire('one')).toBeUndefined();
    await pass(20);
    expect(await acquire('two')).toMatchObject({ holder: 'one', acquired: NOW });
    expect(await specOf()).toMatchObject({
      acquireTime: '2026-03-04T12:00:00.000000Z',
      renewTime: '2026-03-04T12:00:20.000000Z',
    });
  });

  it('that has expired is free, and acquired by another', async () => {
    await acquire('one');
    await pass(30);
    expect(await leases.holding('lock')).toBeUndefined();
    expect(await acquire('two')).toBeUndefined();
    expect(await leases.holding('lock')).toMatchObject({ holder: 'two' });
    expect(await acquire('one')).toMatchObject({ holder: 'two' });
  });

  it('that has expired is created anew, so that its creation tells when it was acquired', async () => {
    await acquire('one');
    await pass(30);
    await acquire('two');
    const { metadata } = await api.get(LOCK);
    expect(metadata.creationTimestamp).toBe('2026-03-04T12:00:30Z');
    await pass(20);
    await acquire('two');
    expect((await api.get(LOCK)).metadata).toMatchObject({ uid: metadata.uid });
  });

  it('that another acquires at the moment at which it is taken over is not deleted', async () => {
    await acquire('nobody');
    await pass(30);
    beforeThe('delete', () => acquire('two'));
    expect(await acquire('one')).toMatchObject({ holder: 'two' });
  });

  it('that has expired gets a new acquireTime, even for the same holder', async () => {
    await acquire('one');
    await pass(30);
    expect(await acquire('one')).toBeUndefined();
    expect(await specOf()).toMatchObject({ acquireTime: '2026-03-04T12:00:30.000000Z' });
  });

  it.each<[string, object]>([
    ['no time', { leaseDurationSeconds: 30 }],
    ['an invalid time', { renewTime: 'now', leaseDurationSeconds: 30 }],
    ['no duration', { renewTime: '2026-03-04T12:00:00.000000Z' }],
  ])('with %s stays held, for its holder to renew', async (_what, spec) => {
    await api.create(RESOURCES.leases, MONITORING, {
      ...{ metadata: { name: 'lock' }, spec: { holderIdentity: 'one', ...spec } },
    });
    await pass(1_000_000);
    expect(await leases.holding('lock')).toMatchObject({ holder: 'one' });
    expect(await acquire('two')).toMatchObject({ holder: 'one' });
    expect(await acquire('one')).toBeUndefined();
    await pass(30);
    expect(await acquire('two')).toBeUndefined();
  });

  it('with no holder is free', async () => {
    const spec = { renewTime: '2026-03-04T12:00:00.000000Z', leaseDurationSeconds: 30 };
    await api.create(RESOURCES.leases, MONITORING, { metadata: { name: 'lock' }, spec });
    expect(await leases.holding('lock')).toBeUndefined();
    expect(await acquire('two')).toBeUndefined();
  });

  it('without the time at which it was acquired was acquired when it was renewed', async () => {
    const spec = { holderIdentity: 'one', leaseDurationSeconds: 30, renewTime: NOW.toISOString() };
    await api.create(RESOURCES.leases, MONITORING, { metadata: { name: 'lock' }, spec });
    expect(await leases.holding('lock')).toMatchObject({ acquired: NOW });
  });

  it('is acquired by one of two that find it free at the same time', async () => {
    const outcomes = await Promise.all([acquire('one'), acquire('two')]);
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
    expect(outcomes.find((outcome) => outcome)).toMatchObject({ holder: expect.stringMatching(/^(one|two)$/) });
  });

  it('is acquired by one of two that find it expired at the same time', async () => {
    await acquire('nobody');
    await pass(30);
    const outcomes = await Promise.all([acquire('one'), acquire('two')]);
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
  });

  it('that another acquires and releases at the same moment counts as busy once', async () => {
    await acquire('nobody');
    await pass(30);
    beforeThe('delete', () => api.delete(LOCK));
    expect(await acquire('one')).toMatchObject({ holder: expect.any(String) });
    expect(await acquire('one')).toBeUndefined();
  });

  it.each(['create', 'update', 'get'])('cannot be acquired when %s fails', async (failing) => {
    await (failing === 'update' ? acquire('one') : undefined);
    api.failOn((verb) => (verb === failing ? new KubernetesError(500, '', 'etcd is down') : undefined));
    await expect(acquire('one')).rejects.toThrow('etcd is down');
  });

  it('is released by its holder', async () => {
    await acquire('one');
    await leases.release('lock', 'one');
    expect(await leases.holding('lock')).toBeUndefined();
    expect(await acquire('two')).toBeUndefined();
  });

  it('that another holds is not released', async () => {
    await acquire('one');
    await leases.release('lock', 'two');
    expect(await leases.holding('lock')).toMatchObject({ holder: 'one' });
  });

  it('that another acquires at the moment of its release is not released', async () => {
    await acquire('one');
    await pass(30);
    beforeThe('delete', () => acquire('two'));
    await leases.release('lock', 'one');
    expect(await leases.holding('lock')).toMatchObject({ holder: 'two' });
  });

  it('that is already gone is released without an error', async () => {
    await expect(leases.release('lock', 'one')).resolves.toBeUndefined();
    await acquire('one');
    beforeThe('delete', () => api.delete(LOCK));
    await expect(leases.release('lock', 'one')).resolves.toBeUndefined();
  });

  it('cannot be released when that fails', async () => {
    await acquire('one');
    api.failOn((verb) => (verb === 'delete' ? new KubernetesError(500, '', 'etcd is down') : undefined));
    await expect(leases.release('lock', 'one')).rejects.toThrow('etcd is down');
    api.failOn((verb) => (verb === 'delete' ? new Error('no error of the API') : undefined));
  });
});
