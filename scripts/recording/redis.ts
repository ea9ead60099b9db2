import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { temporaryDirectory } from '../../testing/cleanup';
import { replaced } from '../../testing/deployed';
import { freePorts, startServer, waitFor } from '../../testing/server';
import { page, type Recorder, startDeployed } from './recording';

const REDIS = '/usr/bin/redis-server';

/** Redis with a replica. Primary and replica each have metrics that the other lacks. */
export const recordRedis: Recorder = async (context) => {
  const password = randomUUID();
  const [primary, replica] = (await freePorts(2)) as [number, number];
  await startRedis(primary, password);
  await startRedis(replica, password, ['--replicaof', '127.0.0.1', String(primary), '--masterauth', password]);
  await waitFor('the replica to follow', async () =>
    (await redis(replica, password, 'INFO')).includes('link_status:up'),
  );
  // A key with an expiry, one without, and a lookup that misses.
  await redis(primary, password, 'SET session x EX 3600');
  await redis(primary, password, 'SET page x');
  await redis(primary, password, 'GET nothing');
  await redis(primary, password, 'BGSAVE');
  const version = /^redis_version:(\S+)/m.exec(await redis(primary, password, 'INFO'))![1];
  const pages: string[] = [];
  for (const port of [primary, replica]) {
    const exporter = await startDeployed(context, 'redis_exporter', {
      component: 'redis-exporter',
      args: (deployed, own) => [
        ...replaced(deployed, { '--redis.addr': `redis://127.0.0.1:${port}` }),
        `--web.listen-address=127.0.0.1:${own}`,
      ],
      env: { REDIS_PASSWORD: password },
    });
    pages.push(await page(exporter.url));
    await exporter.server.stop();
  }
  return [{ job: 'redis-exporter', tool: 'redis_exporter', with: `Redis ${version}`, pages }];
};

function startRedis(port: number, password: string, more: readonly string[] = []) {
  const directory = temporaryDirectory();
  return startServer(`redis-${port}`, {
    command: REDIS,
    args: [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--requirepass', password],
      ...['--unixsocket', join(directory, 'redis.sock'), '--appendonly', 'yes', ...more],
    ],
    ready: async () => (await redis(port, password, 'PING')).includes('PONG'),
  });
}

/** Sends an inline command and returns everything until the connection ends. */
function redis(port: number, password: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.end(`AUTH ${password}\r\n${command}\r\nQUIT\r\n`));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks).toString()));
    socket.on('error', reject);
  });
}
