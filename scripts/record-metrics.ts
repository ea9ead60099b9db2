import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { remediationPolicies, resolveSettings, sightEdit } from '../charts';
import { metricUses } from '../charts/metric-uses';
import { FOLDERS, type KeepList, keepUsed, type Metrics, metricLists } from '../metrics';
import { RuleCatalogue } from '../rules';
import { cleanUp } from '../testing/cleanup';
import { runningCluster } from '../testing/cluster';
import { findLoki } from '../testing/loki';
import { ROOT, softwareVersion, tools } from '../tools/catalogue';
import { progress, runCommand } from './command';
import { clusterRecorders, lokiRecorders, type Recording, readExposition, record, recorders } from './recording';

const USAGE = `Runs the exporters with their deployed arguments and records which metrics they expose.

  npm run metrics:record                    every exporter, to metrics/recorded; Loki only with its program (docs/logs.md);
                                            kubelet, cAdvisor and scheduler only with a cluster: npm run cluster -- exec npm run metrics:record
  npm run metrics:record -- redis node …    the named ones
  npm run metrics:savings                   only prints how many series the scrape jobs keep

Requires the programs under tools/ (npm run tools), and PostgreSQL 15 and Redis from Debian's packages.`;

const DIRECTORY = join(ROOT, 'metrics', FOLDERS.recorded);

/** The file of a recording. It depends only on the program, not on the time of the recording. */
export function recordedFile(recording: Recording): string {
  const { tool: name, with: subject, pages } = recording;
  const { metrics } = readExposition(pages);
  const version = recording.version ?? softwareVersion(tools.find((tool) => tool.name === name)!);
  return [
    `# Written by "npm run metrics:record" from ${name} ${version} as it ran. Not edited by hand.`,
    `origin: recorded`,
    `exporter: ${name}`,
    `version: ${version}`,
    ...(subject ? [`with: ${subject}`] : []),
    'metrics:',
    ...metricLines(metrics),
    '',
  ].join('\n');
}

/** One line per metric, so that a diff shows whole metrics. */
function metricLines(metrics: Metrics): string[] {
  return Object.entries(metrics).map(
    ([name, { type, labels }]) => `  ${name}: { type: ${type}${labels ? `, labels: [${labels.join(', ')}]` : ''} }`,
  );
}

/** Number of series that a job's targets expose, and that the job keeps. */
interface Saving {
  readonly job: string;
  readonly exposed: number;
  readonly kept: number;
}

function savingOf({ job, pages }: Recording, names: readonly string[]): Saving {
  const series = [...readExposition(pages).series];
  const count = (counted: typeof series) => counted.reduce((sum, [, number]) => sum + number, 0);
  return { job, exposed: count(series), kept: count(series.filter(([name]) => names.includes(name))) };
}

/** The savings as a table, with the sum in the last row. */
function savingsTable(savings: readonly Saving[]): string {
  const sum = (field: 'exposed' | 'kept') => savings.reduce((total, saving) => total + saving[field], 0);
  const rows = [...savings, { job: 'together', exposed: sum('exposed'), kept: sum('kept') }];
  const width = Math.max(...rows.map(({ job }) => job.length));
  const line = (job: string, ...cells: string[]) => job.padEnd(width) + cells.map((cell) => cell.padStart(10)).join('');
  return [
    line('job', 'exposed', 'kept', 'saved'),
    ...rows.map(({ job, exposed, kept }) =>
      line(job, String(exposed), String(kept), `${Math.round((1 - kept / exposed) * 100)} %`),
    ),
  ].join('\n');
}

/** The keep-lists of SightEdit's settings. */
function keepList(): KeepList {
  const uses = metricUses(RuleCatalogue.sightEdit(), remediationPolicies(resolveSettings(sightEdit, 'production')));
  return keepUsed({ uses, lists: metricLists() });
}

async function main(args: readonly string[]): Promise<number> {
  const writes = !args.includes('--savings');
  const wanted = args.filter((arg) => !arg.startsWith('--'));
  const known = [...Object.keys(recorders), ...Object.keys(lokiRecorders), ...Object.keys(clusterRecorders)];
  const canRun = (name: string) =>
    name in recorders || (name in lokiRecorders ? findLoki() !== undefined : runningCluster());
  const names = wanted.length > 0 ? wanted : known.filter(canRun);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no such recorder: ${unknown.join(', ')}. Known: ${known.join(', ')}`);
    return 2;
  }
  for (const name of known.filter((each) => wanted.length === 0 && !names.includes(each))) {
    const need = name in lokiRecorders ? 'the program loki (docs/logs.md)' : 'a cluster (npm run cluster)';
    progress(`not recorded: ${name}, which needs ${need}`);
  }
  const recordings: Recording[] = [];
  for (const name of names) {
    recordings.push(...(await record(name)));
    progress(`recorded: ${name}`);
  }
  if (writes) {
    mkdirSync(DIRECTORY, { recursive: true });
    for (const recording of recordings) {
      writeFileSync(join(DIRECTORY, `${recording.job}.yaml`), recordedFile(recording));
    }
  }
  const keep = keepList();
  console.log(savingsTable(recordings.map((recording) => savingOf(recording, keep(recording.job) ?? []))));
  return 0;
}

if (require.main === module) {
  runCommand({ usage: USAGE, run: main, finish: cleanUp });
}
