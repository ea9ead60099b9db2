import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toYaml } from '../../formats/yaml';
import { isAlertingRule, type Rule, type RuleFile } from '../../rules';
import { BIN, ROOT } from '../../tools/catalogue';
import { type Mutant, mutantsOf } from './mutants';
import { neededFor, readersOf } from './needed';

/** Directory of the alerts' tests. */
export const TESTS = join(ROOT, 'rules', 'tests');

/** Result of the mutants of one rule. */
export interface Result {
  /** Name of the alert or of the recorded series. */
  readonly rule: string;
  readonly mutants: number;
  /** The changes that no test noticed. */
  readonly survivors: readonly Mutant[];
}

const run = promisify(execFile);

export function nameOf(rule: Rule): string {
  return isAlertingRule(rule) ? rule.alert : rule.record;
}

/**
 * Runs the tests of the alerts that a rule can change against every mutant of the rule: for each alert, all mutants that
 * are left in one run of promtool.
 *
 * @throws Error when a test fails on the unchanged rule
 */
export async function tryRule(file: RuleFile, rule: Rule): Promise<Result> {
  const mutants = mutantsOf(rule);
  let survivors: readonly Mutant[] = mutants;
  for (const alert of readersOf(rule, file)) {
    if (survivors.length === 0) {
      break;
    }
    const versions = [rule, ...survivors.map((mutant) => mutant.rule)];
    const [unchangedPasses, ...passes] = await testEach(alert, withEach(neededFor(alert, file), rule, versions));
    if (!unchangedPasses) {
      throw new Error(`${alert}: its test fails without a mistake: fix the test first`);
    }
    survivors = survivors.filter((_, index) => passes[index]);
  }
  return { rule: nameOf(rule), mutants: mutants.length, survivors };
}

/** The file with each version of a rule in the rule's place. */
export function withEach(file: RuleFile, rule: Rule, versions: readonly Rule[]): readonly RuleFile[] {
  return versions.map((version) => ({
    ...file,
    groups: file.groups.map((group) => ({
      ...group,
      rules: group.rules.map((other) => (other === rule ? version : other)),
    })),
  }));
}

/** Whether the alert's test passes, for each version of the alert's file. */
async function testEach(alert: string, versions: readonly RuleFile[]): Promise<boolean[]> {
  const root = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  try {
    const tests = versions.map(({ topic, groups }, index) => {
      const directory = join(root, String(index));
      const test = join(directory, 'tests', `${alert}.yaml`);
      mkdirSync(join(directory, 'tests'), { recursive: true });
      cpSync(join(TESTS, `${alert}.yaml`), test);
      writeFileSync(join(directory, `${topic}.yaml`), toYaml({ groups }));
      return test;
    });
    const report = join(root, 'report.xml');
    // promtool exits with 1 when a test fails, and most tests should fail here. The report has the results.
    await run(join(BIN, 'promtool'), ['test', 'rules', `--junit=${report}`, ...tests], { maxBuffer: 2 ** 28 }).catch(
      () => undefined,
    );
    const passed = passedIn(readFileSync(report, 'utf8'));
    return tests.map((test) => passed.has(test));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The test files of a JUnit report without a failure or an error. */
function passedIn(report: string): ReadonlySet<string> {
  const suites = report.matchAll(/<testsuite name="([^"]+)" tests="\d+" failures="(\d+)" errors="(\d+)"/g);
  return new Set(
    [...suites].flatMap(([, file, failures, errors]) => (failures === '0' && errors === '0' ? [file!] : [])),
  );
}
