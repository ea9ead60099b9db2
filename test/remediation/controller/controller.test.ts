import { restartWorkloadAction } from '../../../remediation/actions/restart-workload';
import { Controller } from '../../../remediation/controller';
import { KubernetesError } from '../../../remediation/kubernetes';
import { KEYS, lockName, REMEDIATION, RecordMoved, type Remediation } from '../../../remediation/record';
import { ago } from '../sample';
import { BACKEND, Bench, type BenchProps, HEALTHY, LIMITS, MONITORING } from '../support/bench';
import { idle, pass, standStill } from '../support/clock';

standStill();

let bench: Bench;
let controller: Controller | undefined;
const start = async (on = bench) => {
  const log = (level: string, message: string, fields = {}) => void on.logged.push({ level, message, fields });
  const started = new Controller({ ...on.props, client: on.api, log });
  controller = started;
  started.start();
  await idle();
  return started;
};
const set = (props: BenchProps = {}) => {
  bench = new Bench(props);
  bench.deploy();
};
beforeEach(() => set());
afterEach(async () => {
  await controller?.stop(0);
  controller = undefined;
});

const RESTART = 'patch deployments backend';
const phaseOf = async (record: Remediation) => (await bench.read(record)).status.phase;
const isClosed = async (record: Remediation) => !(KEYS.open in (await bench.read(record)).metadata.labels!);
const warnings = () => bench.logged.filter(({ level }) => level === 'warn').map(({ message }) => message);
/** Holds the steps of new records up. Each of the returned functions lets one of them fail. */
const holdSteps = () => {
  const ends: (() => void)[] = [];
  jest
    .spyOn(restartWorkloadAction, 'findTarget')
    .mockImplementation(() => new Promise((_, reject) => ends.push(() => reject(new Error('it failed')))));
  return ends;
};
/** Lets the decision about every record fail. */
const failDecisions = (error: Error = new KubernetesError(403, '', 'may not get')) =>
  bench.api.failOn((verb, resource) => (verb === 'get' && resource === 'deployments' ? error : undefined));

describe('The controller', () => {
  it('works on the records that exist when it starts', async () => {
    const record = await bench.accept();
    await start();
    expect(bench.changes).toEqual([RESTART]);
    expect(await phaseOf(record)).toBe('verifying');
  });

  it('works on a record as soon as it is created', async () => {
    await start();
    const record = await bench.accept();
    await idle();
    await idle();
    expect(await phaseOf(record)).toBe('verifying');
  });

  it('is synced once it has listed the records, and not before', async () => {
    const recover = bench.api.failOn((verb) => (verb === 'list' ? new KubernetesError(503, '', 'busy') : undefined));
    const started = await start();
    expect(started.isSynced).toBe(false);
    expect(warnings()).toEqual([expect.stringContaining('busy')]);
    recover();
    await pass(1);
    expect(started.isSynced).toBe(true);
  });

  it('runs each next step when it is due, until the record is closed', async () => {
    bench.prometheus.answer(HEALTHY, 1);
    const record = await bench.accept();
    await start();
    await bench.rollOut();
    await pass(59);
    expect(bench.prometheus.asked).toEqual([]);
    await pass(1);
    expect(bench.prometheus.asked).toHaveLength(1);
    await pass(15);
    expect(await phaseOf(record)).toBe('succeeded');
    expect(await isClosed(record)).toBe(true);
    bench.api.writes.length = 0;
    await pass(100);
    expect(bench.api.writes).toEqual([]);
  });

  it('works at once on a record that a person approves', async () => {
    bench.deploy('backend', { spec: { replicas: 1 } });
    const record = await bench.accept();
    await start();
    expect(await phaseOf(record)).toBe('awaiting-approval');
    await bench.annotate(record, { [KEYS.approved]: 'true' });
    await idle();
    await idle();
    expect(await phaseOf(record)).toBe('verifying');
  });

  it('tries again quietly while the API server prepares the storage of records', async () => {
    const busy = new KubernetesError(429, 'TooManyRequests', 'storage is (re)initializing');
    const recover = bench.api.failOn((verb) => (verb === 'list' ? busy : undefined));
    const started = await start();
    expect(warnings()).toEqual([]);
    expect(bench.logged).toMatchObject([{ level: 'info', message: expect.stringContaining('initializing') }]);
    recover();
    await pass(1);
    expect(started.isSynced).toBe(true);
  });

  it('opens a record again whose label was removed although work is left, and no other', async () => {
    const verifying = {
      phase: 'verifying',
      target: BACKEND,
      executionTime: ago(0),
      executionStartTime: ago(0),
    } as const;
    const record = await bench.put(verifying);
    await start();
    const remove = { metadata: { labels: { [KEYS.open]: null } } };
    await bench.api.patch(
      { resource: REMEDIATION, namespace: MONITORING, name: record.metadata.name },
      'merge',
      remove,
    );
    await idle();
    await idle();
    expect(await isClosed(record)).toBe(false);
    expect(warnings()).toEqual([expect.stringContaining('label open')]);
  });

  it('says that a record with work left was deleted', async () => {
    const record = await bench.put({ phase: 'succeeded', target: BACKEND, expirationTime: ago(-60) });
    await start();
    await bench.context.store.delete(record.metadata.name);
    await idle();
    expect(warnings()).toEqual([expect.stringContaining('was deleted')]);
  });

  it('leaves closed records alone', async () => {
    const record = await bench.context.store.label(await bench.put({ phase: 'failed' }));
    await start();
    await pass(100);
    expect(await bench.read(record)).toEqual(record);
    expect(bench.logged).toEqual([]);
  });

  it('forgets a record that is deleted', async () => {
    const record = await bench.put({
      ...{ phase: 'verifying', target: BACKEND, executionStartTime: ago(0), executionTime: ago(0) },
      plan: { summary: '', details: {} },
    });
    await start();
    await bench.context.store.delete(record.metadata.name);
    await idle();
    const read = jest.spyOn(bench.context.store, 'read');
    await pass(120);
    expect(read).not.toHaveBeenCalled();
  });

  it('measures how many records it works on', async () => {
    const ends = holdSteps();
    await bench.accept();
    await start();
    expect(await bench.metric('in_flight')).toBe(1);
    ends[0]!();
    await idle();
    expect(await bench.metric('in_flight')).toBe(0);
  });

  it('works on eight records at a time', async () => {
    const ends = holdSteps();
    for (let index = 0; index < 10; index += 1) {
      await bench.accept();
    }
    await start();
    expect(ends).toHaveLength(8);
    expect(await bench.metric('in_flight')).toBe(8);
    ends[3]!();
    await idle();
    expect(ends).toHaveLength(9);
    ends[0]!();
    ends[1]!();
    await idle();
    expect(ends).toHaveLength(10);
  });

  it('runs one step of a record at a time, and another when the record changes meanwhile', async () => {
    const ends: (() => void)[] = [];
    jest
      .spyOn(restartWorkloadAction, 'findTarget')
      .mockImplementation(() => new Promise((resolve) => ends.push(() => resolve(BACKEND))));
    const record = await bench.accept();
    await start();
    await bench.annotate(record, { changed: 'true' });
    await idle();
    expect(ends).toHaveLength(1);
    ends[0]!();
    await idle();
    await idle();
    expect(await phaseOf(record)).toBe('skipped');
  });

  it('steps a record that changes while its timer runs, and not again when the timer would have fired', async () => {
    const record = await bench.put({
      ...{ phase: 'verifying', target: BACKEND, executionStartTime: ago(0), executionTime: ago(0) },
      plan: { summary: '', details: {} },
    });
    await start();
    await pass(10);
    const read = jest.spyOn(bench.context.store, 'read');
    bench.api.put(REMEDIATION, { ...(await bench.read(record)), status: { phase: 'succeeded', target: BACKEND } });
    await idle();
    read.mockClear();
    await pass(55);
    expect(read).not.toHaveBeenCalled();
  });

  it('steps a record that changes before its timer fires, and forgets that timer', async () => {
    bench.deploy('backend', { spec: { replicas: 1 } });
    const record = await bench.accept();
    await start();
    await pass(4);
    await bench.annotate(record, { changed: 'true' });
    await idle();
    const read = jest.spyOn(bench.context.store, 'read');
    await pass(9.999);
    expect(read).not.toHaveBeenCalled();
    await pass(0.001);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('steps a record once more when it changes during a step, and not later as well', async () => {
    const ends = holdSteps();
    const record = await bench.accept();
    await start();
    await bench.annotate(record, { changed: 'true' });
    await idle();
    const read = jest.spyOn(bench.context.store, 'read');
    jest.spyOn(restartWorkloadAction, 'findTarget').mockImplementation(() => new Promise(() => {}));
    ends[0]!();
    await idle();
    await idle();
    expect(read).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('shares records with another replica without making a change twice', async () => {
    const others = [await bench.accept(), await bench.accept({ deployment: 'frontend' })];
    bench.deploy('frontend');
    const first = await start();
    await start(new Bench({ holder: 'replica-2' }, bench));
    await pass(5);
    expect(bench.changes.filter((change) => change === RESTART)).toHaveLength(1);
    expect(await Promise.all(others.map(phaseOf))).toEqual(['verifying', 'verifying']);
    await first.stop(0);
  });
});

describe('A step that fails', () => {
  it('is retried with a growing delay', async () => {
    const findTarget = jest.spyOn(restartWorkloadAction, 'findTarget').mockRejectedValue(new Error('it failed'));
    await bench.accept();
    await start();
    const calls: number[] = [];
    for (const seconds of [0.499, 0.001, 1.999, 0.001, 9.999, 0.001, 9.999, 0.001]) {
      await pass(seconds);
      calls.push(findTarget.mock.calls.length);
    }
    expect(calls).toEqual([1, 2, 2, 3, 3, 4, 4, 5]);
    expect(warnings()).toHaveLength(5);
    expect(warnings()[0]).toContain('it failed');
    expect(bench.logged[0]!.fields).toHaveProperty('record');
  });

  it('is retried soon again after one that succeeded', async () => {
    const findTarget = jest.spyOn(restartWorkloadAction, 'findTarget').mockRejectedValue(new Error('it failed'));
    const record = await bench.accept();
    await start();
    await pass(2.5);
    expect(findTarget).toHaveBeenCalledTimes(3);
    // A step that has nothing to say: another record works on the target.
    findTarget.mockResolvedValueOnce(BACKEND);
    await bench.context.leases.acquire(lockName('restart-workload', BACKEND), 'another', 30);
    await pass(10);
    expect(findTarget).toHaveBeenCalledTimes(4);
    await pass(1);
    expect(findTarget).toHaveBeenCalledTimes(5);
    await pass(0.5);
    expect(findTarget).toHaveBeenCalledTimes(6);
    expect(await phaseOf(record)).toBe('accepted');
  });

  it('because another replica was faster is not logged', async () => {
    const record = await bench.accept();
    const { plan } = restartWorkloadAction;
    jest.spyOn(restartWorkloadAction, 'plan').mockImplementation(async (attempt) => {
      const newest = await bench.read(record);
      bench.api.put(REMEDIATION, { ...newest, status: { phase: 'awaiting-approval', target: BACKEND } });
      return plan(attempt);
    });
    await start();
    await pass(1);
    expect(warnings()).toEqual([]);
  });

  it('does not hold up other records', async () => {
    jest
      .spyOn(restartWorkloadAction, 'findTarget')
      .mockImplementationOnce(() => Promise.reject(new Error('it failed')));
    const records = [await bench.accept(), await bench.accept()];
    await start();
    const phases = await Promise.all(records.map(phaseOf));
    expect(phases.sort()).toEqual(['accepted', 'verifying']);
  });
});

describe('A record whose decision keeps failing', () => {
  const GIVE_UP_SECONDS = LIMITS.freshnessSeconds / 3;

  it('ends failed and notifies people after a third of freshnessSeconds', async () => {
    failDecisions();
    const record = await bench.accept();
    await start();
    await pass(GIVE_UP_SECONDS - 1);
    expect(await phaseOf(record)).toBe('accepted');
    await pass(12);
    expect(await bench.read(record)).toMatchObject({
      status: { phase: 'failed', message: expect.stringMatching(/nothing was changed.*may not get/) },
    });
    expect(bench.raised.map(({ labels }) => labels.alertname)).toEqual(['RemediationActionFailed']);
    expect(await isClosed(record)).toBe(true);
    bench.logged.length = 0;
    await pass(60);
    expect(bench.logged).toEqual([]);
  });

  it('ends failed exactly then', async () => {
    set({ limits: { freshnessSeconds: 37.5 } });
    failDecisions();
    const record = await bench.accept();
    await start();
    await pass(12.499);
    expect(await phaseOf(record)).toBe('accepted');
    await pass(0.001);
    expect(await phaseOf(record)).toBe('failed');
  });

  it('starts counting again when it is deleted and created again', async () => {
    failDecisions();
    const record = await bench.accept();
    await start();
    await pass(30);
    await bench.context.store.delete(record.metadata.name);
    await idle();
    const again = (await bench.context.store.create(record.spec, record.metadata.labels![KEYS.alert]!))!;
    const failures = warnings().length;
    await idle();
    await pass(0.5);
    expect(again.metadata.name).toBe(record.metadata.name);
    expect(warnings()).toHaveLength(failures + 2);
  });

  it('counts from the first failure in a row', async () => {
    const recover = failDecisions();
    await bench.context.leases.acquire(lockName('restart-workload', BACKEND), 'another', 10_000);
    const record = await bench.accept();
    await start();
    await pass(GIVE_UP_SECONDS - 20);
    recover();
    await pass(20);
    failDecisions();
    await pass(100);
    expect(await phaseOf(record)).toBe('accepted');
  });

  it('is retried as long as another replica is faster', async () => {
    const record = await bench.accept();
    let count = 0;
    jest.spyOn(bench.context.store, 'labelAhead').mockImplementation(async () => {
      count += 1;
      throw new RecordMoved('moved');
    });
    await start();
    await pass(GIVE_UP_SECONDS + 30);
    expect(count).toBeGreaterThan(10);
    expect(await phaseOf(record)).toBe('accepted');
  });

  it('is retried as long as needed once its execution has started', async () => {
    const plan = { summary: '', details: {} };
    const target = { ...BACKEND, uid: 'of-an-earlier-one' };
    const status = { phase: 'executing', target, plan, executionStartTime: ago(0), dryRun: false } as const;
    const record = await bench.put(status);
    const recover = bench.api.failOn((verb, resource) =>
      resource === 'leases' && verb === 'get' ? new Error('it failed') : undefined,
    );
    await start();
    await pass(GIVE_UP_SECONDS + 30);
    expect(await phaseOf(record)).toBe('executing');
    recover();
    await pass(10);
    expect(await phaseOf(record)).toBe('skipped');
  });

  it('is forgotten when it is deleted meanwhile', async () => {
    const record = await bench.accept();
    let gone = false;
    bench.api.failOn(async (verb, resource) => {
      if (gone && verb === 'get' && resource === 'deployments') {
        await bench.context.store.delete(record.metadata.name).catch(() => {});
      }
      return undefined;
    });
    failDecisions();
    await start();
    await pass(GIVE_UP_SECONDS - 1);
    gone = true;
    await pass(60);
    expect(bench.raised).toEqual([]);
    const read = jest.spyOn(bench.context.store, 'read');
    await pass(60);
    expect(read).not.toHaveBeenCalled();
  });
});

describe('A record that has ended and is still open', () => {
  const WAIT = 2 * LIMITS.lockSeconds;
  const ended = (secondsAgo: number) =>
    bench.put({
      ...{ phase: 'failed', target: BACKEND, message: 'it failed' },
      transitions: [{ phase: 'failed', time: ago(secondsAgo), message: 'it failed' }],
    });

  it('is left to its replica for twice lockSeconds', async () => {
    const record = await ended(0);
    await start();
    await pass(WAIT - 0.001);
    expect(bench.raised).toEqual([]);
    expect(await isClosed(record)).toBe(false);
    await pass(0.001);
    expect(bench.raised.map(({ labels }) => labels.alertname)).toEqual(['RemediationActionFailed']);
    expect(await isClosed(record)).toBe(true);
  });

  it('is reported and closed after that', async () => {
    const record = await ended(WAIT);
    await start();
    expect(bench.raised).toHaveLength(1);
    expect(await isClosed(record)).toBe(true);
    await pass(WAIT * 2);
    expect(bench.raised).toHaveLength(1);
  });

  it('is not reported when its replica closes it in time', async () => {
    const record = await ended(0);
    await start();
    await pass(WAIT - 10);
    await bench.context.store.label(record);
    await pass(20);
    expect(bench.raised).toEqual([]);
  });
});

describe('A controller that is stopped', () => {
  it('starts no step', async () => {
    const stopping = await start();
    await stopping.stop(0);
    const record = await bench.accept();
    await pass(60);
    expect(await phaseOf(record)).toBe('accepted');
  });

  it('cancels the steps that were due later', async () => {
    bench.prometheus.answer(HEALTHY, 1);
    await bench.accept();
    const stopping = await start();
    expect(jest.getTimerCount()).toBe(1);
    await stopping.stop(0);
    expect(jest.getTimerCount()).toBe(0);
    await pass(120);
    expect(bench.prometheus.asked).toEqual([]);
  });

  it('waits for the running steps, and leaves what fails to the next replica', async () => {
    const ends = holdSteps();
    await bench.accept();
    const stopping = await start();
    let stopped = false;
    const done = stopping.stop(20_000).then(() => {
      stopped = true;
    });
    await pass(5);
    expect(stopped).toBe(false);
    ends[0]!();
    await idle();
    await pass(0.05);
    expect(stopped).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
    await done;
  });

  it('stops at once when no step is running', async () => {
    const stopping = await start();
    await stopping.stop(20_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits for the end of its watch', async () => {
    let ended = false;
    jest.spyOn(bench.api, 'page').mockImplementation(async (_resource, _namespace, _query, signal) => {
      await new Promise((resolve) => signal!.addEventListener('abort', resolve));
      await idle();
      ended = true;
      throw new Error('aborted');
    });
    const stopping = await start();
    await stopping.stop(0);
    expect(ended).toBe(true);
  });

  it('waits no longer than its grace period', async () => {
    jest.spyOn(restartWorkloadAction, 'findTarget').mockImplementation(() => new Promise(() => {}));
    await bench.accept();
    const stopping = await start();
    let stopped = false;
    const done = stopping.stop(1000).then(() => {
      stopped = true;
    });
    await pass(0.999);
    expect(stopped).toBe(false);
    await pass(0.001);
    expect(stopped).toBe(true);
    await done;
  });
});
