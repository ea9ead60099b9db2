import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dump } from 'js-yaml';
import { type AlertingRule, isAlertingRule, type RuleFile } from '../../rules';
import { BIN, ROOT } from '../../tools/catalogue';
import { mutantsOf } from './mutants';
import { neededFor } from './needed';

/** Where the alerts' tests are. */
export const TESTS = join(ROOT, 'rules', 'tests');

/** What became of an alert's mutants. */
export interface Result {
  readonly alert: string;
  readonly mutants: number;
  /** Changes that no test noticed. */
  readonly survivors: readonly string[];
}

const run = promisify(execFile);

/**
 * Tries every mutant of an alert against the alert's test, all of them in one run of promtool.
 *
 * @throws when the test fails without a mistake
 */
export async function tryAlert(file: RuleFile, rule: AlertingRule): Promise<Result> {
  const mutants = mutantsOf(rule);
  const [soundPasses, ...passes] = await testEach(file, [rule, ...mutants.map((mutant) => mutant.rule)]);
  if (!soundPasses) {
    throw new Error(`${rule.alert}: its test fails without a mistake; mend it first`);
  }
  const survivors = mutants.filter((_, index) => passes[index]).map(({ change }) => change);
  return { alert: rule.alert, mutants: mutants.length, survivors };
}

/** Whether the test of an alert passes with each of some versions of it. */
async function testEach(file: RuleFile, versions: readonly AlertingRule[]): Promise<boolean[]> {
  const root = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  try {
    const tests = versions.map((version, index) => {
      const directory = join(root, String(index));
      const test = join(directory, 'tests', `${version.alert}.yaml`);
      mkdirSync(join(directory, 'tests'), { recursive: true });
      cpSync(join(TESTS, `${version.alert}.yaml`), test);
      writeFileSync(join(directory, `${file.topic}.yaml`), dump(onlyAlert(file, version), { lineWidth: -1 }));
      return test;
    });
    const report = join(root, 'report.xml');
    // It ends with 1 when a test fails, as most should.
    await run(join(BIN, 'promtool'), ['test', 'rules', `--junit=${report}`, ...tests], { maxBuffer: 2 ** 28 }).catch(
      () => undefined,
    );
    const passed = passedIn(readFileSync(report, 'utf8'));
    return tests.map((test) => passed.has(test));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The test files of a report in JUnit's format in which nothing went wrong. */
function passedIn(report: string): ReadonlySet<string> {
  const suites = report.matchAll(/<testsuite name="([^"]+)" tests="\d+" failures="(\d+)" errors="(\d+)"/g);
  return new Set(
    [...suites].flatMap(([, file, failures, errors]) => (failures === '0' && errors === '0' ? [file!] : [])),
  );
}

/** The file of an alert, which has a mistake, and what it needs of it: other rules only cost time. */
function onlyAlert(file: RuleFile, mutant: AlertingRule): object {
  const groups = neededFor(mutant.alert, file).groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => (isAlertingRule(rule) ? mutant : rule)),
  }));
  return { groups };
}
