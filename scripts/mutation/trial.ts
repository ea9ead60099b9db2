import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toYaml } from '../../formats/yaml';
import { type AlertingRule, isAlertingRule, type RuleFile } from '../../rules';
import { BIN, ROOT } from '../../tools/catalogue';
import { mutantsOf } from './mutants';
import { neededFor } from './needed';

/** Directory of the alerts' tests. */
export const TESTS = join(ROOT, 'rules', 'tests');

/** Result of the mutants of one alert. */
export interface Result {
  readonly alert: string;
  readonly mutants: number;
  /** The changes that no test noticed. */
  readonly survivors: readonly string[];
}

const run = promisify(execFile);

/**
 * Runs the alert's test against every mutant of the alert, all in one run of promtool.
 *
 * @throws Error when the test fails on the unchanged alert
 */
export async function tryAlert(file: RuleFile, rule: AlertingRule): Promise<Result> {
  const mutants = mutantsOf(rule);
  const [unchangedPasses, ...passes] = await testEach(file, [rule, ...mutants.map((mutant) => mutant.rule)]);
  if (!unchangedPasses) {
    throw new Error(`${rule.alert}: its test fails without a mistake: fix the test first`);
  }
  const survivors = mutants.filter((_, index) => passes[index]).map(({ change }) => change);
  return { alert: rule.alert, mutants: mutants.length, survivors };
}

/** Whether the alert's test passes, for each version of the alert. */
async function testEach(file: RuleFile, versions: readonly AlertingRule[]): Promise<boolean[]> {
  const root = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  try {
    const tests = versions.map((version, index) => {
      const directory = join(root, String(index));
      const test = join(directory, 'tests', `${version.alert}.yaml`);
      mkdirSync(join(directory, 'tests'), { recursive: true });
      cpSync(join(TESTS, `${version.alert}.yaml`), test);
      writeFileSync(join(directory, `${file.topic}.yaml`), toYaml(onlyAlert(file, version)));
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

/** The rule file with only the mutant and the records that it reads: other rules would only cost time. */
function onlyAlert(file: RuleFile, mutant: AlertingRule): object {
  const groups = neededFor(mutant.alert, file).groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => (isAlertingRule(rule) ? mutant : rule)),
  }));
  return { groups };
}
