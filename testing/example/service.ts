import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';
import { type Postgres, SIGHTEDIT_SCHEMA } from '../postgres';
import { answers, freePorts, type Server, startServer } from '../server';

/** Functions that the key figures need. */
const KPI_FUNCTIONS = join(ROOT, 'instrumentation', 'business', 'kpis.sql');

/** Password of the application's role. */
const PASSWORD = 'not-a-real-password';

/** A running example service. */
export interface Service {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  readonly server: Server;
  /** Its log so far, one object a line. @throws SyntaxError for a line that is no JSON */
  lines(): readonly Readonly<Record<string, unknown>>[];
}

/** Creates SightEdit's tables, and the role of the application. */
export async function prepareDatabase(postgres: Postgres): Promise<void> {
  await postgres.file(SIGHTEDIT_SCHEMA);
  await postgres.file(KPI_FUNCTIONS);
  await postgres.sql(`ALTER ROLE sightedit_app PASSWORD '${PASSWORD}'`);
}

/** Address of a database for the service. */
export function databaseUrl(port: number, database: string): string {
  return `postgres://sightedit_app:${PASSWORD}@127.0.0.1:${port}/${database}?sslmode=no-verify`;
}

/**
 * Starts the example service that `installExample()` has installed, and waits until it is alive.
 *
 * @param file program of the example @default server
 */
export async function startService(directory: string, env: NodeJS.ProcessEnv, file = 'server'): Promise<Service> {
  const [port] = (await freePorts(1)) as [number];
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer('sightedit-backend', {
    command: process.execPath,
    args: [join(directory, 'out', `${file}.js`)],
    cwd: directory,
    env: { PORT: `${port}`, DEMO_PASSWORD: PASSWORD, IDENTITY_KEY: 'not-a-real-key', UPLOADS: directory, ...env },
    ready: () => answers(`${url}/health`),
  });
  const lines = () =>
    server
      .log()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { url, server, lines };
}
