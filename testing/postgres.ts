import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packagedDirectory, postgresql } from '../tools/packages';
import { temporaryDirectory } from './cleanup';
import { freePorts, type Server, startServer } from './server';

/** SQL that creates SightEdit's tables, and SQL that fills them. */
export const SIGHTEDIT_SCHEMA = join(__dirname, 'sightedit-schema.sql');
export const SIGHTEDIT_DATA = join(__dirname, 'sightedit-data.sql');

/** A PostgreSQL version that tests can run. */
export interface Installation {
  readonly version: string;
  /** Directory of `initdb` and `postgres`. */
  readonly programs: string;
  /** Command that installs it. */
  readonly install: string;
}

/** Debian's package. Its client can connect to newer servers too. */
const DEBIAN: Installation = {
  version: '15',
  programs: '/usr/lib/postgresql/15/bin',
  install: 'apt-get install postgresql-15',
};

/** The oldest version that SightEdit supports, and the newest one. */
export const INSTALLATIONS: readonly Installation[] = [
  DEBIAN,
  {
    version: postgresql.version,
    programs: join(packagedDirectory(postgresql), 'bin'),
    install: `npm run tools -- ${postgresql.name}`,
  },
];

/** User of the server when the tests run as root: PostgreSQL refuses to run as root. */
const SYSTEM_USER = 'postgres';

/** A PostgreSQL server on loopback. */
export interface Postgres {
  readonly server: Server;
  readonly port: number;
  /** The server's self-signed certificate, for `localhost`. */
  readonly certificateFile: string;
  /** Runs statements, as the superuser by default. Returns the rows, with `|` between columns. */
  sql(statements: string, role?: Role): Promise<string[]>;
  /** Runs a file of statements as the superuser. */
  file(path: string): Promise<void>;
  /** Arguments of psql for a session that stays open. */
  sessionArgs(statements: string): string[];
  /** Starts a streaming replica. */
  startReplica(role: string): Promise<void>;
}

/** A role and its password. */
export interface Role {
  readonly user: string;
  readonly password: string;
}

const run = promisify(execFile);

/** Path of a client program. */
export function program(name: string): string {
  return programOf(DEBIAN, name);
}

function programOf({ programs, install }: Installation, name: string): string {
  const path = join(programs, name);
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: run "${install}"`);
  }
  return path;
}

/**
 * Starts a cluster with TLS and an empty database.
 *
 * @param installation @default - Debian's package
 */
export async function startPostgres(database: string, installation: Installation = DEBIAN): Promise<Postgres> {
  const directory = ownedDirectory();
  const data = join(directory, 'data');
  asSystemUser(programOf(installation, 'initdb'), [
    `--pgdata=${data}`,
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
  ]);
  writeFileSync(join(data, 'pg_hba.conf'), HBA);
  makeCertificate(data);
  const [port] = (await freePorts(1)) as [number];
  const server = await startCluster(installation, directory, data, port);

  const psql = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1', `--port=${port}`];
  const superuser = [...psql, `--host=${directory}`, '--username=postgres'];
  await run(program('psql'), [...superuser, '--command', `CREATE DATABASE ${database}`]);
  const connect = [...superuser, `--dbname=${database}`];
  return {
    server,
    port,
    certificateFile: join(data, 'server.crt'),
    sessionArgs: (statements) => [...connect, '--command', statements],
    file: async (path) => {
      await run(program('psql'), [...connect, `--file=${path}`]);
    },
    sql: async (statements, role) => {
      const args = role ? [...psql, '--host=127.0.0.1', `--username=${role.user}`, `--dbname=${database}`] : connect;
      const env = { ...process.env, PGPASSWORD: role?.password };
      const { stdout } = await run(program('psql'), [...args, '--command', statements], { env });
      return stdout.split('\n').filter((line) => line !== '');
    },
    startReplica: async (role) => {
      const home = ownedDirectory();
      const copy = join(home, 'data');
      // pg_basebackup must have the server's version, so the backup is made by SQL, which needs one session throughout.
      const backup = [
        "SELECT pg_backup_start('replica', true)",
        `\\! cp --archive ${data} ${copy}`,
        `\\copy (SELECT labelfile FROM pg_backup_stop()) TO ${copy}/backup_label.escaped`,
      ];
      await run(program('psql'), [...connect, ...backup.flatMap((command) => ['--command', command])]);
      const label = readFileSync(join(copy, 'backup_label.escaped'), 'utf8');
      writeFileSync(join(copy, 'backup_label'), label.trimEnd().replaceAll('\\n', '\n'));
      rmSync(join(copy, 'postmaster.pid'));
      writeFileSync(join(copy, 'standby.signal'), '');
      for (const file of ['backup_label', 'standby.signal']) {
        giveToSystemUser(join(copy, file));
      }
      const primary = `host=${directory} port=${port} user=${role}`;
      appendFileSync(join(copy, 'postgresql.auto.conf'), `primary_conninfo = '${primary}'\n`);
      const [replicaPort] = (await freePorts(1)) as [number];
      await startCluster(installation, home, copy, replicaPort);
    },
  };
}

/** Connections by the socket are trusted. Connections by network need TLS and a password. */
const HBA = `local all all trust
local replication all trust
hostssl all all 127.0.0.1/32 scram-sha-256
`;

async function startCluster(
  installation: Installation,
  directory: string,
  data: string,
  port: number,
): Promise<Server> {
  const [command, ...args] = systemUserCommand(programOf(installation, 'postgres'), [
    '-D',
    data,
    ...Object.entries({
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: directory,
      ssl: 'on',
      shared_preload_libraries: 'pg_stat_statements',
      // Durability does not matter: the data is deleted after the test.
      fsync: 'off',
      full_page_writes: 'off',
      max_wal_size: '4GB',
    }).flatMap(([setting, value]) => ['-c', `${setting}=${value}`]),
  ]) as [string, ...string[]];
  const probe = [`--host=${directory}`, `--port=${port}`];
  return startServer('postgres', {
    command,
    args,
    cwd: '/',
    ready: async () => {
      await run(program('pg_isready'), probe);
      return true;
    },
  });
}

/** Creates the server's self-signed certificate. */
function makeCertificate(data: string): void {
  asSystemUser('/usr/bin/openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=localhost', '-keyout', join(data, 'server.key'), '-out', join(data, 'server.crt')],
  ]);
}

/** Creates a temporary directory that the server's user owns. */
export function ownedDirectory(): string {
  const directory = temporaryDirectory();
  giveToSystemUser(directory);
  return directory;
}

/** Makes the server's user the owner of a file. */
export function giveToSystemUser(path: string): void {
  if (process.getuid?.() === 0) {
    execFileSync('chown', [SYSTEM_USER, path]);
  }
}

function asSystemUser(command: string, args: readonly string[]): void {
  const [first, ...rest] = systemUserCommand(command, args) as [string, ...string[]];
  execFileSync(first, rest, { stdio: 'pipe', cwd: '/' });
}

/**
 * A command line that does not run as root. `setpriv` executes the program in its own process, so they share the pid.
 */
export function systemUserCommand(command: string, args: readonly string[]): string[] {
  return process.getuid?.() === 0
    ? ['/usr/bin/setpriv', `--reuid=${SYSTEM_USER}`, `--regid=${SYSTEM_USER}`, '--clear-groups', command, ...args]
    : [command, ...args];
}
