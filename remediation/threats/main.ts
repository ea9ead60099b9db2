import { jsonLog, type Log } from '../audit/log';
import { readThreatsConfiguration } from './configuration';
import { startThreatsServer } from './server';
import { updateFeeds } from './update';

const USAGE = `Threat intelligence: what feeds say about an address.

  node threats.cjs serve <configuration.json>     answers look-ups, and keeps the last good feeds
  node threats.cjs update <configuration.json>    downloads the feeds, checks them and sends them to the server`;

const log: Log = (level, message, fields) => jsonLog(level, message, { component: 'threat-intelligence', ...fields });

async function main([command, path]: readonly string[]): Promise<void> {
  if (path === undefined) {
    console.log(USAGE);
    process.exitCode = 2;
    return;
  }
  const configuration = readThreatsConfiguration(path);
  if (command === 'serve') {
    const server = await startThreatsServer(configuration, log);
    const end = async () => {
      await server.stop();
      process.exit(0);
    };
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
  } else if (command === 'update') {
    process.exitCode = (await updateFeeds(configuration, log)) > 0 ? 1 : 0;
  } else {
    throw new Error(`${command} is no command: write serve or update`);
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  log('error', error.message);
  process.exit(1);
});
