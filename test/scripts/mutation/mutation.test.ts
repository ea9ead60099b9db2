import { type AlertingRule, isAlertingRule, RuleCatalogue, rulesOf } from '../../../rules';
import { mutantsOf } from '../../../scripts/mutation/mutants';
import { tryAlert } from '../../../scripts/mutation/trial';
import { describeWithTools } from '../../support/tools';

const topic = RuleCatalogue.sightEdit().files.find((file) => file.topic === 'nodes')!;
const rule = rulesOf([topic]).find(
  (candidate): candidate is AlertingRule => isAlertingRule(candidate) && candidate.alert === 'NodeNotReady',
)!;

describe('The mutants of an alert', () => {
  const changes = (expr: string) => mutantsOf({ ...rule, expr, for: undefined }).map((mutant) => mutant.rule.expr);

  it('invert each comparison', () => {
    expect(changes('a > b and c <= d')).toEqual(['a < b and c <= d', 'a > b and c > d']);
  });

  it('multiply and divide each threshold by ten', () => {
    expect(changes('a > 3600 * 2')).toEqual(['a < 3600 * 2', 'a > (3600 * 2 * 10)', 'a > (3600 * 2 / 10)']);
  });

  it('change each constant factor of a threshold', () => {
    expect(changes('a > 3 * sum(b)')).toEqual(['a < 3 * sum(b)', 'a > (3 * 10) * sum(b)', 'a > (3 / 10) * sum(b)']);
  });

  it('leave a threshold of zero alone, since ten times zero is zero', () => {
    expect(changes('a > 0')).toEqual(['a < 0']);
  });

  it('remove the waiting time', () => {
    const immediate = mutantsOf(rule).find(({ change }) => change === 'for: 5m removed')!;
    expect(immediate.rule).toEqual({ ...rule, for: undefined });
  });
});

describeWithTools(['promtool'], 'A trial of an alert', () => {
  it('names the changes that its test does not notice', async () => {
    // The test knows 0 and 1: a threshold between them can move.
    const loose = { ...rule, expr: rule.expr.replace('== 0', '< 0.5') };
    expect(loose.expr).not.toBe(rule.expr);
    const file = {
      ...topic,
      groups: topic.groups.map((group) => ({
        ...group,
        rules: group.rules.map((other) => (other === rule ? loose : other)),
      })),
    };
    const { mutants, survivors } = await tryAlert(file, loose);
    expect(mutants).toBe(4);
    expect(survivors).toEqual([expect.stringMatching(/^0\.5 becomes 0\.5 \/ 10 in /)]);
  });

  it('fails when the test fails without a mistake', async () => {
    const wrong = { ...rule, labels: { ...rule.labels, severity: 'low' } as const };
    await expect(tryAlert(topic, wrong)).rejects.toThrow(
      'NodeNotReady: its test fails without a mistake: fix the test first',
    );
  });
});
