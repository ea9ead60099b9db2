import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { type Rule, RuleCatalogue, type RuleFile } from '../rules';
import { BIN, ROOT } from '../tools/catalogue';
import { runCommand } from './command';
import { mutantsOf } from './mutation/mutants';
import { readersOf } from './mutation/needed';
import { untold } from './mutation/stories';
import { nameOf, type Result, TESTS, tryRule } from './mutation/trial';
import { SCENARIOS } from './scenarios/series';

const USAGE = `Puts one mistake at a time into every rule and checks that a promtool test or a story notices it.

  npm run mutate:rules                       every alert and every record
  npm run mutate:rules -- nodes postgres     those of the named files of rules/
  npm run mutate:rules -- NodeNotReady …     the named alerts and records
  npm run mutate:rules -- --tests …          without the stories of rules/scenarios, which take longer

Results are kept in .tools/cache/mutation until the rule's file, its tests or the stories change. Exits with 1 when fewer
than 97 % of the mistakes are noticed, or when rules/tests/survivors.md does not explain one that is not. Requires
promtool: npm run tools -- promtool`;

const SURVIVORS = join(TESTS, 'survivors.md');
const REQUIRED_SHARE = 0.97;
/** Results by the content of what they depend on. */
const CACHE = join(ROOT, '.tools', 'cache', 'mutation');

/** What is kept of a rule: the changes that nothing noticed, as names. */
interface Kept {
  readonly rule: string;
  readonly mutants: number;
  readonly survivors: readonly string[];
}

/** The explained survivors, as `<rule>: <change>`. */
function explained(): Set<string> {
  const text = existsSync(SURVIVORS) ? readFileSync(SURVIVORS, 'utf8') : '';
  return new Set([...text.matchAll(/^- `(.+?)`/gm)].map(([, survivor]) => survivor!));
}

async function main(args: readonly string[]): Promise<number> {
  if (!existsSync(join(BIN, 'promtool'))) {
    console.error('promtool is missing: run "npm run tools -- promtool"');
    return 1;
  }
  const names = args.filter((arg) => arg !== '--tests');
  const { files } = RuleCatalogue.sightEdit();
  const wanted = files.flatMap((file) =>
    file.groups
      .flatMap(({ rules }) => rules)
      .filter((rule) => names.length === 0 || names.includes(file.topic) || names.includes(nameOf(rule)))
      .map((rule) => ({ file, rule })),
  );
  const unknown = names.filter(
    (name) => !wanted.some(({ file, rule }) => file.topic === name || nameOf(rule) === name),
  );
  if (unknown.length > 0) {
    console.error(`${unknown.join(', ')}: write a file of rules/ without .yaml, an alert or a record`);
    return 2;
  }
  const queue = [...wanted];
  const results: Kept[] = [];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      results.push(await resultOf(next.file, next.rule, files, !args.includes('--tests')));
      process.stderr.write(`\r${results.length} of ${wanted.length} rules`);
    }
  };
  await Promise.all(cpus().map(work));
  process.stderr.write('\n');
  return report(results);
}

/** The result of a rule, from the cache where nothing has changed. */
async function resultOf(file: RuleFile, rule: Rule, files: readonly RuleFile[], tellStories: boolean): Promise<Kept> {
  const kept = join(CACHE, `${keyOf(file, rule, tellStories)}.json`);
  if (existsSync(kept)) {
    return JSON.parse(readFileSync(kept, 'utf8')) as Kept;
  }
  const tried: Result = await tryRule(file, rule);
  const survivors = tellStories ? await untold(rule, tried.survivors, files) : tried.survivors;
  const result = { ...tried, survivors: survivors.map(({ change }) => change) };
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(kept, JSON.stringify(result));
  return result;
}

function keyOf(file: RuleFile, rule: Rule, tellStories: boolean): string {
  const tests = readersOf(rule, file).map((alert) => readFileSync(join(TESTS, `${alert}.yaml`), 'utf8'));
  const mutants = mutantsOf(rule).map(({ change }) => change);
  return createHash('sha256')
    .update(JSON.stringify([file, nameOf(rule), tests, mutants, tellStories ? storiesText() : '']))
    .digest('hex');
}

let stories: string | undefined;

/** Everything that the stories say. */
function storiesText(): string {
  stories ??= readdirSync(SCENARIOS)
    .sort()
    .map((file) => readFileSync(join(SCENARIOS, file), 'utf8'))
    .join('');
  return stories;
}

function report(results: readonly Kept[]): number {
  const known = explained();
  const sorted = [...results].sort((a, b) => a.rule.localeCompare(b.rule));
  const width = Math.max(...sorted.map(({ rule }) => rule.length));
  console.log(`${'rule'.padEnd(width)}  mutants  noticed`);
  for (const { rule, mutants, survivors } of sorted) {
    console.log(
      `${rule.padEnd(width)}  ${String(mutants).padStart(7)}  ${String(mutants - survivors.length).padStart(7)}`,
    );
  }
  const survivors = sorted.flatMap((result) => result.survivors.map((change) => `${result.rule}: ${change}`));
  const total = sorted.reduce((sum, { mutants }) => sum + mutants, 0);
  const share = (total - survivors.length) / total;
  console.log(`\n${total - survivors.length} of ${total} mutants noticed, ${(share * 100).toFixed(1)} %`);
  for (const survivor of survivors) {
    console.log(`survived${known.has(survivor) ? ', explained' : ''}: ${survivor}`);
  }
  return share >= REQUIRED_SHARE && survivors.every((survivor) => known.has(survivor)) ? 0 : 1;
}

runCommand({ usage: USAGE, run: main });
