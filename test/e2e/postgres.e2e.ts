import { join } from 'node:path';
import { RuleCatalogue, selectorsIn } from '../../rules';
import { readManifests } from '../../testing/manifests';
import {
  INSTALLATIONS,
  type Postgres,
  program,
  type Role,
  SIGHTEDIT_DATA,
  SIGHTEDIT_SCHEMA,
  startPostgres,
} from '../../testing/postgres';
import { exporterEnvironment } from '../../testing/postgres-exporter';
import { containerOf } from '../../testing/render';
import { answers, freePorts, startServer, waitFor } from '../../testing/server';
import { ROOT } from '../../tools/catalogue';
import { METRICS, numbers, statementOf } from './support/collector-queries';

const DATABASE = 'sightedit_production';
const GRANTS = join(ROOT, 'rules', 'sql', 'grants.sql');
const MONITOR: Role = { user: 'sightedit_monitor', password: 'not-a-real-password' };
const APPLICATION: Role = { user: 'sightedit_app', password: 'not-a-real-password' };

describe.each(INSTALLATIONS)('PostgreSQL $version with a million edits', (installation) => {
  let postgres: Postgres;
  const monitor = (statements: string) => postgres.sql(statements, MONITOR);

  beforeAll(async () => {
    postgres = await startPostgres(DATABASE, installation);
    await postgres.file(SIGHTEDIT_SCHEMA);
    await postgres.file(SIGHTEDIT_DATA);
    await postgres.file(GRANTS);
    for (const { user, password } of [MONITOR, APPLICATION]) {
      await postgres.sql(`ALTER ROLE ${user} PASSWORD '${password}'`);
    }
  });

  describe('the queries of the collectors', () => {
    // The role's own statement_timeout cancels a slow query.
    test.each(METRICS)('provide %s in time, as the monitoring role', async (_, statement) => {
      expect(await monitor('SHOW statement_timeout')).toEqual(['8s']);
      expect((await monitor(statement)).length).toBeGreaterThan(0);
    });

    test('are cancelled when they take longer', async () => {
      await expect(
        monitor("SET statement_timeout = '50ms'; SELECT count(*) FROM generate_series(1, 1e9)"),
      ).rejects.toThrow('canceling statement due to statement timeout');
    });

    test.each([
      [
        'sightedit_db_sites',
        "SELECT CASE WHEN is_active THEN 'active' ELSE 'inactive' END, count(*) FROM app.sites GROUP BY 1",
      ],
      [
        'sightedit_db_active_users',
        `SELECT w, (SELECT count(*) FROM app.users WHERE is_active AND last_login >= now() - age)
        FROM (VALUES ('day', interval '1 day'), ('week', '7 days'), ('month', '30 days')) AS windows (w, age)`,
      ],
      [
        'sightedit_db_edits_last_day',
        `SELECT replace(element_type, 'hologram', 'other'), count(*) FROM app.content_edits
        WHERE created_at >= now() - interval '1 day' GROUP BY 1`,
      ],
    ])('%s counts every row, although row level security hides rows', async (name, statement) => {
      // The two queries run at different times, and a few rows leave or enter the windows in between.
      const counted = numbers(await monitor(statementOf(name)));
      const expected = numbers(await postgres.sql(`${statement} ORDER BY 1`));
      expect(Object.keys(counted)).toEqual(Object.keys(expected));
      for (const [label, count] of Object.entries(expected)) {
        expect(Math.abs(counted[label]! - count)).toBeLessThanOrEqual(10);
        expect(count).toBeGreaterThan(10);
      }
      expect(await postgres.sql('SELECT count(*) FROM app.sites', APPLICATION)).toEqual(['0']);
    });

    test('limit element types to those that SightEdit knows', async () => {
      const types = Object.keys(numbers(await monitor(statementOf('sightedit_db_edits_last_day'))));
      expect(types).toHaveLength(11);
      expect(types).not.toContain('hologram');
    });

    test('count rows without a parent, and none before', async () => {
      const orphans = async () => numbers(await monitor(statementOf('sightedit_db_orphaned_rows')));
      const none = await orphans();
      expect(new Set(Object.values(none))).toEqual(new Set([0]));
      await postgres.sql("DELETE FROM app.sites WHERE domain = 'site-7.example.invalid'");
      expect(await orphans()).toEqual({ ...none, 'content_edits.site_id': 500, 'uploads.site_id': 5 });
    });

    test('count rows that the audit trail lacks, and none before', async () => {
      const missing = async () => numbers(await monitor(statementOf('sightedit_db_audit_missing_rows')));
      expect(await missing()).toEqual({ content_edits: 0, sites: 0, users: 0 });
      await postgres.sql(
        "INSERT INTO app.users (email, created_at) VALUES ('unlogged@example.invalid', now() - interval '10 minutes')",
      );
      expect(await missing()).toEqual({ content_edits: 0, sites: 0, users: 1 });
    });

    test('measure a table that is mostly empty space', async () => {
      const share = async () => {
        const size = numbers(await monitor(statementOf('sightedit_db_table_size_bytes')));
        const bloat = numbers(await monitor(statementOf('sightedit_db_table_bloat_bytes')));
        return bloat['app|api_keys']! / size['app|api_keys']!;
      };
      await postgres.sql(`INSERT INTO app.api_keys (user_id) SELECT gen_random_uuid() FROM generate_series(1, 100000)`);
      await postgres.sql('ANALYZE app.api_keys');
      expect(await share()).toBeLessThan(0.2);
      await postgres.sql("DELETE FROM app.api_keys WHERE id::text > '2'");
      await postgres.sql('VACUUM ANALYZE app.api_keys');
      expect(await share()).toBeGreaterThan(0.5);
    });

    test('count sessions that wait for a lock, and measure their wait', async () => {
      const blocked = async () => numbers(await monitor(statementOf('sightedit_db_blocked_sessions')))[DATABASE];
      expect(await blocked()).toBe(0);
      const hold = 'BEGIN; LOCK TABLE app.uploads; SELECT pg_sleep(60)';
      const locks = "SELECT count(*) FROM pg_locks WHERE relation = 'app.uploads'::regclass AND granted";
      const holder = await startServer('holder', {
        command: program('psql'),
        args: postgres.sessionArgs(hold),
        ready: async () => (await postgres.sql(`${locks} AND mode = 'AccessExclusiveLock'`))[0] === '1',
      });
      const waiter = await startServer('waiter', {
        command: program('psql'),
        args: postgres.sessionArgs('SELECT count(*) FROM app.uploads'),
        ready: async () => (await blocked()) === 1,
      });
      const waits = numbers(await monitor(statementOf('sightedit_db_blocked_longest_wait_seconds')));
      expect(waits[DATABASE]).toBeGreaterThan(0);
      await waiter.stop();
      await holder.stop();
      // A sleeping backend does not notice that its client has disconnected.
      await postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'app.uploads'::regclass");
    });
  });

  describe('the monitoring role', () => {
    test.each([
      ['read an address', 'SELECT email FROM app.users LIMIT 1', 'permission denied for schema app'],
      ['read the audit trail', 'SELECT * FROM audit.change_log LIMIT 1', 'permission denied for schema audit'],
      ['read the statistics of columns, which hold values', 'SELECT * FROM pg_statistic', 'permission denied'],
      ['write', "SET transaction_read_only = off; INSERT INTO app.users (email) VALUES ('x')", 'permission denied'],
      ['make a table', 'SET transaction_read_only = off; CREATE TABLE monitoring.mine (n int)', 'permission denied'],
      ['change a function', 'SET transaction_read_only = off; DROP FUNCTION monitoring.users()', 'must be owner'],
      ['become the owner', 'SET ROLE sightedit_owner', 'permission denied to set role'],
      [
        'run a program',
        "COPY (SELECT 1) TO PROGRAM 'true'",
        /must be superuser|permission denied to COPY to or from an external/,
      ],
    ])('cannot %s', async (_, statement, message) => {
      await expect(monitor(statement)).rejects.toThrow(message);
    });

    test('sees no value in the statistics of columns', async () => {
      expect(await monitor("SELECT count(*) FROM pg_stats WHERE schemaname = 'app'")).toEqual(['0']);
      expect(await postgres.sql("SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'app'")).toEqual(['t']);
    });

    test('is the only role that may call the counting functions', async () => {
      await expect(postgres.sql('SELECT * FROM monitoring.users()', APPLICATION)).rejects.toThrow(
        'permission denied for schema monitoring',
      );
    });

    test('may hold ten connections', async () => {
      expect(await monitor("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'sightedit_monitor'")).toEqual(['10']);
    });
  });

  describe('the grants', () => {
    const granted = () =>
      postgres.sql(`SELECT oid::regprocedure, proowner::regrole, proacl FROM pg_proc
        WHERE pronamespace = 'monitoring'::regnamespace ORDER BY 1`);

    test('can be run again without a change', async () => {
      const before = await granted();
      await postgres.file(GRANTS);
      expect(await granted()).toEqual(before);
    });

    test.each([
      [
        'row level security would hide rows from the owner',
        'ALTER TABLE app.users FORCE ROW LEVEL SECURITY',
        'ALTER TABLE app.users NO FORCE ROW LEVEL SECURITY',
        'row level security of app.users applies to sightedit_owner too',
      ],
      [
        'the role may do more than read statistics',
        'ALTER ROLE sightedit_monitor CREATEDB',
        'ALTER ROLE sightedit_monitor NOCREATEDB',
        'sightedit_monitor may do more than read statistics',
      ],
      [
        'the owner may not read a table',
        'REVOKE SELECT ON app.uploads FROM sightedit_owner',
        'GRANT SELECT ON app.uploads TO sightedit_owner',
        'may not read app.uploads',
      ],
    ])('fail where %s', async (_, breakage, fix, message) => {
      await postgres.sql(breakage);
      await expect(postgres.file(GRANTS)).rejects.toThrow(message);
      await postgres.sql(fix);
      await postgres.file(GRANTS);
    });
  });

  describe('postgres_exporter', () => {
    /** Series of postgres_exporter that the database rules read. */
    const NEEDED = [
      ...new Set(
        RuleCatalogue.sightEdit()
          .files.filter(({ topic }) => ['postgres', 'database'].includes(topic))
          .flatMap(({ groups }) => groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => selectorsIn(expr))))
          .flatMap(({ name }) => (name?.startsWith('pg_') ? [name] : [])),
      ),
    ];

    /** PostgreSQL 17 moved the checkpoints to another view. The rules read both names, and a server has one of them. */
    const CHECKPOINTS = {
      old: 'pg_stat_bgwriter_checkpoints_req_total',
      new: 'pg_stat_checkpointer_num_requested_total',
    };
    const missing = Number.parseInt(installation.version, 10) < 17 ? CHECKPOINTS.new : CHECKPOINTS.old;

    const manifests = readManifests();
    const { args } = containerOf(manifests, 'postgres-exporter');

    /** Names of the series of postgres_exporter, connected to this server. */
    async function seriesOf(flags: readonly string[]): Promise<Set<string>> {
      const [port] = (await freePorts(1)) as [number];
      const url = `http://127.0.0.1:${port}/metrics`;
      const exporter = await startServer('postgres-exporter', {
        command: 'postgres_exporter',
        args: [...flags, `--web.listen-address=127.0.0.1:${port}`],
        env: exporterEnvironment(manifests, postgres.port, MONITOR),
        ready: () => answers(url),
      });
      const text = await (await fetch(url)).text();
      await exporter.stop();
      expect(text).toMatch(/^pg_up 1$/m);
      expect(text).toMatch(/^pg_exporter_last_scrape_error 0$/m);
      expect(text).not.toContain('example.invalid');
      return new Set(text.split('\n').map((line) => /^[a-z_:]+/.exec(line)?.[0] ?? ''));
    }

    beforeAll(async () => {
      await postgres.startReplica('sightedit_replica');
      await postgres.sql("SELECT pg_create_physical_replication_slot('demo', true)");
      await waitFor('the replica to stream', async () => {
        return (await postgres.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"))[0] === '1';
      });
    });

    test('exposes every series that the database rules read', async () => {
      const series = await seriesOf(args);
      expect(NEEDED.length).toBeGreaterThan(15);
      expect(NEEDED.filter((name) => !series.has(name))).toEqual([missing]);
    });

    test('lacks some of them without the arguments of the manifests', async () => {
      const series = await seriesOf([]);
      expect(NEEDED.filter((name) => !series.has(name))).toEqual(
        expect.arrayContaining(['pg_postmaster_start_time_seconds', 'pg_stat_statements_calls_total']),
      );
    });
  });
});
