import { jsonLog } from './audit';
import { readConfiguration } from './configuration';
import { startServer } from './server';

const USAGE = `Receives Alertmanager's notifications and runs the remediation that their alerts ask for.

  node server.cjs <configuration.json>

Environment: POD_NAME names the replica. In a pod, Kubernetes sets the address of the API server.`;

/** Defined by the bundler. */
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
  // A port may be open already, and would keep a broken server alive.
  process.exit(1);
});
