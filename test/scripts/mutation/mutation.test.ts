import { type AlertingRule, isAlertingRule, RuleCatalogue, rulesOf } from '../../../rules';
import { mutantsOf } from '../../../scripts/mutation/mutants';
import { readersOf } from '../../../scripts/mutation/needed';
import { tryRule, withEach } from '../../../scripts/mutation/trial';
import { describeWithTools } from '../../support/tools';

const topic = RuleCatalogue.sightEdit().files.find((file) => file.topic === 'nodes')!;
const rule = rulesOf([topic]).find(
  (candidate): candidate is AlertingRule => isAlertingRule(candidate) && candidate.alert === 'NodeNotReady',
)!;

describe('The mutants of an alert', () => {
  const timeless = { ...rule, for: undefined, keep_firing_for: undefined };
  const changes = (expr: string) => mutantsOf({ ...timeless, expr }).map((mutant) => mutant.rule.expr);

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

  it('multiply and divide each window by ten', () => {
    expect(changes('rate(a[5m])')).toEqual(['rate(a[3000s])', 'rate(a[30s])']);
    expect(changes('max_over_time(rate(a[1m])[1h:5m] offset 1d)')).toEqual([
      'max_over_time(rate(a[600s])[1h:5m] offset 1d)',
      'max_over_time(rate(a[6s])[1h:5m] offset 1d)',
      'max_over_time(rate(a[1m])[36000s:5m] offset 1d)',
      'max_over_time(rate(a[1m])[360s:5m] offset 1d)',
    ]);
  });

  it('leave out each label of an aggregation, but not those of a join', () => {
    expect(changes('sum by (a, b) (x) / on (a, b) y')).toEqual([
      'sum by (b) (x) / on (a, b) y',
      'sum by (a) (x) / on (a, b) y',
    ]);
    expect(changes('max without (a) (x)')).toEqual(['max without () (x)']);
  });

  it('remove the waiting times', () => {
    const times = mutantsOf({ ...rule, expr: 'a', for: '5m', keep_firing_for: '10m' });
    expect(times.map(({ change }) => change)).toEqual(['for: 5m removed', 'keep_firing_for: 10m removed']);
    const [immediate, forgetful] = times;
    expect(immediate!.rule).toEqual({ ...rule, expr: 'a', for: undefined, keep_firing_for: '10m' });
    expect(forgetful!.rule).toEqual({ ...rule, expr: 'a', for: '5m', keep_firing_for: undefined });
  });

  it('of a record are those of its expression', () => {
    const record = { record: 'node:a:sum', expr: 'sum by (node) (a > 5)' };
    expect(mutantsOf(record).map((mutant) => mutant.rule)).toEqual([
      { ...record, expr: 'sum by (node) (a < 5)' },
      { ...record, expr: 'sum by (node) (a > (5 * 10))' },
      { ...record, expr: 'sum by (node) (a > (5 / 10))' },
      { ...record, expr: 'sum by () (a > 5)' },
    ]);
  });
});

describeWithTools(['promtool'], 'A trial of a rule', () => {
  const fileWith = (version: AlertingRule) => withEach(topic, rule, [version])[0]!;

  it('names the changes that its test does not notice', async () => {
    // The test knows 0 and 1: a threshold between them can move.
    const loose = { ...rule, expr: rule.expr.replace('== 0', '< 0.5') };
    expect(loose.expr).not.toBe(rule.expr);
    const { mutants, survivors } = await tryRule(fileWith(loose), loose);
    expect(mutants).toBe(mutantsOf(loose).length);
    expect(survivors.map(({ change }) => change)).toEqual([expect.stringMatching(/^0\.5 becomes 0\.5 \/ 10 in /)]);
  });

  it('fails when the test fails without a mistake', async () => {
    const wrong = { ...rule, labels: { ...rule.labels, severity: 'low' } as const };
    await expect(tryRule(fileWith(wrong), wrong)).rejects.toThrow(
      'NodeNotReady: its test fails without a mistake: fix the test first',
    );
  });

  it('of a record runs the tests of the alerts that read it', async () => {
    const record = rulesOf([topic]).find((one) => 'record' in one && one.record === 'node:node_cpu_cores:count')!;
    expect(readersOf(record, topic)).toEqual(['NodeCPUSaturated', 'NodeStalledOnIO']);
    const { mutants, survivors } = await tryRule(topic, record);
    expect([mutants, survivors]).toEqual([3, []]);
  });
});
