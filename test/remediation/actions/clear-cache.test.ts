import { clearCache } from '../../../remediation';
import { clearCacheAction } from '../../../remediation/actions/clear-cache';
import type { Plan } from '../../../remediation/record';
import { attemptOn, planned } from '../support/attempt';
import { anAlert, Bench, skipped } from '../support/bench';
import { standStill } from '../support/clock';
import { MemoryRedis } from '../support/redis';

standStill();

const VERIFICATION = { query: 'vector(1)' };
const { parameters } = clearCache({
  connection: 'redis',
  prefixes: ['page:', 'user:'],
  batch: 2,
  verification: VERIFICATION,
});
const VERSIONED = { ...parameters, mode: 'version' } as const;

let bench: Bench;
let redis: MemoryRedis;
beforeEach(() => {
  bench = new Bench();
  redis = new MemoryRedis();
  bench.caches.set('redis', redis.client);
  for (const key of [
    'page:1',
    'session:1',
    'user:1',
    'page:2',
    'page:3',
    'queue:page:1',
    'user:2',
    'page:4',
    'page:5',
  ]) {
    redis.keys.set(key, '');
  }
});

const OTHERS = ['session:1', 'queue:page:1'];
type PlanOf = Plan<Awaited<ReturnType<typeof clearCacheAction.plan>>['details']>;
const attempt = (
  props: { name?: string; parameters?: typeof parameters; dryRun?: boolean; signal?: AbortSignal } = {},
) => {
  const { name = 'redis/page:', ...rest } = props;
  return attemptOn(bench, { parameters, target: { kind: 'Cache', name }, ...rest });
};
const plan = (props = {}) => planned(clearCacheAction, attempt(props));
const KEYS_PLAN: PlanOf = { summary: '', details: { prefixes: ['page:'] } };
const execute = (props = {}, made = KEYS_PLAN) => clearCacheAction.execute(attempt(props), made);
const commands = () => redis.sent.map(([command]) => command);

describe('The part of a cache that an alert is about', () => {
  const find = (labels: Readonly<Record<string, string>>, prefixes = parameters.prefixes) =>
    clearCacheAction.findTarget(anAlert(labels), { ...parameters, prefixes }, bench.context.clients);

  it('is the prefix that it names', async () => {
    expect(await find({ cache_prefix: 'user:' })).toEqual({ kind: 'Cache', name: 'redis/user:' });
  });

  it('is every prefix when it names none, or the only one', async () => {
    expect(await find({})).toEqual({ kind: 'Cache', name: 'redis' });
    expect(await find({}, ['page:'])).toEqual({ kind: 'Cache', name: 'redis/page:' });
  });

  it.each(['session:', 'page', 'page:1', '', '*'])(
    'is skipped when the policy does not name it: "%s"',
    async (prefix) => {
      expect(await skipped(find({ cache_prefix: prefix }))).toMatch(/^target-not-allowed: .*page:, user:/);
    },
  );

  it('is among the targets of the policy', () => {
    expect(clearCacheAction.targets(parameters).map(({ name }) => name)).toEqual([
      'redis',
      'redis/page:',
      'redis/user:',
    ]);
    expect(clearCacheAction.targets({ ...parameters, prefixes: ['page:'] })).toEqual([
      { kind: 'Cache', name: 'redis/page:' },
    ]);
  });
});

describe('Clearing keys', () => {
  it('is planned with their number', async () => {
    expect(await clearCacheAction.plan(attempt())).toEqual({
      summary: 'delete the keys under page: (5 now)',
      details: { prefixes: ['page:'] },
    });
    expect(await plan({ name: 'redis' })).toBe('delete the keys under page:, user: (7 now)');
    expect(commands()).not.toContain('UNLINK');
  });

  it('is not planned when there are none', async () => {
    redis.keys.clear();
    expect(await plan()).toMatch(/^nothing-to-do: .*page:/);
  });

  it('is planned with a lower bound when there are many, or counting takes long', async () => {
    for (let index = 0; index < 10_001; index += 1) {
      redis.keys.set(`page:many:${index}`, '');
    }
    const large = { ...parameters, batch: 1000 };
    expect(await plan({ parameters: large })).toMatch(/\(at least 10\d{3} now\)$/);
    redis.before = (command) => {
      if (command === 'SCAN') {
        jest.setSystemTime(Date.now() + 3000);
      }
    };
    expect(await plan({ parameters: large })).toMatch(/\(at least \d{3,4} now\)$/);
  });

  it('counts for five seconds', async () => {
    redis.before = (command) => {
      if (command === 'SCAN') {
        jest.setSystemTime(Date.now() + 1000);
      }
    };
    expect(await plan()).toBe('delete the keys under page: (5 now)');
    redis.keys.set('page:6', '').set('page:7', '');
    expect(await plan()).toMatch(/\(at least 7 now\)$/);
  });

  it('counts ten thousand of them exactly', async () => {
    redis.keys.clear();
    for (let index = 0; index < 10_000; index += 1) {
      redis.keys.set(`page:many:${index}`, '');
    }
    expect(await plan({ parameters: { ...parameters, batch: 5000 } })).toMatch(/\(10000 now\)$/);
  });

  it.each([['server', 'redis', 'mode', 'cluster'], { mode: 'cluster' }])(
    'is not planned in a Redis Cluster: %j',
    async (hello) => {
      redis.hello = hello;
      expect(await plan()).toMatch(/^target-not-allowed: .*cluster/);
    },
  );

  it.each([{ mode: 'standalone' }, ['cluster', 'mode'], ['mode', 'sentinel']])(
    'is planned for a single Redis: %j',
    async (hello) => {
      redis.hello = hello;
      expect(await plan()).toMatch(/^delete /);
    },
  );

  it('is not planned when the policy has changed since the target was found', async () => {
    expect(await plan({ name: 'redis/session:' })).toMatch(/^target-not-allowed: redis\/session:/);
    expect(await skipped(execute({ name: 'redis/session:' }))).toMatch(/^target-not-allowed: /);
  });

  it('deletes them in small steps, and no other key', async () => {
    expect(await execute()).toEqual({ summary: 'deleted 5 keys under page:' });
    expect([...redis.keys.keys()]).toEqual(['session:1', 'user:1', 'queue:page:1', 'user:2']);
    const unlinked = redis.sent.filter(([command]) => command === 'UNLINK');
    expect(Math.max(...unlinked.map((command) => command.length - 1))).toBeLessThanOrEqual(2);
    expect(new Set(commands())).toEqual(new Set(['SCAN', 'UNLINK']));
  });

  it('deletes all parts where the target is all of it', async () => {
    expect(await execute({ name: 'redis' })).toEqual({ summary: 'deleted 7 keys under page:, user:' });
    expect([...redis.keys.keys()]).toEqual(OTHERS);
  });

  it('deletes in batches even when Redis answers with more keys', async () => {
    jest.spyOn(redis, 'scan').mockResolvedValue(['0', ['page:1', 'page:2', 'page:3', 'page:4', 'page:5', 'session:1']]);
    await execute();
    expect(redis.sent).toEqual([
      ['UNLINK', 'page:1', 'page:2'],
      ['UNLINK', 'page:3', 'page:4'],
      ['UNLINK', 'page:5'],
    ]);
  });

  it('deletes nothing in a dry run, and says how many it would', async () => {
    expect(await execute({ dryRun: true })).toEqual({ summary: 'would delete 5 keys' });
    expect(commands()).not.toContain('UNLINK');
  });

  it('says how far it came when it fails', async () => {
    redis.before = (command) => {
      if (command === 'UNLINK' && redis.keys.size < 9) {
        throw new Error('READONLY');
      }
    };
    await expect(execute()).rejects.toThrow('deleted 1 keys, not all: READONLY');
  });

  it('says how far it came when its time is over', async () => {
    redis.before = (command) => {
      if (command === 'SCAN') {
        jest.setSystemTime(Date.now() + 30_000);
      }
    };
    await expect(execute()).rejects.toThrow(/^deleted \d+ keys, not all: the deadline passed/);
    await expect(execute({ signal: AbortSignal.abort() })).rejects.toThrow('deleted 0 keys, not all');
  });

  it('has its deadline from its policy', async () => {
    redis.before = (command) => {
      if (command === 'SCAN') {
        jest.setSystemTime(Date.now() + 30_000);
      }
    };
    expect(await execute({ parameters: { ...parameters, deadlineSeconds: 300 } })).toEqual({
      summary: 'deleted 5 keys under page:',
    });
  });

  it('has nothing to verify itself', async () => {
    expect(await clearCacheAction.verify!(attempt(), KEYS_PLAN)).toBe(1);
  });
});

describe('Raising versions', () => {
  const props = { parameters: VERSIONED as never, name: 'redis' };
  const bump = (key: string, from: string, to: string) => ({ key, from, to });
  const RAISE: PlanOf = {
    summary: '',
    details: { bumps: [bump('page:version', '7', '8'), bump('user:version', '0', '1')] },
  };
  const versions = () => [redis.keys.get('page:version'), redis.keys.get('user:version')];
  beforeEach(() => {
    redis.keys.set('page:version', '7');
  });

  it('is planned from what they are; a version that is missing is 0', async () => {
    expect(await clearCacheAction.plan(attempt(props))).toEqual({
      summary: 'raise page:version from 7 to 8, user:version from 0 to 1',
      details: RAISE.details,
    });
    expect(await plan({ ...props, name: 'redis/page:' })).toBe('raise page:version from 7 to 8');
  });

  it.each(['', 'x', '1.5', '-1', '1e3', '1234567890123456', 'x'.repeat(100)])(
    'is not planned when the key holds no version: "%s"',
    async (value) => {
      redis.keys.set('page:version', value);
      const outcome = await plan(props);
      expect(outcome).toMatch(/^unhealthy: page:version is /);
      expect(outcome.length).toBeLessThan(100);
    },
  );

  it('sets each once', async () => {
    expect(await execute(props, RAISE)).toEqual({
      summary: 'raised page:version from 7 to 8, user:version from 0 to 1',
    });
    expect(versions()).toEqual(['8', '1']);
    expect(await execute(props, RAISE)).toEqual({ summary: expect.stringContaining('already') });
    expect(versions()).toEqual(['8', '1']);
  });

  it('leaves a version alone that was raised meanwhile, and says which it has raised', async () => {
    redis.keys.set('page:version', '9');
    expect(await execute(props, RAISE)).toEqual({ summary: 'raised user:version from 0 to 1' });
    expect(versions()).toEqual(['9', '1']);
  });

  it('sets nothing in a dry run, or when its time is over', async () => {
    expect((await execute({ ...props, dryRun: true }, RAISE)).summary).toMatch(/^would raise page:version/);
    await expect(execute({ ...props, signal: AbortSignal.abort() }, RAISE)).rejects.toThrow();
    expect(versions()).toEqual(['7', undefined]);
  });

  it('is verified when all of them are as high', async () => {
    const seen = () => clearCacheAction.verify!(attempt(props), RAISE);
    expect(await seen()).toBe(0);
    redis.keys.set('page:version', '8');
    expect(await seen()).toBe(0);
    redis.keys.set('user:version', '5');
    expect(await seen()).toBe(1);
  });

  it('is reverted, where nobody has changed it since', async () => {
    const revert = () => clearCacheAction.revert!(attempt(props), RAISE);
    await execute(props, RAISE);
    expect(await revert()).toBe('reverted page:version from 7 to 8, user:version from 0 to 1');
    expect(versions()).toEqual(['7', '0']);
    await execute(props, RAISE);
    redis.keys.set('page:version', '9');
    expect(await revert()).toMatch(/^left page:version: /);
    expect(versions()).toEqual(['9', '0']);
  });
});
