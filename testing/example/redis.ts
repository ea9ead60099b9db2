import { temporaryDirectory } from '../cleanup';
import { freePorts, startServer } from '../server';

/** Starts an empty Redis for the example service. Returns its address: the service also starts before Redis answers. */
export async function startExampleRedis(): Promise<string> {
  const [port] = (await freePorts(1)) as [number];
  await startServer('redis', {
    command: '/usr/bin/redis-server',
    args: ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', temporaryDirectory()],
    ready: async () => true,
  });
  return `redis://127.0.0.1:${port}`;
}
