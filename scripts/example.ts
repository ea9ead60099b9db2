import { once } from 'node:events';
import { cleanUp, temporaryDirectory } from '../testing/cleanup';
import { installExample } from '../testing/example/install';
import { startExampleRedis } from '../testing/example/redis';
import { databaseUrl, prepareDatabase, startService } from '../testing/example/service';
import { startPostgres } from '../testing/postgres';
import { progress, runCommand } from './command';

const USAGE = `Starts the example service of examples/sightedit-backend with PostgreSQL and Redis, until Ctrl+C.

  npm run example

Set OTEL_EXPORTER_OTLP_ENDPOINT to send its traces to a collector. Needs the Debian packages postgresql-15 and
redis-server. Exits with 0.`;

const DATABASE = 'sightedit_production';

async function run(): Promise<number> {
  const directory = temporaryDirectory();
  progress('Installing the service: a minute.');
  await installExample(directory);
  const postgres = await startPostgres(DATABASE);
  await prepareDatabase(postgres);
  const { url } = await startService(directory, {
    DATABASE_URL: databaseUrl(postgres.port, DATABASE),
    REDIS_URL: await startExampleRedis(),
    FAULTS: '1',
    KPI_INTERVAL_MS: '10000',
  });
  console.log(`service  ${url}/\nmetrics  ${url}/metrics\nload     npm run example:load -- --url ${url}`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  return 0;
}

void runCommand({ usage: USAGE, run, finish: cleanUp });
