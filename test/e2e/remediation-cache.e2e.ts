import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attempt, clearCache } from '../../remediation';
import { type ClearCache, clearCacheAction } from '../../remediation/actions/clear-cache';
import { REDIS_RIGHTS } from '../../remediation/actions/redis-rights';
import { type ConnectionSettings, Connections } from '../../remediation/clients';
import { temporaryDirectory } from '../../testing/cleanup';
import { waitFor } from '../../testing/server';
import { alert } from '../../testing/webhook';
import { REDIS_PASSWORD, type RunningRedis, startRedis } from './support/redis';
import { endings, Stage, VERIFICATIONS } from './support/remediation';

const OFTEN = { cooldownSeconds: 0, budgetPerHour: 20, verification: VERIFICATIONS.healthy } as const;
const PREFIXES = ['cache:api:', 'cache:page:'] as const;
const POLICIES = [
  clearCache({ connection: 'cache', prefixes: PREFIXES, ...OFTEN }),
  clearCache({
    name: 'clear-for-a-second',
    connection: 'cache',
    prefixes: ['cache:large:'],
    ...OFTEN,
    deadlineSeconds: 1,
    batch: 1,
  }),
  clearCache({ name: 'clear-elsewhere', connection: 'elsewhere', prefixes: PREFIXES, ...OFTEN }),
  clearCache({ name: 'raise-version', connection: 'versions', mode: 'version', prefixes: PREFIXES, ...OFTEN }),
];

/** Keys outside the cache with similar names. */
const OTHERS = [
  'cache:apiary:1',
  'Cache:api:1',
  'session:cache:api:1',
  ' cache:api:1',
  'cache*:1',
  'cache:a?i:1',
  'cache:[ap]pi:1',
  'cache\\:api:1',
  'cache:version',
];

let stage: Stage;
let redis: RunningRedis;
let connections: ConnectionSettings;

beforeAll(async () => {
  redis = await startRedis({ cache: REDIS_RIGHTS.clearKeys, versions: REDIS_RIGHTS.raiseVersions });
  const passwordFile = join(temporaryDirectory(), 'password');
  writeFileSync(passwordFile, `${REDIS_PASSWORD}\n`);
  const settings = { kind: 'redis', host: '127.0.0.1', port: redis.port, passwordFile } as const;
  connections = {
    cache: { ...settings, user: 'cache' },
    versions: { ...settings, user: 'versions' },
    // The user may not SELECT a database.
    elsewhere: { ...settings, user: 'cache', database: 1 },
  };
  stage = await Stage.set(POLICIES, { budgetPerHour: 40 }, { connections });
});

const asks = (policy: string, labels: Readonly<Record<string, string>> = {}) =>
  alert({ remediation: policy, ...labels });
const keep = (keys: readonly string[]) => redis.admin.mset(Object.fromEntries(keys.map((key) => [key, 'x'])));
const kept = async (pattern = '*') => (await redis.admin.keys(pattern)).sort();
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

afterEach(async () => {
  // Commands that empty a database are never sent.
  expect([await redis.calls('flushdb'), await redis.calls('flushall')]).toEqual([0, 0]);
  await redis.empty();
});

describe('Clearing a cache', () => {
  it('deletes the keys with the prefixes, in small steps, and no other', async () => {
    await keep([...numbered('cache:api:', 2_000), 'cache:api:*', 'cache:api:[x]?\\', 'cache:page:1', ...OTHERS]);
    const before = await redis.calls('unlink');
    const [record] = await stage.outcome(asks('clear-cache'));
    expect(record!.status).toMatchObject({
      phase: 'succeeded',
      target: { kind: 'Cache', name: 'cache' },
      effect: 'deleted 2003 keys under cache:api:, cache:page:',
    });
    expect(await kept()).toEqual([...OTHERS].sort());
    expect((await redis.calls('unlink')) - before).toBeGreaterThanOrEqual(4);
  });

  it('deletes only the keys of the prefix that the alert names', async () => {
    await keep(['cache:api:1', 'cache:page:1']);
    const [record] = await stage.outcome(asks('clear-cache', { cache_prefix: 'cache:page:' }));
    expect(record!.status).toMatchObject({ phase: 'succeeded', target: { name: 'cache/cache:page:' } });
    expect(await kept()).toEqual(['cache:api:1']);
  });

  it.each([
    ['a prefix that the policy does not name', { cache_prefix: 'session:' }, 'target-not-allowed'],
    ['a pattern', { cache_prefix: '*' }, 'target-not-allowed'],
    ['a prefix of the prefix', { cache_prefix: 'cache:' }, 'target-not-allowed'],
    ['a prefix under which there is nothing', { cache_prefix: 'cache:page:' }, 'nothing-to-do'],
  ])('is skipped for %s', async (_, labels, reason) => {
    await keep(['cache:api:1', 'session:1']);
    expect(endings(await stage.outcome(asks('clear-cache', labels)))).toEqual([`skipped(${reason})`]);
    expect(await kept()).toEqual(['cache:api:1', 'session:1']);
  });

  it('reports in a dry run what it would delete, and deletes nothing', async () => {
    await keep(['cache:api:1', 'cache:page:1']);
    await stage.restart({ mode: 'dry-run' });
    const before = await redis.calls('unlink');
    const [record] = await stage.outcome(asks('clear-cache'));
    await stage.restart();
    expect(record!.status).toMatchObject({ phase: 'dry-run', effect: 'would delete 2 keys' });
    expect(await kept()).toEqual(['cache:api:1', 'cache:page:1']);
    expect(await redis.calls('unlink')).toBe(before);
  });

  it('stops at its deadline, and reports how many keys it deleted', async () => {
    for (let part = 0; part < 30; part += 1) {
      await keep([...numbered(`session:${part}:`, 10_000), ...numbered(`cache:large:${part}:`, 10)]);
    }
    const [record] = await stage.outcome(asks('clear-for-a-second'));
    expect(record!.status).toMatchObject({
      phase: 'failed',
      plan: { summary: expect.stringMatching(/^delete the keys under cache:large: \(at least \d+ now\)$/) },
      message: expect.stringMatching(/^deleted \d+ keys, not all: the deadline passed/),
    });
    expect(await kept('session:29:*')).toHaveLength(10_000);
  });

  it('touches nothing when the user may not SELECT the database', async () => {
    await keep(['cache:api:1']);
    const before = await redis.calls('scan');
    await stage.ask(asks('clear-elsewhere'));
    await waitFor('the failure', async () => /a step failed.*Connection is closed/.test(stage.webhook.server.log()));
    expect(await kept()).toEqual(['cache:api:1']);
    expect(await redis.calls('scan')).toBe(before);
  });
});

describe('Raising a version', () => {
  it('adds one, or starts at one, and deletes nothing', async () => {
    await redis.admin.mset({ 'cache:api:version': '7', 'cache:api:7:x': 'x' });
    const [record] = await stage.outcome(asks('raise-version'));
    expect(record!.status).toMatchObject({
      phase: 'succeeded',
      effect: 'raised cache:api:version from 7 to 8, cache:page:version from 0 to 1',
    });
    expect(await redis.admin.mget('cache:api:version', 'cache:page:version', 'cache:api:7:x')).toEqual(['8', '1', 'x']);
  });

  it('is skipped for a value that is not a version', async () => {
    await redis.admin.set('cache:api:version', 'v7');
    expect(endings(await stage.outcome(asks('raise-version')))).toEqual(['skipped(unhealthy)']);
    expect(await redis.admin.get('cache:api:version')).toBe('v7');
  });

  it('reports in a dry run what it would raise, and raises nothing', async () => {
    await stage.restart({ mode: 'dry-run' });
    const [record] = await stage.outcome(asks('raise-version', { cache_prefix: 'cache:api:' }));
    await stage.restart();
    expect(record!.status).toMatchObject({
      phase: 'dry-run',
      effect: 'would raise cache:api:version from 0 to 1',
    });
    expect(await kept()).toEqual([]);
  });

  it('is done once after a crash, and reverted only where nothing has changed it since', async () => {
    const opened = new Connections(connections);
    const run = {
      target: { kind: 'Cache', name: 'versions' },
      parameters: POLICIES[3]!.parameters,
      clients: { cache: (name: string) => opened.cache(name) },
      dryRun: false,
      signal: AbortSignal.timeout(30_000),
    } as unknown as Attempt<ClearCache>;
    await redis.admin.mset({ 'cache:api:version': '7', 'cache:page:version': '3' });
    const plan = await clearCacheAction.plan(run);
    await clearCacheAction.execute(run, plan);
    expect(await clearCacheAction.execute(run, plan)).toEqual({ summary: 'the versions were already raised' });
    expect(await clearCacheAction.verify!(run, plan)).toBe(1);

    await redis.admin.set('cache:page:version', '5'); // Something else has raised it.
    expect(await clearCacheAction.revert!(run, plan)).toBe('left cache:page:version: it was changed since');
    expect(await redis.admin.mget('cache:api:version', 'cache:page:version')).toEqual(['7', '5']);
    expect(await clearCacheAction.verify!(run, plan)).toBe(0);
    await opened.close();
  });
});

describe('The documented Redis users', () => {
  /** Commands that need no permission. */
  const FREE = ['auth', 'hello', 'quit', 'reset'];

  it.each([
    ['cache', ['client|setname', 'scan', 'unlink']],
    ['versions', ['client|setname', 'eval', 'get', 'set']],
  ])('%s may send only what it needs', async (user, commands) => {
    expect(await redis.allowed(user, 'cache:1')).toEqual([...FREE, ...commands].sort());
  });

  it.each([
    ['cache', 'unlink session:1'],
    ['versions', 'set session:1 1'],
    ['versions', 'get session:1'],
    ['versions', 'eval return(1) 1 session:1'],
  ])('%s may not %s', async (user, command) => {
    expect(await redis.admin.call('ACL', 'DRYRUN', user, ...command.split(' '))).toMatch(/no permissions to access/);
  });
});
