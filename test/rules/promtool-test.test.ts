import { type AlertingRule, type Inhibition, isAlertingRule, RuleCatalogue, rulesOf } from '../../rules';
import { testedRules } from '../../testing/logql/rule-tests';
import { inhibitionProblems } from './inhibitions';
import { type ExpectedAlert, expectedAlerts, type PromtoolTest, promtoolTests, testProblems } from './promtool-test';

const catalogue = RuleCatalogue.sightEdit();

/** The alerts that a rule over logs is expected to raise, in the form of promtool. */
const expectedOfLogs = new Map(
  testedRules().map(({ rule, tests }) => [
    rule.alert,
    tests
      .flatMap(({ expect }) => expect.flatMap(({ alerts }) => alerts))
      .map(({ labels }): ExpectedAlert => ({ exp_labels: { ...rule.labels, ...labels } })),
  ]),
);

test.each(
  rulesOf(catalogue.files)
    .filter(isAlertingRule)
    .map((rule) => [rule.alert, rule] as const),
)('%s has tests that it fires, stays quiet and recovers', (alert, rule) => {
  expect(testProblems(rule, promtoolTests(alert))).toEqual([]);
});

test.each(catalogue.inhibitions.map((inhibition) => [inhibition.source, inhibition] as const))(
  '%s inhibits alerts that have the compared labels',
  (_source, inhibition) => {
    expect(
      inhibitionProblems(inhibition, (alert) => expectedOfLogs.get(alert) ?? expectedAlerts(promtoolTests(alert))),
    ).toEqual([]);
  },
);

describe('the check of tests', () => {
  const rule: AlertingRule = {
    alert: 'DemoDown',
    expr: 'up == 0',
    for: '5m',
    labels: { severity: 'high', category: 'application' },
    annotations: { summary: 'Demo is down', description: 'Demo has been down for five minutes.' },
  };
  const firing: ExpectedAlert = {
    exp_labels: { ...rule.labels, instance: 'demo:80' },
    exp_annotations: rule.annotations,
  };
  const moment = (...exp_alerts: ExpectedAlert[]) => ({ eval_time: '5m', alertname: 'DemoDown', exp_alerts });
  const fires = (expected = firing): PromtoolTest => ({
    name: 'fires when it is down',
    alert_rule_test: [moment(), moment(expected)],
  });
  const quiet: PromtoolTest = { name: 'stays quiet when it is up', alert_rule_test: [moment()] };
  const recovers: PromtoolTest = { name: 'recovers when it is up', alert_rule_test: [moment(firing), moment()] };
  const sound = [fires(), quiet, recovers];

  test('accepts valid tests', () => {
    expect(testProblems(rule, sound)).toEqual([]);
  });

  test('requires of an alert that always fires only a test that it fires', () => {
    const always: AlertingRule = { ...rule, for: undefined, labels: { severity: 'none', category: 'meta' } };
    const expected = { ...firing, exp_labels: always.labels };
    expect(testProblems(always, [{ ...fires(), alert_rule_test: [moment(expected)] }])).toEqual([]);
    expect(testProblems(always, [])).toEqual(['no test begins with "fires"']);
  });

  test.each<[string, PromtoolTest[], string]>([
    ['a missing kind', [fires(), quiet], 'no test begins with "recovers"'],
    [
      'a name without a kind',
      [...sound, { ...quiet, name: 'is silent' }],
      'is silent: the name begins with none of fires, stays quiet, recovers',
    ],
    [
      'a test in which nothing fires',
      [fires(), { name: 'fires at night', alert_rule_test: [moment()] }, quiet, recovers],
      'fires at night: nothing fires',
    ],
    [
      'tests that do not pin `for`',
      [{ ...fires(), alert_rule_test: [moment(firing)] }, quiet, recovers],
      'no test named fires shows that nothing fires earlier',
    ],
    [
      'a quiet test that fires',
      [fires(), { ...quiet, alert_rule_test: [moment(), moment(firing)] }, recovers],
      'stays quiet when it is up: something fires',
    ],
    [
      'a quiet test without an assertion',
      [fires(), { ...quiet, alert_rule_test: [] }, recovers],
      'stays quiet when it is up: something fires',
    ],
    [
      'a recovery that still fires at the end',
      [fires(), quiet, { ...recovers, alert_rule_test: [moment(), moment(firing)] }],
      'recovers when it is up: does not fire first and end quiet',
    ],
    [
      'a test about another alert',
      [fires(), { ...quiet, alert_rule_test: [{ ...moment(), alertname: 'ShopDown' }] }, recovers],
      'stays quiet when it is up: tests another alert',
    ],
    [
      'missing labels',
      [fires({ ...firing, exp_labels: { category: 'application' } }), quiet, recovers],
      'fires when it is down: exp_labels lacks severity',
    ],
    [
      'missing annotations',
      [fires({ ...firing, exp_annotations: { summary: 'Demo is down' } }), quiet, recovers],
      'fires when it is down: exp_annotations lacks description',
    ],
    [
      'annotations that the rule lacks',
      [fires({ ...firing, exp_annotations: { ...rule.annotations, note: 'hm' } }), quiet, recovers],
      'fires when it is down: exp_annotations has note, which the rule lacks',
    ],
  ])('finds %s', (_name, tests, problem) => {
    expect(testProblems(rule, tests)).toEqual([problem]);
  });
});

describe('the check of inhibitions', () => {
  const inhibition: Inhibition = { source: 'NodeGone', targets: ['DiskFull'], equal: ['node'] };
  const check = (labels: { readonly [alert: string]: readonly ExpectedAlert[] }) =>
    inhibitionProblems(inhibition, (alert) => labels[alert] ?? []);
  const onNode: ExpectedAlert[] = [{ exp_labels: { node: 'node-a' } }];

  test('accepts alerts that have the label on both sides', () => {
    expect(check({ NodeGone: onNode, DiskFull: onNode })).toEqual([]);
  });

  test.each([
    ['a source without the label', { NodeGone: [{ exp_labels: {} }], DiskFull: onNode }, 'NodeGone'],
    ['a target without the label', { NodeGone: onNode, DiskFull: [{ exp_labels: { disk: 'sda' } }] }, 'DiskFull'],
    ['a target with the label in only one test', { NodeGone: onNode, DiskFull: [...onNode, {}] }, 'DiskFull'],
    ['an empty label', { NodeGone: onNode, DiskFull: [{ exp_labels: { node: '' } }] }, 'DiskFull'],
    ['an alert that is never expected', { NodeGone: onNode }, 'DiskFull'],
  ])('finds %s', (_name, labels, alert) => {
    expect(check(labels)).toEqual([`${alert} lacks node, which the inhibition by NodeGone compares`]);
  });
});
