import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AlertingRule, isAlertingRule, RuleCatalogue } from '../../../rules';
import { withFacts } from '../../../scripts/runbooks/facts';
import { sightEditRunbook } from '../../../scripts/runbooks/sightedit';
import { ROOT } from '../../../tools/catalogue';

const alerts = RuleCatalogue.sightEdit().files.flatMap(({ topic, groups }) =>
  groups
    .flatMap(({ rules }) => rules)
    .filter(isAlertingRule)
    .map((rule) => [rule.alert, rule, topic] as const),
);

describe('A runbook', () => {
  it.each(alerts)(
    '%s shows its rule and the response to it as they stand (if not: npm run runbooks)',
    (name, rule, topic) => {
      const runbook = readFileSync(join(ROOT, 'runbooks', `${name}.md`), 'utf8');
      expect(runbook).toBe(sightEditRunbook(runbook, rule, topic));
    },
  );

  const rule: AlertingRule = {
    alert: 'DemoDown',
    expr: 'up == 0\n',
    for: '5m',
    labels: { severity: 'high', category: 'meta' },
    annotations: { summary: 'Down', description: 'It is down.' },
  };

  it('keeps its prose when the facts are written again', () => {
    const once = withFacts('# DemoDown\n\n## Meaning\n\nIt is down.\n', rule, 'demo');
    expect(withFacts(once, { ...rule, for: '9m' }, 'demo')).toBe(once.replace('| 5m |', '| 9m |'));
    expect(once).toMatch(
      /^# DemoDown\n\n<!-- written[\s\S]*\| high \| 30 minutes \| meta \| 5m \|[\s\S]*## Meaning\n\nIt is down\.\n$/,
    );
  });
});
