import { withLock, withTargetLocked } from '../../../remediation/controller/lock';
import { KubernetesError } from '../../../remediation/kubernetes';
import { lockName, REMEDIATION } from '../../../remediation/record';
import { NOW } from '../sample';
import { BACKEND, Bench } from '../support/bench';
import { idle, pass, standStill } from '../support/clock';

standStill();

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

/** Work that lasts until it is told to end. */
function lasting<T>(result: T) {
  let end = () => {};
  const work = new Promise<T>((resolve) => {
    end = () => resolve(result);
  });
  return { work: () => work, end: () => end() };
}

describe('Work that holds a lock', () => {
  const LOCK = { name: 'lock', holder: 'one', seconds: 30 };
  const leases = () => bench.context.leases;
  const holder = async () => (await leases().holding('lock'))?.holder;

  it('is done while the lock is held, and the lock is released afterwards', async () => {
    const held = await withLock(leases(), LOCK, 'busy', holder);
    expect(held).toBe('one');
    expect(await holder()).toBeUndefined();
  });

  it('is not done while another holds the lock', async () => {
    await leases().acquire('lock', 'two', 30);
    const work = jest.fn();
    expect(await withLock(leases(), LOCK, 'busy', work)).toBe('busy');
    expect(work).not.toHaveBeenCalled();
    expect(await holder()).toBe('two');
  });

  it('renews the lock as long as it runs, and no longer', async () => {
    const { work, end } = lasting('done');
    const done = withLock(leases(), LOCK, 'busy', work);
    await idle();
    for (let round = 0; round < 12; round += 1) {
      await pass(10);
      expect(await holder()).toBe('one');
    }
    end();
    expect(await done).toBe('done');
    bench.api.writes.length = 0;
    await pass(60);
    expect(bench.api.writes).toEqual([]);
  });

  it('continues when the lock cannot be renewed', async () => {
    const { work, end } = lasting('done');
    const done = withLock(leases(), LOCK, 'busy', work);
    await idle();
    const recover = bench.api.failOn(() => new KubernetesError(500, '', 'etcd is down'));
    await pass(20);
    recover();
    await pass(10);
    expect(await holder()).toBe('one');
    end();
    expect(await done).toBe('done');
  });

  it('that fails releases the lock, too', async () => {
    const failing = withLock(leases(), LOCK, 'busy', () => Promise.reject(new Error('it failed')));
    await expect(failing).rejects.toThrow('it failed');
    expect(await holder()).toBeUndefined();
  });

  it('returns its result even when the lock cannot be released', async () => {
    bench.api.failOn((verb) => (verb === 'delete' ? new KubernetesError(500, '', 'etcd is down') : undefined));
    expect(await withLock(leases(), LOCK, 'busy', async () => 'done')).toBe('done');
    expect(await holder()).toBe('one');
    await pass(30);
    expect(await holder()).toBeUndefined();
  });

  it('fails when the lock cannot be read', async () => {
    bench.api.failOn(() => new KubernetesError(500, '', 'etcd is down'));
    await expect(withLock(leases(), LOCK, 'busy', async () => 'done')).rejects.toThrow('etcd is down');
  });
});

describe('A record whose target is locked', () => {
  const LOCK = lockName('restart-workload', BACKEND);

  it('is read again under the lock, and has its target', async () => {
    const read = await bench.accept();
    await bench.annotate(read, { late: 'true' });
    let holder: string | undefined;
    const next = await withTargetLocked(read, BACKEND, bench.policy, bench.context, async (locked) => {
      holder = (await bench.context.leases.holding(LOCK))?.holder;
      expect(locked.status).toEqual({ phase: 'accepted', target: BACKEND });
      expect(locked.metadata.annotations).toEqual({ late: 'true' });
      return 42;
    });
    expect(next).toBe(42);
    expect(holder).toBe(`replica-1/${read.metadata.name}`);
  });

  it('waits a second while another record holds the lock', async () => {
    await bench.context.leases.acquire(LOCK, 'replica-1/another', 30);
    const work = jest.fn();
    expect(await withTargetLocked(await bench.accept(), BACKEND, bench.policy, bench.context, work)).toBe(1000);
    expect(work).not.toHaveBeenCalled();
  });

  it('proceeds once the lock of a replica that died has expired', async () => {
    await bench.context.leases.acquire(LOCK, 'replica-2/another', bench.context.limits.lockSeconds);
    const record = await bench.accept();
    const step = () => withTargetLocked(record, BACKEND, bench.policy, bench.context, async () => 42);
    await pass(bench.context.limits.lockSeconds - 1);
    expect(await step()).toBe(1000);
    await pass(1);
    expect(await step()).toBe(42);
  });

  it('is stepped again at once when another replica has moved it meanwhile', async () => {
    const read = await bench.accept();
    bench.api.put(REMEDIATION, { ...read, status: { phase: 'verifying' } });
    const work = jest.fn();
    expect(await withTargetLocked(read, BACKEND, bench.policy, bench.context, work)).toBe(0);
    expect(work).not.toHaveBeenCalled();
  });

  it('is stepped again at once when another replica has reverted its change meanwhile', async () => {
    const read = await bench.put({ phase: 'succeeded', target: BACKEND, expirationTime: NOW.toISOString() });
    bench.api.put(REMEDIATION, { ...read, status: { ...read.status, revertResult: 'lowered' } });
    const work = jest.fn();
    expect(await withTargetLocked(read, BACKEND, bench.policy, bench.context, work)).toBe(0);
    expect(work).not.toHaveBeenCalled();
  });

  it('is left alone when it was deleted meanwhile', async () => {
    const read = await bench.accept();
    await bench.context.store.delete(read.metadata.name);
    const work = jest.fn();
    expect(await withTargetLocked(read, BACKEND, bench.policy, bench.context, work)).toBeUndefined();
    expect(work).not.toHaveBeenCalled();
  });
});
