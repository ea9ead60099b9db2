import { jsonLog } from './audit';
import { readConfiguration } from './configuration';
import { startServer } from './server';

const USAGE = `Receives Alertmanager's notifications and repairs what their alerts ask for.

  node server.cjs <configuration.json>

The environment names the replica (POD_NAME) and, in a pod, the API server.`;

/** Set when the server is bundled. */
declare const __VERSION__: string | undefined;
const version = typeof __VERSION__ === 'string' ? __VERSION__ : 'unreleased';

async function main([path]: readonly string[]): Promise<void> {
  if (!path || path === '--help') {
    console.log(USAGE);
    process.exitCode = path ? 0 : 2;
    return;
  }
  const server = await startServer({
    configuration: readConfiguration(path),
    log: jsonLog,
    version,
    replica: process.env.POD_NAME,
  });
  const end = async () => {
    await server.stop();
    process.exit(0);
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}

main(process.argv.slice(2)).catch((error: Error) => {
  jsonLog('error', error.message);
  // A part of the server may listen already, and would go on as if all were well.
  process.exit(1);
});
