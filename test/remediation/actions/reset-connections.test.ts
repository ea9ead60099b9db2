import { resetConnections } from '../../../remediation';
import { resetConnectionsAction } from '../../../remediation/actions/reset-connections';
import type { Database } from '../../../remediation/clients';
import { attemptOn, planned } from '../support/attempt';
import { anAlert, Bench, skipped } from '../support/bench';

const DIRECT = resetConnections({ connection: 'postgres', database: 'sightedit', role: 'sightedit_app' }).parameters;
const POOLED = { ...DIRECT, pgBouncer: { connection: 'pool', database: 'app' } };
const TARGET = { kind: 'Database', name: 'sightedit' };

interface Asked {
  readonly statement: string;
  readonly values: readonly unknown[];
  readonly signal?: AbortSignal;
}

/** A database that tells what it was asked, and answers what a test has told it to. */
class KnownDatabase implements Database {
  readonly asked: Asked[] = [];
  constructor(private readonly answer: (asked: Asked) => readonly unknown[]) {}

  async query<R>(statement: string, values: readonly unknown[] = [], signal?: AbortSignal): Promise<readonly R[]> {
    const asked = { statement: statement.replace(/\s+/g, ' '), values, signal };
    this.asked.push(asked);
    return this.answer(asked) as readonly R[];
  }
}

let bench: Bench;
let postgres: KnownDatabase;
let pool: KnownDatabase;
let sessions: { pid: number; since: string }[];
/** How many of the sessions are still as they were. */
let left: number | undefined;
let servers: { database: string; connect_time: string; remote_pid: number; close_needed: number | string }[];

beforeEach(() => {
  bench = new Bench();
  sessions = [
    { pid: 11, since: 'a' },
    { pid: 12, since: 'b' },
  ];
  left = 2;
  servers = [
    { database: 'app', connect_time: 't1', remote_pid: 21, close_needed: 0 },
    { database: 'app', connect_time: 't2', remote_pid: 22, close_needed: '1' },
    { database: 'other', connect_time: 't3', remote_pid: 23, close_needed: 0 },
  ];
  postgres = new KnownDatabase(({ statement }) =>
    statement.startsWith('SELECT pid') ? sessions : left === undefined ? [] : [{ count: left }],
  );
  pool = new KnownDatabase(({ statement }) => {
    if (statement.startsWith('RECONNECT')) {
      servers = servers.map((server) => ({ ...server, close_needed: 1 }));
    }
    return servers;
  });
  bench.databases.set('postgres', postgres);
  bench.databases.set('pool', pool);
});

const attempt = (parameters: typeof DIRECT = DIRECT, dryRun = false) =>
  attemptOn(bench, { parameters, target: TARGET, dryRun });
const plan = (parameters = DIRECT) => planned(resetConnectionsAction, attempt(parameters));
const SESSIONS = [
  { pid: 11, since: 'a' },
  { pid: 12, since: 'b' },
];
const SERVER = [{ pid: 21, since: 't1' }];
const execute = (props: {
  parameters?: typeof DIRECT;
  sessions?: typeof SESSIONS;
  pooled?: typeof SERVER;
  dryRun?: boolean;
}) => {
  const { parameters = DIRECT, sessions: planned = [], pooled = [], dryRun = false } = props;
  const made = { summary: '', details: { sessions: planned, pooled } };
  return resetConnectionsAction.execute(attempt(parameters, dryRun), made);
};
const statements = ({ asked }: KnownDatabase) => asked.map(({ statement }) => statement);

describe('The database of an alert', () => {
  const find = (labels: Readonly<Record<string, string>>) =>
    resetConnectionsAction.findTarget(anAlert(labels), DIRECT, bench.context.clients);

  it.each([
    {},
    { datname: 'sightedit' },
    { usename: 'sightedit_app' },
    { datname: 'sightedit', usename: 'sightedit_app' },
  ])('is the one of the policy: %j', async (labels) => {
    expect(await find(labels as Readonly<Record<string, string>>)).toEqual(TARGET);
  });

  it.each([{ datname: 'other' }, { usename: 'postgres' }, { datname: 'sightedit', usename: 'other' }, { datname: '' }])(
    'is none when it names another: %j',
    async (labels) => {
      expect(await skipped(find(labels as Readonly<Record<string, string>>))).toMatch(/^target-not-allowed: /);
    },
  );

  it('is known beforehand', () => {
    expect(resetConnectionsAction.targets(DIRECT)).toEqual([TARGET]);
  });
});

describe('Ending sessions', () => {
  it('is planned for those that are abandoned, the longest first, and for no more than the policy says', async () => {
    expect(await resetConnectionsAction.plan(attempt())).toEqual({
      summary: 'end 2 sessions of sightedit_app that are idle in a transaction',
      details: { sessions: SESSIONS, pooled: [] },
    });
    const [asked] = postgres.asked;
    expect(asked!.values).toEqual(['sightedit', 'sightedit_app', 60, 10]);
    expect(asked!.statement).toMatch(/datname = \$1 AND usename = \$2 .* ORDER BY state_change LIMIT \$4$/);
    expect(pool.asked).toEqual([]);
  });

  it('is not planned when there are none', async () => {
    sessions = [];
    expect(await plan()).toMatch(/^nothing-to-do: .*sightedit_app in sightedit .*60 s/);
  });

  it('ends those of the plan that are still as they were, and says how many', async () => {
    left = 1;
    expect(await execute({ sessions: SESSIONS })).toEqual({ summary: 'ended 1 of 2 sessions' });
    const [asked] = postgres.asked;
    expect(asked!.statement).toContain('pg_terminate_backend(pid)');
    expect(asked!.values).toEqual(['sightedit', 'sightedit_app', 60, [11, 12], ['a', 'b']]);
  });

  it('ends none in a dry run, and says how many it would', async () => {
    expect(await execute({ sessions: SESSIONS, dryRun: true })).toEqual({ summary: 'would end 2 of 2 sessions' });
    expect(statements(postgres).join()).not.toContain('terminate');
  });

  it('asks for nothing where the plan has none, and counts an empty answer as none', async () => {
    await execute({ sessions: [] });
    expect(postgres.asked).toEqual([]);
    left = undefined;
    expect(await execute({ sessions: SESSIONS })).toEqual({ summary: 'ended 0 of 2 sessions' });
  });

  it('ends with its time', async () => {
    const { signal } = attempt();
    await resetConnectionsAction.plan({ ...attempt(), signal });
    expect(postgres.asked[0]!.signal).toBe(signal);
  });
});

describe('Renewing a pool', () => {
  it('is planned for its connections that will stay', async () => {
    sessions = [];
    expect(await resetConnectionsAction.plan(attempt(POOLED))).toEqual({
      summary: 'renew 1 connections of the pool',
      details: { sessions: [], pooled: SERVER },
    });
    expect(statements(pool)).toEqual(['SHOW SERVERS']);
  });

  it('is planned with the sessions', async () => {
    expect(await plan(POOLED)).toBe(
      'end 2 sessions of sightedit_app that are idle in a transaction, renew 1 connections of the pool',
    );
  });

  it('is not planned when all of them will be closed', async () => {
    sessions = [];
    servers = servers.slice(1);
    expect(await plan(POOLED)).toMatch(/^nothing-to-do: /);
  });

  it('lets each of them end its work', async () => {
    expect(await execute({ parameters: POOLED, pooled: SERVER })).toEqual({ summary: 'renewed the pool' });
    expect(statements(pool)).toEqual(['SHOW SERVERS', 'RECONNECT app']);
  });

  it('is done once', async () => {
    await execute({ parameters: POOLED, pooled: SERVER });
    expect(await execute({ parameters: POOLED, pooled: SERVER })).toEqual({ summary: 'the pool was already renewed' });
    expect(statements(pool).filter((statement) => statement.startsWith('RECONNECT'))).toHaveLength(1);
  });

  it('is not done when those of the plan are gone, or are others of the same number', async () => {
    servers = [{ database: 'app', connect_time: 't9', remote_pid: 21, close_needed: 0 }];
    expect(await execute({ parameters: POOLED, pooled: SERVER })).toEqual({ summary: 'the pool was already renewed' });
    servers = [{ database: 'app', connect_time: 't1', remote_pid: 29, close_needed: 0 }];
    expect(await execute({ parameters: POOLED, pooled: SERVER })).toEqual({ summary: 'the pool was already renewed' });
  });

  it('is not done in a dry run', async () => {
    expect(await execute({ parameters: POOLED, pooled: SERVER, dryRun: true })).toEqual({
      summary: 'would renew the pool',
    });
    expect(statements(pool)).toEqual(['SHOW SERVERS']);
  });

  it('is not asked for where the plan has no connections, or the policy no pool', async () => {
    expect(await execute({ parameters: POOLED, sessions: SESSIONS })).toEqual({ summary: 'ended 2 of 2 sessions' });
    expect(await execute({ sessions: SESSIONS, pooled: SERVER })).toEqual({
      summary: 'ended 2 of 2 sessions, the pool was already renewed',
    });
    expect(pool.asked).toEqual([]);
  });
});

describe('A reset is verified', () => {
  const seen = (parameters = DIRECT, pooled: typeof SERVER = []) =>
    resetConnectionsAction.verify!(attempt(parameters), { summary: '', details: { sessions: SESSIONS, pooled } });

  it('when no session of the plan is left', async () => {
    expect(await seen()).toBe(0);
    left = 0;
    expect(await seen()).toBe(1);
    expect(statements(postgres).join()).not.toContain('terminate');
  });

  it('when no connection of the pool is left that will stay', async () => {
    left = 0;
    expect(await seen(POOLED, SERVER)).toBe(0);
    await execute({ parameters: POOLED, pooled: SERVER });
    expect(await seen(POOLED, SERVER)).toBe(1);
  });

  it('when nothing but the pool was to be renewed', async () => {
    servers = [];
    const plan = { summary: '', details: { sessions: [], pooled: SERVER } };
    expect(await resetConnectionsAction.verify!(attempt(POOLED), plan)).toBe(1);
    expect(postgres.asked).toEqual([]);
  });

  it('and not while one of several connections is left that will stay', async () => {
    left = 0;
    servers = [{ database: 'app', connect_time: 't2', remote_pid: 22, close_needed: 0 }];
    expect(await seen(POOLED, [...SERVER, { pid: 22, since: 't2' }])).toBe(0);
  });
});
