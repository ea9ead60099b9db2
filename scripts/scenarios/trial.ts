import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { toYaml } from '../../formats/yaml';
import { isAlertingRule, type Rule, type RuleFile, rulesOf } from '../../rules';
import { selectorsIn } from '../../rules/promql';
import { BIN, ROOT } from '../../tools/catalogue';
import { affectedRules } from './affected';
import { durationText } from './duration';
import { selects } from './series';
import type { Scenario } from './stories';
import { samplesOf } from './values';

/** When an alert with certain labels fired during a story; times in seconds since the start of the story. */
export interface Firing {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly first: number;
  readonly last: number;
  /** Whether it resolved in between. */
  readonly interrupted: boolean;
}

/** Results by the content of their story. Remove the directory to run everything again. */
const CACHE = join(ROOT, '.tools', 'cache', 'scenarios');

/** Why each query of ALERTS exists: its first sample, its last, and their number. */
const QUERIES = ['min_over_time', 'max_over_time', 'count_over_time'] as const;

/** Runs stories, as many at a time as there are processors, and remembers the results. */
export async function runScenarios(
  scenarios: readonly Scenario[],
  files: readonly RuleFile[],
  options: { readonly whole?: boolean; readonly onEnd?: (scenario: Scenario, firings: readonly Firing[]) => void } = {},
): Promise<ReadonlyMap<string, readonly Firing[]>> {
  const queue = [...scenarios];
  const results = new Map<string, readonly Firing[]>();
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const firings = await firingsIn(next, files, options.whole ?? false);
      results.set(next.id, firings);
      options.onEnd?.(next, firings);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

/**
 * What fires in a story, Watchdog apart.
 *
 * @param whole evaluates every rule, not only those that a change of the story can reach
 */
async function firingsIn(scenario: Scenario, files: readonly RuleFile[], whole: boolean): Promise<readonly Firing[]> {
  const reached = whole || scenario.changed.length === 0 ? files : affectedRules(files, scenario.changed);
  const rules = inOrder(rulesOf(reached));
  if (rules.length === 0) {
    throw new Error(`${scenario.id}: no rule reads what it changes`);
  }
  const test = testOf(scenario, rules);
  const key = createHash('sha256')
    .update(JSON.stringify([rules, test]))
    .digest('hex');
  const cached = join(CACHE, `${key}.json`);
  if (existsSync(cached)) {
    return JSON.parse(readFileSync(cached, 'utf8')) as readonly Firing[];
  }
  const firings = await promtool(scenario, rules, test);
  mkdirSync(CACHE, { recursive: true });
  // Renamed into place: two runs may write the same result at once.
  const partial = `${cached}.${process.pid}`;
  writeFileSync(partial, JSON.stringify(firings));
  renameSync(partial, cached);
  return firings;
}

async function promtool({ id, clock }: Scenario, rules: readonly Rule[], test: object): Promise<readonly Firing[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  try {
    writeFileSync(join(directory, 'rules.yaml'), toYaml({ groups: [{ name: 'all', rules }] }));
    writeFileSync(join(directory, 'test.yaml'), toYaml({ rule_files: ['rules.yaml'], ...test }));
    const output = await outputOf(join(directory, 'test.yaml'));
    // The three queries expect nothing, so that promtool prints what they return.
    const [first, last, count] = output
      .split(/^\s*expr: /m)
      .slice(1)
      .map(vectorIn) as [Vector, Vector, Vector];
    if (count === undefined) {
      throw new Error(`${id}: promtool has no result: ${output}`);
    }
    return [...first].map(([text, start]) => {
      const { alertname, alertstate: _, ...labels } = labelsIn(text);
      const end = last.get(text)!;
      return {
        alert: alertname!,
        labels,
        first: start,
        last: end,
        interrupted: count.get(text)! <= (end - start) / clock.every,
      };
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function outputOf(test: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(join(BIN, 'promtool'), ['test', 'rules', test], { maxBuffer: 2 ** 28 }, (_, stdout, stderr) => {
      resolve(`${stdout}${stderr}`);
    });
  });
}

/** The promtool test of a story, with the series that its rules read. */
function testOf({ id, clock, series }: Scenario, rules: readonly Rule[]): object {
  const read = rules.flatMap(({ expr }) => selectorsIn(expr));
  const length = durationText(clock.length);
  const firing = `timestamp(ALERTS{alertstate="firing", alertname!="Watchdog"})`;
  return {
    evaluation_interval: durationText(clock.every),
    tests: [
      {
        name: id,
        start_timestamp: clock.start,
        interval: durationText(clock.step),
        input_series: series
          .filter((one) => read.some((selector) => selects(selector, one)))
          .map(({ text, timeline, baseline }) => ({ series: text, values: samplesOf(timeline, clock, baseline) })),
        promql_expr_test: QUERIES.map((query) => ({
          expr: `${query}(${firing}[${length}:${durationText(clock.every)}])${
            query === 'count_over_time' ? '' : ` - ${clock.start}`
          }`,
          eval_time: length,
          // A series that never exists, so that the query always fails and promtool prints its result.
          exp_samples: [{ labels: 'never{}', value: 0 }],
        })),
      },
    ],
  };
}

type Vector = ReadonlyMap<string, number>;

/** The vector that promtool prints after "got:", by its labels. */
function vectorIn(report: string): Vector {
  const [, got = ''] = report.split(/^\s*got: /m);
  return new Map(
    [...got.matchAll(/(\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\}) (\S+?)(?=, \{|\s|$)/g)].map(([, labels, value]) => [
      labels!,
      Number(value),
    ]),
  );
}

function labelsIn(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([a-zA-Z_]\w*)=("(?:[^"\\]|\\.)*")/g)].map(([, label, value]) => [
      label!,
      JSON.parse(value!) as string,
    ]),
  );
}

/** Records before what reads them, and alerts last: one group evaluates its rules one after the other. */
function inOrder(rules: readonly Rule[]): readonly Rule[] {
  const records = rules.filter((rule) => !isAlertingRule(rule));
  const ordered: Rule[] = [];
  const placed = new Set<string>();
  while (ordered.length < records.length) {
    const left = records.filter((rule) => !ordered.includes(rule));
    const waiting = new Set(left.map((rule) => (isAlertingRule(rule) ? '' : rule.record)));
    // Several rules may record one name, and one may read itself: what cannot be ordered keeps its place.
    const next = left.find(({ expr }) => !selectorsIn(expr).some(({ name }) => waiting.has(name ?? ''))) ?? left[0]!;
    ordered.push(next);
    placed.add(next.expr);
  }
  return [...ordered, ...rules.filter(isAlertingRule)];
}
