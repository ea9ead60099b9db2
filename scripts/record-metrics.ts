import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDERS, type Metrics } from '../metrics';
import { stopServers } from '../test/e2e/support/server';
import { ROOT, softwareVersion, tools } from '../tools/catalogue';
import { type Recording, readExposition, record, recorders } from './recording';

const USAGE = `Runs the exporters as they are deployed, and writes down which metrics they expose.

  npm run metrics:record                    all of them, to metrics/recorded
  npm run metrics:record -- redis node …    these

Needs the programs under tools/ (npm run tools), PostgreSQL 15 and Redis from Debian's packages.`;

const DIRECTORY = join(ROOT, 'metrics', FOLDERS.recorded);

/** The file of a recording: the same for the same program, whenever it is made. */
export function recordedFile({ tool: name, pages }: Recording): string {
  const { metrics } = readExposition(pages);
  const version = softwareVersion(tools.find((tool) => tool.name === name)!);
  return [
    `# Written by "npm run metrics:record" from ${name} ${version} as it ran. Not edited by hand.`,
    `origin: recorded`,
    `exporter: ${name}`,
    `version: ${version}`,
    'metrics:',
    ...metricLines(metrics),
    '',
  ].join('\n');
}

/** A line for each metric, which a diff shows as a whole. */
function metricLines(metrics: Metrics): string[] {
  return Object.entries(metrics).map(
    ([name, { type, labels }]) => `  ${name}: { type: ${type}${labels ? `, labels: [${labels.join(', ')}]` : ''} }`,
  );
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const names = args.length > 0 ? args : Object.keys(recorders);
  const unknown = names.filter((name) => !(name in recorders));
  if (unknown.length > 0) {
    console.error(`no such recorder: ${unknown.join(', ')}. Known: ${Object.keys(recorders).join(', ')}`);
    return 2;
  }
  mkdirSync(DIRECTORY, { recursive: true });
  try {
    for (const name of names) {
      for (const recording of await record(name)) {
        writeFileSync(join(DIRECTORY, `${recording.job}.yaml`), recordedFile(recording));
        console.log(`${recording.job}: ${Object.keys(readExposition(recording.pages).metrics).length} metrics`);
      }
    }
  } finally {
    await stopServers();
  }
  return 0;
}

if (require.main === module) {
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
