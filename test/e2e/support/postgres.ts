import { execFile, execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts, type Server, startServer, temporaryDirectory } from './server';

/** Version of the server that the tests run, and where Debian's package puts its programs. */
const MAJOR = 15;
const PROGRAMS = `/usr/lib/postgresql/${MAJOR}/bin`;

/** Who runs the server when the tests run as root, which PostgreSQL refuses. */
const SYSTEM_USER = 'postgres';

/** A PostgreSQL server of our own, on loopback. */
export interface Postgres {
  readonly server: Server;
  readonly port: number;
  /** Runs statements as the superuser, or as another role, and gives what they print: a row a line, `|` between columns. */
  sql(statements: string, role?: Role): Promise<string[]>;
  /** Runs a file of statements as the superuser. */
  file(path: string): Promise<void>;
  /** Arguments of psql for a session that is kept open. */
  sessionArgs(statements: string): string[];
  /** Starts a replica that streams from it. */
  startReplica(role: string): Promise<void>;
}

/** A role with the password that it shows. */
export interface Role {
  readonly user: string;
  readonly password: string;
}

const run = promisify(execFile);

/** The path of one of PostgreSQL's programs. */
export function program(name: string): string {
  const path = join(PROGRAMS, name);
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: run "apt-get install postgresql-${MAJOR}"`);
  }
  return path;
}

/** Starts a cluster with TLS and an empty database. */
export async function startPostgres(database: string): Promise<Postgres> {
  const directory = ownedDirectory();
  const data = join(directory, 'data');
  asSystemUser(program('initdb'), [`--pgdata=${data}`, '--username=postgres', '--auth=trust', '--encoding=UTF8']);
  writeFileSync(join(data, 'pg_hba.conf'), HBA);
  makeCertificate(data);
  const [port] = (await freePorts(1)) as [number];
  const server = await startCluster('postgres', directory, data, port);

  const psql = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1', `--port=${port}`];
  const superuser = [...psql, `--host=${directory}`, '--username=postgres'];
  await run(program('psql'), [...superuser, '--command', `CREATE DATABASE ${database}`]);
  const connect = [...superuser, `--dbname=${database}`];
  return {
    server,
    port,
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
      const from = [`--host=${directory}`, `--port=${port}`, `--username=${role}`];
      asSystemUser(program('pg_basebackup'), [
        ...from,
        `--pgdata=${copy}`,
        '--write-recovery-conf',
        '--checkpoint=fast',
      ]);
      const [replicaPort] = (await freePorts(1)) as [number];
      await startCluster('postgres-replica', home, copy, replicaPort);
    },
  };
}

/** Whoever comes by the socket is trusted; by the network a password is needed, and TLS. */
const HBA = `local all all trust
local replication all trust
hostssl all all 127.0.0.1/32 scram-sha-256
`;

async function startCluster(name: string, directory: string, data: string, port: number): Promise<Server> {
  const [command, ...args] = systemUserCommand(program('postgres'), [
    '-D',
    data,
    ...Object.entries({
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: directory,
      ssl: 'on',
      shared_preload_libraries: 'pg_stat_statements',
      // The data is thrown away.
      fsync: 'off',
      full_page_writes: 'off',
      max_wal_size: '4GB',
    }).flatMap(([setting, value]) => ['-c', `${setting}=${value}`]),
  ]) as [string, ...string[]];
  const probe = [`--host=${directory}`, `--port=${port}`];
  return startServer(name, {
    command,
    args,
    cwd: '/',
    ready: async () => {
      await run(program('pg_isready'), probe);
      return true;
    },
  });
}

/** A certificate for the server, signed by itself. */
function makeCertificate(data: string): void {
  asSystemUser('/usr/bin/openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=localhost', '-keyout', join(data, 'server.key'), '-out', join(data, 'server.crt')],
  ]);
}

/** A directory that belongs to whoever runs the server, and goes with the test. */
function ownedDirectory(): string {
  const directory = temporaryDirectory();
  if (process.getuid?.() === 0) {
    execFileSync('chown', [SYSTEM_USER, directory]);
  }
  return directory;
}

function asSystemUser(command: string, args: readonly string[]): void {
  const [first, ...rest] = systemUserCommand(command, args) as [string, ...string[]];
  execFileSync(first, rest, { stdio: 'pipe', cwd: '/' });
}

/** A command line that does not run as root. `setpriv` becomes the program, so its process id is the program's. */
function systemUserCommand(command: string, args: readonly string[]): string[] {
  return process.getuid?.() === 0
    ? ['/usr/bin/setpriv', `--reuid=${SYSTEM_USER}`, `--regid=${SYSTEM_USER}`, '--clear-groups', command, ...args]
    : [command, ...args];
}
