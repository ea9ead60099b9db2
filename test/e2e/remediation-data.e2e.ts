import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attempt, openIncident, resetConnections } from '../../remediation';
import { type ResetConnections, resetConnectionsAction } from '../../remediation/actions/reset-connections';
import { type ConnectionSettings, DatabaseClient, type PostgresSettings } from '../../remediation/clients';
import { temporaryDirectory } from '../../testing/cleanup';
import { INSTALLATIONS, type Postgres, type Role, SIGHTEDIT_SCHEMA, startPostgres } from '../../testing/postgres';
import { waitFor } from '../../testing/server';
import { alert } from '../../testing/webhook';
import { ROOT } from '../../tools/catalogue';
import { type PgBouncer, startPgBouncer } from './support/pgbouncer';
import { endings, Stage } from './support/remediation';
import { endSessions, openSession } from './support/sessions';

const GRANTS = join(ROOT, 'rules', 'sql', 'remediation-grants.sql');
const DATABASE = 'sightedit_production';
const PASSWORD = 'not-a-real-password';
const APPLICATION: Role = { user: 'sightedit_app', password: PASSWORD };
const OTHER: Role = { user: 'reporting', password: PASSWORD };
const SUPERUSER: Role = { user: 'postgres', password: PASSWORD };
const REMEDIATION: Role = { user: 'sightedit_remediation', password: PASSWORD };

/** Seconds after which a session counts as abandoned in the tests. */
const IDLE_SECONDS = 1;
const OFTEN = { cooldownSeconds: 0, budgetPerHour: 20 } as const;

/** A PostgreSQL and its policies, whose names end in its major version. */
const POOLER: Role = { user: 'pooler', password: PASSWORD };
const DATABASES = INSTALLATIONS.map((installation) => {
  const major = Number.parseInt(installation.version, 10);
  const connection = `postgres-${major}`;
  const common = { connection, database: DATABASE, role: APPLICATION.user, idleSeconds: IDLE_SECONDS, ...OFTEN };
  return {
    installation,
    major,
    connection,
    policies: [
      resetConnections({ ...common, name: `reset-${major}` }),
      resetConnections({ ...common, name: `reset-two-${major}`, maximumSessions: 2 }),
      resetConnections({ ...common, name: `reset-patiently-${major}`, idleSeconds: 3600 }),
      resetConnections({
        ...common,
        name: `reset-pool-${major}`,
        pgBouncer: { connection: `pgbouncer-${major}`, database: DATABASE },
      }),
    ],
  };
});

const LOGS = {
  grafanaUrl: 'https://grafana.example.com',
  datasource: 'loki',
  query: '{log_type="security"} | json | source_ip="$client_ip"',
} as const;

/** A query for a Prometheus without any data. */
const INCIDENT = openIncident({
  queries: {
    'the address': 'label_replace(vector(3), "ip", "$client_ip", "", "")',
    nothing: 'up{ip="$client_ip"}',
    'a label that is missing': 'up{user="$user"}',
    'what is no query': 'sum(',
  },
  logs: LOGS,
  ...OFTEN,
});

/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';

let stage: Stage;
const servers = new Map<number, Postgres>();
const pools = new Map<number, PgBouncer>();
const connections: { [name: string]: ConnectionSettings[string] } = {};

beforeAll(async () => {
  const passwordFile = join(temporaryDirectory(), 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`);
  for (const { installation, major, connection } of DATABASES) {
    const postgres = await startPostgres(DATABASE, installation);
    servers.set(major, postgres);
    await postgres.file(SIGHTEDIT_SCHEMA);
    await postgres.file(GRANTS);
    await postgres.sql(`CREATE ROLE ${OTHER.user} LOGIN`);
    for (const { user } of [APPLICATION, OTHER, SUPERUSER, REMEDIATION]) {
      await postgres.sql(`ALTER ROLE ${user} PASSWORD '${PASSWORD}'`);
    }
    connections[connection] = {
      kind: 'postgres',
      host: 'localhost',
      port: postgres.port,
      database: DATABASE,
      user: REMEDIATION.user,
      passwordFile,
      tls: { verify: true, caFile: postgres.certificateFile },
    };
    const pool = await startPgBouncer(postgres, DATABASE, [APPLICATION, OTHER], POOLER);
    pools.set(major, pool);
    connections[`pgbouncer-${major}`] = {
      kind: 'postgres',
      host: '127.0.0.1',
      port: pool.port,
      database: 'pgbouncer',
      user: POOLER.user,
      passwordFile,
    };
  }
  stage = await Stage.set(
    [...DATABASES.flatMap(({ policies }) => policies), INCIDENT],
    { budgetPerHour: 40 },
    { connections, loki: { queries: [NOWHERE], rules: [NOWHERE] } },
  );
});

describe.each(DATABASES)('The sessions of PostgreSQL $installation.version', ({ major, connection, policies }) => {
  const postgres = () => servers.get(major)!;
  const asks = (policy: string, labels: Readonly<Record<string, string>> = {}) =>
    alert({ remediation: `${policy}-${major}`, ...labels });
  const forget = (role = APPLICATION, database = DATABASE) =>
    openSession(postgres(), role, database, 'idle in transaction');
  /** PIDs of those sessions that still exist. */
  const alive = async (...sessions: readonly { readonly pid: number }[]) => {
    const there = await postgres().sql('SELECT pid FROM pg_stat_activity');
    return sessions.map(({ pid }) => there.includes(`${pid}`));
  };
  /** Waits until the sessions count as abandoned. */
  const grownOld = () => new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000 + 200));

  afterEach(endSessions);

  it('that the application has abandoned in a transaction are ended, and no other', async () => {
    const forgotten = [
      await forget(),
      await forget(),
      await openSession(postgres(), APPLICATION, DATABASE, 'idle in transaction (aborted)'),
    ];
    const others = [
      await openSession(postgres(), APPLICATION, DATABASE, 'active'),
      await openSession(postgres(), APPLICATION, DATABASE, 'idle'),
      await forget(OTHER),
      await forget(SUPERUSER),
      await forget(APPLICATION, 'postgres'),
    ];
    await grownOld();
    const [record] = await stage.outcome(asks('reset', { datname: DATABASE, usename: APPLICATION.user }));
    expect(record!.status).toMatchObject({
      phase: 'succeeded',
      effect: 'ended 3 of 3 sessions',
      target: { kind: 'Database', name: DATABASE },
    });
    expect(await alive(...forgotten)).toEqual([false, false, false]);
    expect(await alive(...others)).toEqual([true, true, true, true, true]);
    expect(await postgres().sql(`SELECT state FROM pg_stat_activity WHERE pid = ${others[0]!.pid}`)).toEqual([
      'active',
    ]);
  });

  it('are ended up to the number of the policy, the longest idle first', async () => {
    const sessions = [await forget(), await forget(), await forget(), await forget()];
    // The oldest session runs a statement, so it has been idle for the shortest time now.
    await sessions[0]!.client.query('SELECT 1');
    await grownOld();
    const [record] = await stage.outcome(asks('reset-two'));
    expect(record!.status).toMatchObject({ phase: 'succeeded', effect: 'ended 2 of 2 sessions' });
    expect(await alive(...sessions)).toEqual([true, false, false, true]);
  });

  it.each([
    ['that were idle for a short time alone', 'reset-patiently', {}, 'nothing-to-do'],
    ['where the alert is about another database', 'reset', { datname: 'postgres' }, 'target-not-allowed'],
    ['where the alert is about another role', 'reset', { usename: OTHER.user }, 'target-not-allowed'],
  ])('are left alone %s', async (_, policy, labels, reason) => {
    const session = await forget();
    await grownOld();
    expect(endings(await stage.outcome(asks(policy, labels)))).toEqual([`skipped(${reason})`]);
    expect(await alive(session)).toEqual([true]);
  });

  it('are counted in a dry run, and stay', async () => {
    const sessions = [await forget(), await forget()];
    await grownOld();
    await stage.restart({ mode: 'dry-run' });
    const [record] = await stage.outcome(asks('reset'));
    await stage.restart();
    expect(record!.status).toMatchObject({ phase: 'dry-run', effect: 'would end 2 of 2 sessions' });
    expect(await alive(...sessions)).toEqual([true, true]);
  });

  it('that have continued since the plan are left alone', async () => {
    const [idle, busy] = [await forget(), await forget()];
    await grownOld();
    const database = new DatabaseClient(connections[connection] as PostgresSettings);
    const run = {
      parameters: policies[0]!.parameters,
      clients: { database: () => database },
      dryRun: false,
      signal: AbortSignal.timeout(30_000),
    } as unknown as Attempt<ResetConnections>;
    const plan = await resetConnectionsAction.plan(run);
    await busy.client.query('SELECT 2');
    await grownOld();
    await busy.client.query('COMMIT');
    expect(await resetConnectionsAction.execute(run, plan)).toMatchObject({ summary: 'ended 1 of 2 sessions' });
    await waitFor('the session to end', async () => !(await alive(idle))[0]);
    expect(await alive(busy)).toEqual([true]);
    // Executed again after a crash, it finds none of the planned sessions.
    expect(await resetConnectionsAction.execute(run, plan)).toMatchObject({ summary: 'ended 0 of 2 sessions' });
    expect(await resetConnectionsAction.verify!(run, plan)).toBe(1);
  });

  describe('behind PgBouncer', () => {
    const pool = () => ({ port: pools.get(major)!.port, tls: false });
    const pooled = (...statements: readonly string[]) =>
      openSession(pool(), APPLICATION, DATABASE, 'idle').then(async ({ client, pid }) => {
        for (const statement of statements) {
          await client.query(statement);
        }
        return { client, pid };
      });

    it('are ended, and the connections of the pool renewed once they are released', async () => {
      // The first connection of the pool is in use, the second is free.
      const busy = await pooled('BEGIN', 'SELECT 1');
      const free = await pooled('SELECT 1');
      const work = setInterval(() => void busy.client.query('SELECT 1').catch(() => {}), 200);
      await grownOld();
      const [record] = await stage.outcome(asks('reset-pool'));
      clearInterval(work);
      expect(record!.status).toMatchObject({ phase: 'succeeded', effect: 'renewed the pool' });
      // Active clients are not affected: the transaction continues, and the next one gets another connection.
      expect((await busy.client.query('SELECT pg_backend_pid() AS pid')).rows).toEqual([{ pid: busy.pid }]);
      await busy.client.query('COMMIT');
      await waitFor('the old connections to end', async () => {
        return (await alive(busy, free)).every((there) => !there);
      });
      const { rows } = await free.client.query('SELECT pg_backend_pid() AS pid');
      expect([busy.pid, free.pid]).not.toContain(rows[0].pid);
    });

    it('are ended when a client has abandoned its transaction', async () => {
      const forgotten = await pooled('BEGIN', 'SELECT 1');
      await grownOld();
      const [record] = await stage.outcome(asks('reset-pool'));
      expect(record!.status).toMatchObject({
        phase: 'succeeded',
        effect: expect.stringMatching(/^ended 1 of 1 sessions, /),
      });
      expect(await alive(forgotten)).toEqual([false]);
      // The pool is not paused.
      const next = await pooled('SELECT 1');
      expect(next.pid).not.toBe(forgotten.pid);
    });

    it('are not renewed in a dry run', async () => {
      const free = await pooled('SELECT 1');
      await stage.restart({ mode: 'dry-run' });
      const [record] = await stage.outcome(asks('reset-pool'));
      await stage.restart();
      expect(record!.status).toMatchObject({ phase: 'dry-run', effect: 'would renew the pool' });
      expect((await free.client.query('SELECT pg_backend_pid() AS pid')).rows).toEqual([{ pid: free.pid }]);
    });
  });

  describe('and the role that ends them', () => {
    const asRole = (statement: string) => postgres().sql(statement, REMEDIATION);

    it('reads no table', async () => {
      // By default, every role may read pg_stat_statements.
      const readable = await postgres().sql(`SELECT c.oid::regclass FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
          AND n.nspname NOT LIKE 'pg_toast%' AND c.relname NOT LIKE 'pg_stat_statements%'
          AND (has_any_column_privilege('${REMEDIATION.user}', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
            OR has_table_privilege('${REMEDIATION.user}', c.oid, 'DELETE, TRUNCATE, TRIGGER'))`);
      expect(readable).toEqual([]);
      // The query itself works.
      const application = await postgres().sql(
        `SELECT count(*) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'
          AND has_table_privilege('${APPLICATION.user}', oid, 'SELECT')`,
      );
      expect(application).toEqual(['6']);
    });

    it.each([
      ['read a row', 'SELECT email FROM app.users LIMIT 1', 'permission denied for schema app'],
      ['read passwords', 'SELECT rolpassword FROM pg_authid', 'permission denied for table pg_authid'],
      ['read the statistics of columns, which hold values', 'SELECT * FROM pg_statistic', 'permission denied'],
      ['read a file', "SELECT pg_read_file('/etc/passwd')", 'permission denied for function pg_read_file'],
      ['make a table', 'SET transaction_read_only = off; CREATE TABLE public.mine (n int)', 'permission denied'],
      ['become the application', `SET ROLE ${APPLICATION.user}`, 'permission denied to set role'],
      ['change settings', 'ALTER SYSTEM SET work_mem = 1', 'permission denied'],
      ['run a program', "COPY (SELECT 1) TO PROGRAM 'true'", /must be superuser|permission denied to COPY/],
    ])('cannot %s', async (_, statement, error) => {
      await expect(asRole(statement)).rejects.toThrow(error);
    });

    it('ends no session of a superuser', async () => {
      const session = await forget(SUPERUSER);
      await expect(asRole(`SELECT pg_terminate_backend(${session.pid})`)).rejects.toThrow(
        /must be a superuser to terminate superuser process|permission denied to terminate process/,
      );
      expect(await alive(session)).toEqual([true]);
    });

    it('has three connections, and from PostgreSQL 16 on the reserve', async () => {
      expect(await postgres().sql(`SELECT rolconnlimit FROM pg_roles WHERE rolname = '${REMEDIATION.user}'`)).toEqual([
        '3',
      ]);
      expect(await groups()).toEqual([
        'pg_read_all_stats',
        'pg_signal_backend',
        ...(major >= 16 ? ['pg_use_reserved_connections'] : []),
      ]);
    });

    const groups = () =>
      postgres().sql(`SELECT roleid::regrole FROM pg_auth_members WHERE member = '${REMEDIATION.user}'::regrole
        ORDER BY roleid::regrole::text`);

    /** Everything that the grants write. */
    const granted = async () => [
      await postgres().sql(`SELECT * FROM pg_authid WHERE rolname = '${REMEDIATION.user}'`),
      await postgres().sql(`SELECT * FROM pg_auth_members WHERE member = '${REMEDIATION.user}'::regrole ORDER BY 1`),
      await postgres().sql(`SELECT * FROM pg_db_role_setting WHERE setrole = '${REMEDIATION.user}'::regrole`),
      await postgres().sql(`SELECT datacl FROM pg_database WHERE datname = '${DATABASE}'`),
    ];

    it('is the same after the grants were applied again', async () => {
      const before = await granted();
      await postgres().file(GRANTS);
      expect(await granted()).toEqual(before);
      expect(before.map((rows) => rows.length > 0)).toEqual([true, true, true, true]);
    });

    it.each([
      ['may do more', 'ALTER ROLE %s CREATEDB', 'ALTER ROLE %s NOCREATEDB', 'may do more than end sessions'],
      [
        'has the rights of another',
        'GRANT sightedit_app TO %s',
        'REVOKE sightedit_app FROM %s',
        'member of other roles',
      ],
    ])('is rejected by the grants when it %s', async (_, breaks, restores, error) => {
      await postgres().sql(breaks.replace('%s', REMEDIATION.user));
      await expect(postgres().file(GRANTS)).rejects.toThrow(error);
      await postgres().sql(restores.replace('%s', REMEDIATION.user));
      await postgres().file(GRANTS);
    });
  });
});

describe('An incident', () => {
  const asks = (address: string) => alert({ remediation: 'open-incident', client_ip: address });

  it.each([
    ['an address', '203.0.113.7'],
    ['what would end the string', '203.0.113.7"} or vector(666) or up{ip="'],
    ['a backslash at the end', '203.0.113.7\\'],
    ['lines', '203.0.113.7\n} or\tvector(666) #'],
    ['quotes of every kind', '\'`"'],
  ])('records the facts at its beginning, of %s', async (_, address) => {
    const request = asks(address);
    const [record] = await stage.outcome(request);
    expect(record!.status).toMatchObject({
      phase: 'succeeded',
      target: { kind: 'Incident', name: `SampleAlert/${request.fingerprint}` },
      evidence: {
        'label client_ip': address,
        since: request.startsAt,
        'the address': `{ip=${JSON.stringify(address)}} 3`,
        nothing: 'no data',
        'a label that is missing': expect.stringMatching(/^unknown: the query has no value for \$user/),
        'what is no query': expect.stringMatching(/^unknown: no Prometheus answered: .*parse error/),
        logs: expect.stringMatching(/^https:\/\/grafana\.example\.com\/explore\?/),
        // The incident is opened although Loki is down.
        'log lines': expect.stringMatching(/^unknown: no Loki answered: http:\/\/127\.0\.0\.1:9: /),
      },
    });
    const { evidence } = record!.status;
    expect(Object.keys(evidence!)).not.toContain('label remediation');
    const panes = JSON.parse(new URL(evidence!.logs!).searchParams.get('panes')!);
    const [, text] = /source_ip=(".*")$/s.exec(panes.incident.queries[0].expr)!;
    expect(JSON.parse(text!)).toBe(address);
  });
});
