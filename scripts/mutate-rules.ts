import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { isAlertingRule, RuleCatalogue } from '../rules';
import { BIN } from '../tools/catalogue';
import { runCommand } from './command';
import { type Result, TESTS, tryAlert } from './mutation/trial';

const USAGE = `Puts one mistake at a time into every alert and checks that its promtool test notices it.

  npm run mutate:rules                       every alert
  npm run mutate:rules -- NodeNotReady …     the named alerts

Exits with 1 when fewer than 95 % of the mistakes are noticed, or when rules/tests/survivors.md does not explain one
that is not. Requires promtool: npm run tools -- promtool`;

const SURVIVORS = join(TESTS, 'survivors.md');
const REQUIRED_SHARE = 0.95;

/** The explained survivors, as `<alert>: <change>`. */
function explained(): Set<string> {
  const text = existsSync(SURVIVORS) ? readFileSync(SURVIVORS, 'utf8') : '';
  return new Set([...text.matchAll(/^- `(.+?)`/gm)].map(([, survivor]) => survivor!));
}

async function main(args: readonly string[]): Promise<number> {
  if (!existsSync(join(BIN, 'promtool'))) {
    console.error('promtool is missing: run "npm run tools -- promtool"');
    return 1;
  }
  const wanted = RuleCatalogue.sightEdit().files.flatMap((file) =>
    file.groups
      .flatMap(({ rules }) => rules)
      .filter(isAlertingRule)
      .filter(({ alert }) => args.length === 0 || args.includes(alert))
      .map((rule) => ({ file, rule })),
  );
  const queue = [...wanted];
  const results: Result[] = [];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      results.push(await tryAlert(next.file, next.rule));
      process.stderr.write(`\r${results.length} of ${wanted.length} alerts`);
    }
  };
  await Promise.all(cpus().map(work));
  process.stderr.write('\n');
  return report(results);
}

function report(results: readonly Result[]): number {
  const known = explained();
  const sorted = [...results].sort((a, b) => a.alert.localeCompare(b.alert));
  const width = Math.max(...sorted.map(({ alert }) => alert.length));
  console.log(`${'alert'.padEnd(width)}  mutants  noticed`);
  for (const { alert, mutants, survivors } of sorted) {
    console.log(
      `${alert.padEnd(width)}  ${String(mutants).padStart(7)}  ${String(mutants - survivors.length).padStart(7)}`,
    );
  }
  const survivors = sorted.flatMap((result) => result.survivors.map((change) => `${result.alert}: ${change}`));
  const total = sorted.reduce((sum, { mutants }) => sum + mutants, 0);
  const share = (total - survivors.length) / total;
  console.log(`\n${total - survivors.length} of ${total} mutants noticed, ${(share * 100).toFixed(1)} %`);
  for (const survivor of survivors) {
    console.log(`survived${known.has(survivor) ? ', explained' : ''}: ${survivor}`);
  }
  return share >= REQUIRED_SHARE && survivors.every((survivor) => known.has(survivor)) ? 0 : 1;
}

runCommand({ usage: USAGE, run: main });
