import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { type AlertingRule, isAlertingRule, RuleCatalogue, type RuleFile, rulesOf } from '../../rules';
import { neededFor } from '../../scripts/mutation/needed';
import { ROOT } from '../../tools/catalogue';

/** Groups of which a test does not say when they are evaluated. promtool evaluates them in random order. */
function unordered(rule: AlertingRule, file: RuleFile, order: readonly string[]): string[] {
  const groups = neededFor(rule.alert, file).groups.filter(({ rules }) => rules.length > 0);
  return groups.length > 1 ? groups.map(({ name }) => name).filter((name) => !order.includes(name)) : [];
}

describe('The test of an alert that reads records', () => {
  const cases = RuleCatalogue.sightEdit().files.flatMap((file) =>
    rulesOf([file])
      .filter(isAlertingRule)
      .map((rule) => [rule.alert, rule, file] as const),
  );

  test.each(cases)('%s: names the order of its groups', (name, rule, file) => {
    const text = readFileSync(join(ROOT, 'rules', 'tests', `${name}.yaml`), 'utf8');
    const { group_eval_order = [] } = load(text) as { group_eval_order?: string[] };
    expect(unordered(rule, file, group_eval_order)).toEqual([]);
  });

  test('is found when it does not', () => {
    const [, rule, file] = cases.find(([name]) => name === 'PrometheusNotificationsFailing')!;
    expect(unordered(rule, file, ['prometheus'])).toEqual(['prometheus.recording']);
  });
});
