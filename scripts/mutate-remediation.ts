import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../tools/catalogue';
import { runCommand } from './command';
import { byFile, type Tried, tryMutants } from './mutation/remediation/trial';

const USAGE = `Puts one mistake at a time into the remediation server and checks that a fast test notices it.

  npm run mutate:remediation                          every source that decides or changes something
  npm run mutate:remediation -- --only-checks         each safety check switched off
  npm run mutate:remediation -- --file gates          sources or directories under remediation/; can be repeated

Each run switches off every safety check, too. Exits with 1 when no test notices one of them, when fewer than 95 % of
the mistakes are noticed, or when test/remediation/survivors.md does not explain one that is not.`;

/** Sources and directories under `remediation/` that decide or change something. */
const SOURCES: readonly string[] = [
  'gates',
  'kill-switch.ts',
  'controller',
  'record',
  'intake',
  'audit',
  'actions',
  'kubernetes/lease.ts',
  'kubernetes/watch.ts',
  'repeat.ts',
];

/** Sources without decisions: the pages of the runbooks, and the output of spans and log lines. */
const LEFT_OUT: readonly string[] = ['intake/runbook-pages.ts', 'audit/tracing.ts', 'audit/log.ts'];

function filesOf(sources: readonly string[]): readonly string[] {
  return sources
    .flatMap((source) =>
      source.endsWith('.ts')
        ? [source]
        : readdirSync(join(ROOT, 'remediation', source), { recursive: true, encoding: 'utf8' })
            .filter((file) => file.endsWith('.ts'))
            .sort()
            .map((file) => join(source, file)),
    )
    .filter((file) => !LEFT_OUT.includes(file));
}

const SURVIVORS = join(ROOT, 'test', 'remediation', 'survivors.md');
const REQUIRED_SHARE = 0.95;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { file: { type: 'string', multiple: true }, 'only-checks': { type: 'boolean' } },
  });
  const files = values['only-checks'] ? [] : filesOf(values.file ?? SOURCES);
  const tried = await tryMutants(files, (done, of) => process.stderr.write(`\r${done} of ${of} mutants`));
  process.stderr.write('\n');
  return report(tried);
}

function report(tried: readonly Tried[]): number {
  const checks = tried.filter(({ check }) => check);
  const mistakes = tried.filter(({ check }) => !check);
  table(
    ['safety check', 'switched off'],
    checks.map(({ check, noticedBy }) => [check!, noticedBy ? 'noticed' : 'NOT NOTICED']),
  );
  if (mistakes.length > 0) {
    console.log();
    table(
      ['source', 'mutants', 'noticed'],
      [...byFile(mistakes)].map(([file, all]) => [file, all.length, all.filter(isNoticed).length]),
    );
  }
  const survivors = tried.filter((mutant) => !isNoticed(mutant));
  const share = (tried.length - survivors.length) / tried.length;
  console.log(`\n${tried.length - survivors.length} of ${tried.length} mutants noticed, ${(share * 100).toFixed(1)} %`);
  const known = explained();
  for (const survivor of survivors) {
    const { file, line, coveredBy } = survivor;
    const how = known.has(nameOf(survivor)) ? ', explained' : coveredBy === 0 ? ', not covered' : '';
    console.log(`survived${how}: ${file}:${line} ${survivor.change}`);
  }
  const isGood = checks.every(isNoticed) && survivors.every((survivor) => known.has(nameOf(survivor)));
  return isGood && share >= REQUIRED_SHARE ? 0 : 1;
}

function isNoticed({ noticedBy }: Tried): boolean {
  return noticedBy !== undefined;
}

/** The name of a mutant in survivors.md. It has no line number, because lines move. */
function nameOf({ file, change }: Tried): string {
  return `${file}: ${change}`;
}

/** The explained survivors: a list item that begins with the name between double backquotes. */
function explained(): ReadonlySet<string> {
  const text = existsSync(SURVIVORS) ? readFileSync(SURVIVORS, 'utf8') : '';
  return new Set([...text.matchAll(/^- ``(.+?)``/gm)].map(([, survivor]) => survivor!));
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => String(row[column]).length)));
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, column) =>
          typeof cell === 'number' ? String(cell).padStart(widths[column]!) : String(cell).padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    );
  }
}

runCommand({ usage: USAGE, run: main });
