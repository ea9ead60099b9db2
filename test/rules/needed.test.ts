import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { type AlertingRule, isAlertingRule, RuleCatalogue, type RuleFile, rulesOf } from '../../rules';
import { neededFor } from '../../rules/needed';
import { ROOT } from '../../tools/catalogue';

const alert = (name: string, expr: string): AlertingRule => ({
  alert: name,
  expr,
  labels: { severity: 'low', category: 'meta' },
  annotations: { summary: 'Bad', description: 'It is bad.' },
});

describe('what an alert needs of its file', () => {
  const file: RuleFile = {
    topic: 'demo',
    groups: [
      {
        name: 'demo.recording',
        rules: [
          { record: 'a:demo:sum', expr: 'sum(demo)' },
          { record: 'b:demo:max', expr: 'max(a:demo:sum)' },
          { record: 'c:demo:min', expr: 'min(demo)' },
        ],
      },
      { name: 'demo', interval: '2m', rules: [alert('One', 'b:demo:max > 1'), alert('Two', 'c:demo:min > 1')] },
    ],
  };

  test('is itself and the records that it reads, and those that these read', () => {
    const { groups } = neededFor('One', file);
    expect(groups).toEqual([
      { name: 'demo.recording', rules: file.groups[0]!.rules.slice(0, 2) },
      { name: 'demo', interval: '2m', rules: [file.groups[1]!.rules[0]] },
    ]);
  });

  test('keeps groups that have nothing left', () => {
    expect(neededFor('Three', file).groups.map(({ name, rules }) => [name, rules])).toEqual([
      ['demo.recording', []],
      ['demo', []],
    ]);
  });
});

/** Groups that a test evaluates without saying when: promtool takes them in a random order. */
function unordered(rule: AlertingRule, file: RuleFile, order: readonly string[]): string[] {
  const groups = neededFor(rule.alert, file).groups.filter(({ rules }) => rules.length > 0);
  return groups.length > 1 ? groups.map(({ name }) => name).filter((name) => !order.includes(name)) : [];
}

describe('the tests of an alert that reads records', () => {
  const cases = RuleCatalogue.sightEdit().files.flatMap((file) =>
    rulesOf([file])
      .filter(isAlertingRule)
      .map((rule) => [rule.alert, rule, file] as const),
  );

  test.each(cases)('%s: say in which order its groups are evaluated', (name, rule, file) => {
    const text = readFileSync(join(ROOT, 'rules', 'tests', `${name}.yaml`), 'utf8');
    const { group_eval_order = [] } = load(text) as { group_eval_order?: string[] };
    expect(unordered(rule, file, group_eval_order)).toEqual([]);
  });

  test('are told when they do not', () => {
    const [, rule, file] = cases.find(([name]) => name === 'PrometheusNotificationsFailing')!;
    expect(unordered(rule, file, ['prometheus'])).toEqual(['prometheus.recording']);
  });
});
