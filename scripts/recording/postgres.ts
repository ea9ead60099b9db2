import { join } from 'node:path';
import {
  type Postgres,
  program,
  type Role,
  SIGHTEDIT_DATA,
  SIGHTEDIT_SCHEMA,
  startPostgres,
} from '../../testing/postgres';
import { exporterEnvironment } from '../../testing/postgres-exporter';
import { startServer, waitFor } from '../../testing/server';
import { ROOT } from '../../tools/catalogue';
import { page, type Recorder, startDeployed } from './recording';

const DATABASE = 'sightedit_production';
const MONITOR: Role = { user: 'sightedit_monitor', password: 'not-a-real-password' };

/** PostgreSQL with SightEdit's schema and data, a replica, a replication slot, and a held lock. */
export const recordPostgres: Recorder = async (context) => {
  const postgres = await startPostgres(DATABASE);
  await postgres.file(SIGHTEDIT_SCHEMA);
  await postgres.file(SIGHTEDIT_DATA);
  await postgres.file(join(ROOT, 'rules', 'sql', 'grants.sql'));
  await postgres.sql(`ALTER ROLE ${MONITOR.user} PASSWORD '${MONITOR.password}'`);
  await makeBusy(postgres);
  const exporter = await startDeployed(context, 'postgres_exporter', {
    component: 'postgres-exporter',
    args: (deployed, port) => [...deployed, `--web.listen-address=127.0.0.1:${port}`],
    env: exporterEnvironment(context.manifests, postgres.port, MONITOR),
  });
  const [major] = await postgres.sql("SELECT split_part(current_setting('server_version'), '.', 1)");
  return [
    {
      job: 'postgres-exporter',
      tool: 'postgres_exporter',
      with: `PostgreSQL ${major}`,
      pages: [await page(exporter.url)],
    },
  ];
};

async function makeBusy(postgres: Postgres): Promise<void> {
  await postgres.startReplica('sightedit_replica');
  await postgres.sql("SELECT pg_create_physical_replication_slot('demo', true)");
  await waitFor('the replica to stream', async () => {
    return (await postgres.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"))[0] === '1';
  });
  await startServer('holder', {
    command: program('psql'),
    args: postgres.sessionArgs('BEGIN; LOCK TABLE app.uploads; SELECT pg_sleep(600)'),
    ready: async () =>
      (await postgres.sql("SELECT count(*) FROM pg_locks WHERE relation = 'app.uploads'::regclass AND granted"))[0] ===
      '1',
  });
}
