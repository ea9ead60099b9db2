import { execFileSync } from 'node:child_process';
import { CacheClient } from '../../remediation/clients/cache';
import { DatabaseClient } from '../../remediation/clients/database';
import { temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { readManifests } from '../../testing/manifests';
import { type Postgres, startPostgres } from '../../testing/postgres';
import { exporterEnvironment } from '../../testing/postgres-exporter';
import { containerOf, podOf } from '../../testing/render';
import { answers, freePorts, startServer } from '../../testing/server';
import { type RunningRedis, startRedis } from './support/redis';

const DATABASE = 'sightedit_production';
const USER = 'credential_test';

/** Passwords that a generator or a person may choose. None is real. */
const PASSWORDS: readonly string[] = [
  'not-a-real-password',
  'correct horse battery',
  'blank at the end ',
  ' blank at the start',
  "single'quote",
  'double"quote',
  '"in quotes"',
  'user@host:5432/db',
  'hash#and?query=1&more',
  '100%25percent%',
  '$HOME$(id)${PATH}',
  'back\\slash\\',
  'ünïcödé-パスワード',
  '-starts-with-a-dash',
  'host=elsewhere sslmode=disable',
  "it's{curly}",
];

/** Passwords with line breaks, which `kubectl create secret --from-file` keeps. */
const WITH_LINE_BREAKS: readonly string[] = [
  'file-with-a-newline\n',
  'windows-file\r\n',
  'two\nlines',
  'blank-line\n\n',
];

const manifests = readManifests();

/** Runs the init container that checks the variables, with another value of the password. */
function check(pod: string, variable: string, password: string): { code: number; output: string } {
  const [container] = podOf(manifests, pod).spec.initContainers;
  const [command, ...args] = [...container.command, ...container.args];
  // The kubelet would expand these.
  expect(args.join(' ')).not.toMatch(/\$[$(]/);
  const env = { ...process.env, PGUSER: USER, [variable]: password };
  try {
    execFileSync(command, args, { env, stdio: 'pipe' });
    return { code: 0, output: '' };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    return { code: status, output: `${stdout}${stderr}` };
  }
}

/** Metrics and log of an exporter with the arguments of the manifests. */
async function scraped(command: string, props: { args: readonly string[]; env: NodeJS.ProcessEnv; listen: string }) {
  const [port] = (await freePorts(1)) as [number];
  const url = `http://127.0.0.1:${port}/metrics`;
  const exporter = await startServer(command, {
    command,
    args: [...props.args, `${props.listen}=127.0.0.1:${port}`],
    env: props.env,
    ready: () => answers(url),
  });
  const text = await (await fetch(url)).text();
  await exporter.stop();
  return { text, log: exporter.log() };
}

describe('PostgreSQL', () => {
  let postgres: Postgres;

  beforeAll(async () => {
    postgres = await startPostgres(DATABASE);
    await postgres.sql(`CREATE ROLE ${USER} LOGIN IN ROLE pg_monitor`);
  });

  const setPassword = (password: string) =>
    postgres.sql(`ALTER ROLE ${USER} PASSWORD '${password.replaceAll("'", "''")}'`);

  const scrapedAs = (password: string) =>
    scraped('postgres_exporter', {
      args: containerOf(manifests, 'postgres-exporter').args,
      env: exporterEnvironment(manifests, postgres.port, { user: USER, password }),
      listen: '--web.listen-address',
    });

  test.each(PASSWORDS)('takes %j from postgres_exporter, which logs none of it', async (password) => {
    await setPassword(password);
    expect(check('postgres-exporter', 'PGPASSWORD', password)).toEqual({ code: 0, output: '' });
    expect(check('sql-exporter', 'PGPASSWORD', password)).toEqual({ code: 0, output: '' });
    const { text, log } = await scrapedAs(password);
    expect(text).toMatch(/^pg_up 1$/m);
    expect(text).toMatch(/^pg_exporter_last_scrape_error 0$/m);
    expect(text).toMatch(/^pg_settings_/m);
    expect(log).not.toContain(password);
    expect(log).not.toContain(JSON.stringify(password).slice(1, -1));
  });

  test.each(PASSWORDS)('takes %j from the remediation webhook', async (password) => {
    await setPassword(password);
    // The file as an editor leaves it.
    const passwordFile = writeInto(temporaryDirectory(), 'password', `${password}\n`);
    const client = new DatabaseClient({
      kind: 'postgres',
      host: '127.0.0.1',
      port: postgres.port,
      database: DATABASE,
      user: USER,
      passwordFile,
      tls: { verify: false },
    });
    expect(await client.query('SELECT current_user::text AS name')).toEqual([{ name: USER }]);
  });

  test('logs a connection that fails without the password', async () => {
    await setPassword('the right one');
    const { text, log } = await scrapedAs('the wrong one');
    expect(text).toMatch(/^pg_up 0$/m);
    expect(log).toContain('password authentication failed');
    expect(log).not.toContain('the wrong one');
  });
});

describe('Redis', () => {
  let redis: RunningRedis;

  beforeAll(async () => {
    redis = await startRedis();
  });

  test.each(PASSWORDS)('takes %j from redis_exporter and the remediation webhook', async (password) => {
    expect(check('redis-exporter', 'REDIS_PASSWORD', password)).toEqual({ code: 0, output: '' });
    await redis.admin.call('ACL', 'SETUSER', 'default', 'on', 'resetpass', `>${password}`);
    const { args } = containerOf(manifests, 'redis-exporter');
    const { text, log } = await scraped('redis_exporter', {
      args: args.map((arg: string) => arg.replace(/^--redis.addr=.*/, `--redis.addr=redis://127.0.0.1:${redis.port}`)),
      env: { REDIS_PASSWORD: password },
      listen: '--web.listen-address',
    });
    expect(text).toMatch(/^redis_up 1$/m);
    expect(log).not.toContain(password);
    const passwordFile = writeInto(temporaryDirectory(), 'password', `${password}\n`);
    const client = new CacheClient({
      kind: 'redis',
      host: '127.0.0.1',
      port: redis.port,
      user: 'default',
      passwordFile,
    });
    expect(await client.exists('nothing')).toBe(0);
    await client.close();
  });
});

test.each(WITH_LINE_BREAKS)('a pod does not start with %j, and its log names the key alone', (password) => {
  const message = (key: string) =>
    `the key ${key} of the Secret has a line break: create the Secret again without it, e.g. with printf %s\n`;
  for (const [pod, variable, key] of [
    ['postgres-exporter', 'PGPASSWORD', 'POSTGRES_PASSWORD'],
    ['sql-exporter', 'PGPASSWORD', 'POSTGRES_PASSWORD'],
    ['redis-exporter', 'REDIS_PASSWORD', 'REDIS_PASSWORD'],
  ] as const) {
    expect(check(pod, variable, password)).toEqual({ code: 1, output: message(key) });
  }
});
