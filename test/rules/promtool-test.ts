import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { AlertingRule } from '../../rules';
import { ROOT } from '../../tools/catalogue';

/** An alert that a test expects. */
export interface ExpectedAlert {
  readonly exp_labels?: { readonly [label: string]: string };
  readonly exp_annotations?: { readonly [annotation: string]: string };
}

/** The part of a promtool test that states which alerts fire when. */
export interface PromtoolTest {
  readonly name: string;
  readonly alert_rule_test: readonly {
    readonly eval_time: string;
    readonly alertname: string;
    readonly exp_alerts: readonly ExpectedAlert[];
  }[];
}

/** The tests of an alert. */
export function promtoolTests(alert: string): readonly PromtoolTest[] {
  const path = join(ROOT, 'rules', 'tests', `${alert}.yaml`);
  return (load(readFileSync(path, 'utf8')) as { tests: PromtoolTest[] }).tests;
}

/** Every alert that a set of tests expects. */
export function expectedAlerts(tests: readonly PromtoolTest[]): readonly ExpectedAlert[] {
  return tests.flatMap(({ alert_rule_test }) => alert_rule_test.flatMap(({ exp_alerts }) => exp_alerts ?? []));
}

const KINDS = ['fires', 'stays quiet', 'recovers'] as const;

/** What the tests of an alert lack. An alert that always fires cannot stay quiet or recover. */
export function testProblems(rule: AlertingRule, tests: readonly PromtoolTest[]): string[] {
  const needed = rule.labels.severity === 'none' ? ['fires'] : KINDS;
  return [
    ...needed
      .filter((kind) => !tests.some(({ name }) => name.startsWith(`${kind} `)))
      .map((kind) => `no test begins with "${kind}"`),
    ...(rule.for === undefined || tests.some(pinsFor) ? [] : ['no test named fires shows that nothing fires earlier']),
    ...tests.flatMap((test) => problemsOf(rule, test).map((problem) => `${test.name}: ${problem}`)),
  ];
}

/** Whether a test shows that nothing fires at first, and so pins `for`. */
function pinsFor({ name, alert_rule_test }: PromtoolTest): boolean {
  const moments = alert_rule_test.map(({ exp_alerts }) => (exp_alerts ?? []).length > 0);
  return name.startsWith('fires ') && moments[0] === false && moments.includes(true);
}

function problemsOf(rule: AlertingRule, test: PromtoolTest): string[] {
  const kind = KINDS.find((each) => test.name.startsWith(`${each} `));
  const moments = test.alert_rule_test.map(({ exp_alerts }) => (exp_alerts ?? []).length > 0);
  const foreign = test.alert_rule_test.filter(({ alertname }) => alertname !== rule.alert);
  const checks: [boolean, string][] = [
    [kind === undefined, `the name begins with none of ${KINDS.join(', ')}`],
    [foreign.length > 0, 'tests another alert'],
    [kind === 'fires' && !moments.includes(true), 'nothing fires'],
    [kind === 'stays quiet' && (moments.length === 0 || moments.includes(true)), 'something fires'],
    [kind === 'recovers' && !(moments.includes(true) && moments.at(-1) === false), 'does not fire first and end quiet'],
  ];
  return [
    ...checks.flatMap(([wrong, problem]) => (wrong ? [problem] : [])),
    ...expectedAlerts([test]).flatMap((expected) => incomplete(rule, expected)),
  ];
}

/**
 * Labels and annotations of the rule that an expected alert lacks, and annotations that only the expected alert has.
 */
function incomplete({ labels, annotations }: AlertingRule, expected: ExpectedAlert): string[] {
  const wrongLabels = Object.entries(labels).filter(([name, value]) => expected.exp_labels?.[name] !== value);
  const names = Object.keys(annotations);
  const missing = names.filter((name) => !expected.exp_annotations?.[name]?.trim());
  const extra = Object.keys(expected.exp_annotations ?? {}).filter((name) => !names.includes(name));
  return [
    ...wrongLabels.map(([name]) => `exp_labels lacks ${name}`),
    ...missing.map((name) => `exp_annotations lacks ${name}`),
    ...extra.map((name) => `exp_annotations has ${name}, which the rule lacks`),
  ];
}
