import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Redis from 'ioredis';
import { temporaryDirectory } from '../../../testing/cleanup';
import { freePorts, startServer } from '../../../testing/server';

/** From the Debian package. */
const PROGRAM = '/usr/bin/redis-server';

/** Password of the test servers. */
export const REDIS_PASSWORD = 'not-a-real-password';

/** A Redis on loopback. */
export interface RunningRedis {
  readonly port: number;
  /** Client of the user with all permissions. */
  readonly admin: Redis;
  /** Deletes every key, without FLUSHDB and FLUSHALL, whose use the tests count. */
  empty(): Promise<void>;
  /** Number of calls of a command, by `INFO commandstats`. */
  calls(command: string): Promise<number>;
  /** The commands that a user may run on a key, by `ACL DRYRUN`; subcommands as `client|setname`. */
  allowed(user: string, key: string): Promise<string[]>;
}

/** A row of the reply to `COMMAND`: name, arity (negative: minimum), …, subcommands. */
type CommandRow = [string, number, ...unknown[]];

const clients = new Set<Redis>();
afterAll(() => {
  for (const client of clients) {
    client.disconnect();
  }
});

/**
 * Starts an empty Redis.
 *
 * @param users ACL rules of further users, as for `ACL SETUSER`
 */
export async function startRedis(users: { readonly [name: string]: string } = {}): Promise<RunningRedis> {
  if (!existsSync(PROGRAM)) {
    throw new Error(`${PROGRAM} is missing: run "apt-get install redis-server"`);
  }
  const directory = temporaryDirectory();
  const [port] = (await freePorts(1)) as [number];
  const config = join(directory, 'redis.conf');
  writeFileSync(
    config,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      'save ""',
      ...Object.entries(users).map(([name, rights]) => `user ${name} on >${REDIS_PASSWORD} resetchannels ${rights}`),
      '',
    ].join('\n'),
  );
  const admin = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => 200 });
  admin.on('error', () => {}); // The first connections fail until the server listens.
  clients.add(admin);
  await startServer('redis', {
    command: PROGRAM,
    args: [config],
    ready: async () => (await admin.ping()) === 'PONG',
  });
  return {
    port,
    admin,
    empty: async () => {
      await admin.eval("for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('UNLINK', key) end", 0);
    },
    calls: async (command) => {
      const line = new RegExp(`^cmdstat_${command.replace('|', '\\|')}:calls=(\\d+)`, 'm');
      return Number(line.exec(await admin.info('commandstats'))?.[1] ?? 0);
    },
    allowed: async (user, key) => {
      const rows = ((await admin.call('COMMAND')) as CommandRow[]).flatMap((row) => {
        const under = row[9] as CommandRow[] | undefined;
        return under?.length ? under : [row];
      });
      const answers = await Promise.all(
        rows.map(async ([name, words]) => {
          const command = name.split('|');
          const missing = Math.max(0, Math.abs(words) - command.length);
          // Commands with a number of keys get 1.
          const values = Array.from({ length: missing }, () => key);
          const answer = await admin.call('ACL', 'DRYRUN', user, ...command, ...values).catch(String);
          return answer === 'OK' || !`${answer}`.includes('no permissions to run') ? [name] : [];
        }),
      );
      return answers.flat().sort();
    },
  };
}
