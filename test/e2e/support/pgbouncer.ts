import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  giveToSystemUser,
  ownedDirectory,
  type Postgres,
  type Role,
  systemUserCommand,
} from '../../../testing/postgres';
import { freePorts, type Server, startServer } from '../../../testing/server';

/** From the Debian package. */
const PROGRAM = '/usr/sbin/pgbouncer';

export interface PgBouncer {
  readonly server: Server;
  readonly port: number;
}

/**
 * Starts a PgBouncer on loopback, in transaction pooling mode.
 *
 * @param administrator user of its console
 */
export async function startPgBouncer(
  postgres: Postgres,
  database: string,
  roles: readonly Role[],
  administrator: Role,
): Promise<PgBouncer> {
  if (!existsSync(PROGRAM)) {
    throw new Error(`${PROGRAM} is missing: run "apt-get install pgbouncer"`);
  }
  const directory = ownedDirectory();
  const [port] = (await freePorts(1)) as [number];
  const [users, config] = [join(directory, 'users.txt'), join(directory, 'pgbouncer.ini')];
  writeFileSync(users, [...roles, administrator].map(({ user, password }) => `"${user}" "${password}"\n`).join(''));
  writeFileSync(
    config,
    [
      '[databases]',
      `${database} = host=127.0.0.1 port=${postgres.port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${users}`,
      `admin_users = ${administrator.user}`,
      'pool_mode = transaction',
      'server_tls_sslmode = require',
      '',
    ].join('\n'),
  );
  giveToSystemUser(users);
  giveToSystemUser(config);
  const [command, ...args] = systemUserCommand(PROGRAM, [config]) as [string, ...string[]];
  const server = await startServer('pgbouncer', {
    command,
    args,
    cwd: '/',
    ready: () =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', reject);
      }),
  });
  return { server, port };
}
