import {
  type AlertingRule,
  type CatalogueError,
  checkSlo,
  expandSlo,
  isAlertingRule,
  type RecordingRule,
  RuleCatalogue,
  rulesOf,
  type ServiceLevelObjective,
  sloInhibitions,
} from '../../rules';
import { checkRuleFile } from '../../rules/checks';
import { type Files, withRuleDirectory } from '../support/rule-directory';

const slo: ServiceLevelObjective = {
  name: 'demo-availability',
  prefix: 'DemoAvailability',
  category: 'application',
  objective: 0.995,
  window: '30d',
  sli: {
    errors: 'sum(rate(demo_requests_total{status="failed"}[$window]))',
    total: 'sum(rate(demo_requests_total[$window]))',
  },
  presence: 'demo_requests_total',
  minimumFailures: 9,
  summary: 'The demo fails',
  events: 'demo requests',
  failure: 'failed',
};
const { errors, total } = slo.sli as { errors: string; total: string };

const alertsOf = (of: ServiceLevelObjective): readonly AlertingRule[] =>
  rulesOf([expandSlo(of)]).filter(isAlertingRule);
const recordOf = (of: ServiceLevelObjective, name: string) =>
  rulesOf([expandSlo(of)]).find((rule): rule is RecordingRule => !isAlertingRule(rule) && rule.record === name)!;

describe('an expanded objective', () => {
  const { topic, groups } = expandSlo(slo);

  test('is a topic that follows the conventions', () => {
    expect(topic).toBe('slo-demo-availability');
    expect(groups.map(({ name }) => name)).toEqual([
      `${topic}.recording`,
      `${topic}.budget`,
      topic,
      `${topic}.presence`,
    ]);
    expect(checkRuleFile({ topic, groups })).toEqual([]);
  });

  test('records the ratio of errors over each window, under its own name', () => {
    const records = rulesOf([{ topic, groups }]).filter((rule): rule is RecordingRule => !isAlertingRule(rule));
    expect(records.map(({ record }) => record)).toEqual(
      expect.arrayContaining(
        ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'].map((window) => `slo:sli_error:ratio_rate${window}`),
      ),
    );
    expect(records.map(({ labels }) => labels)).toEqual(records.map(() => ({ slo: slo.name })));
  });

  test('has alerts from urgent to slow', () => {
    expect(alertsOf(slo).map((rule) => [rule.alert, rule.labels.severity, rule.labels.category, rule.for])).toEqual([
      ['DemoAvailabilityBudgetBurnCritical', 'critical', 'application', '2m'],
      ['DemoAvailabilityBudgetBurnHigh', 'high', 'application', '15m'],
      ['DemoAvailabilityBudgetBurnMedium', 'medium', 'application', '1h'],
      ['DemoAvailabilityBudgetBurnLow', 'low', 'application', '3h'],
      ['DemoAvailabilitySLOMetricAbsent', 'high', 'meta', '10m'],
    ]);
  });

  test('compares both windows with the burn rate, and requires a number of failures', () => {
    expect(alertsOf(slo)[0]!.expr).toBe(
      [
        'slo:sli_error:ratio_rate1h{slo="demo-availability"} > 14.4 * 0.005',
        'and',
        'slo:sli_error:ratio_rate5m{slo="demo-availability"} > 14.4 * 0.005',
        'and',
        'slo:sli_errors:rate1h{slo="demo-availability"} * 3600 >= 9',
      ].join('\n'),
    );
  });

  test('describes the measurement and its limit', () => {
    expect(alertsOf(slo)[1]!.annotations).toEqual({
      summary: 'The demo fails: the error budget of demo-availability burns more than 6 times as fast as allowed',
      description:
        '{{ $value | humanizePercentage }} of the demo requests of the last 6h failed, and the problem continues ' +
        '(objective 99.5%, limit of this alert 3%); at this rate the 30d error budget is gone within 5 days.',
    });
  });

  test('counts missing errors as none, and missing good events as unknown', () => {
    expect(recordOf(slo, 'slo:sli_errors:rate5m').expr).toMatch(/\nor\nsum\(slo:sli_total:rate5m\{.*\} \* 0\)$/);
    const good = { ...slo, sli: { good: errors, total } };
    expect(recordOf(good, 'slo:sli_errors:rate5m').expr).not.toContain('or');
  });

  test('inhibits the less urgent alerts', () => {
    expect(sloInhibitions({ prefix: 'Demo' })).toEqual([
      {
        source: 'DemoBudgetBurnCritical',
        targets: ['DemoBudgetBurnHigh', 'DemoBudgetBurnMedium', 'DemoBudgetBurnLow'],
        equal: ['slo'],
      },
      { source: 'DemoBudgetBurnHigh', targets: ['DemoBudgetBurnMedium', 'DemoBudgetBurnLow'], equal: ['slo'] },
      { source: 'DemoBudgetBurnMedium', targets: ['DemoBudgetBurnLow'], equal: ['slo'] },
    ]);
  });
});

describe('the check of objectives', () => {
  test('accepts a valid one', () => {
    expect(checkSlo('demo-availability', slo)).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['another name', { name: 'demo' }, 'name is "demo": write demo-availability, the name of the file'],
    ['a prefix in lower case', { prefix: 'demo' }, 'prefix is "demo": write it in UpperCamelCase'],
    [
      'an unknown category',
      { category: 'sales' },
      'category is "sales": write one of application, business, database, infrastructure, security, meta',
    ],
    ['a percentage', { objective: 99.5 }, 'objective is 99.5: write a ratio between 0 and 1, such as 0.999'],
    ['an objective of 100%', { objective: 1 }, 'objective is 1: write a ratio between 0 and 1, such as 0.999'],
    ['no objective', { objective: undefined }, 'objective is not set: write a ratio between 0 and 1, such as 0.999'],
    ['another window', { window: '7d' }, 'window is "7d": write 30d, which the burn rates are made for'],
    ['no minimum', { minimumFailures: 0 }, 'minimumFailures is 0: write a number above 0'],
    ['no summary', { summary: ' ' }, 'summary is not set: write it'],
    ['no presence', { presence: undefined }, 'presence is not set: write it'],
    [
      'a presence that does not parse',
      { presence: 'a{' },
      'presence does not parse at "the end of the expression": fix the PromQL',
    ],
    ['no indicator', { sli: undefined }, 'sli needs either errors or good: write one of them'],
    ['two indicators', { sli: { errors, good: errors, total } }, 'sli needs either errors or good: write one of them'],
    ['no total', { sli: { errors } }, 'sli.total is not set: write it'],
    [
      'a fixed range',
      { sli: { errors, total: total.replace('$window', '5m') } },
      'sli.total has no $window: write it as the range, as in rate(demo_total[$window])',
    ],
    [
      'an expression that does not parse',
      { sli: { errors: `${errors})`, total } },
      'sli.errors does not parse at ")": fix the PromQL',
    ],
  ])('finds %s', (_name, change, problem) => {
    expect(checkSlo('demo-availability', { ...slo, ...change } as ServiceLevelObjective)).toEqual([
      `rules/slos/demo-availability.yaml: ${problem}`,
    ]);
  });
});

describe('a catalogue with an objective', () => {
  const names = alertsOf(slo).map(({ alert }) => alert);
  const files: Files = {
    'rules/slos/demo-availability.yaml': JSON.stringify(slo),
    ...Object.fromEntries(
      names.flatMap((name) => [
        [`rules/tests/${name}.yaml`, 'tests: []\n'],
        [`runbooks/${name}.md`, `# ${name}\n`],
      ]),
    ),
  };
  const problems = (changes: Files) => {
    try {
      withRuleDirectory({ ...files, ...changes }, RuleCatalogue.read);
    } catch (error) {
      return (error as CatalogueError).problems;
    }
    return [];
  };

  test('has its rules as one more topic, and its inhibitions', () => {
    const catalogue = withRuleDirectory(files, RuleCatalogue.read);
    expect(catalogue.files.map(({ topic }) => topic)).toEqual(['demo', 'slo-demo-availability']);
    expect(catalogue.files[1]).toEqual(expandSlo(slo));
    expect(catalogue.inhibitions).toEqual(sloInhibitions(slo));
  });

  test('has no inhibitions of a topic that is removed', () => {
    expect(withRuleDirectory(files, RuleCatalogue.read).without(['slo-demo-availability']).inhibitions).toEqual([]);
  });

  test('requires a runbook and a test of each alert', () => {
    expect(problems({ [`runbooks/${names[0]}.md`]: undefined, [`rules/tests/${names[1]}.yaml`]: undefined })).toEqual([
      `${names[0]} has no runbook: write runbooks/${names[0]}.md`,
      `${names[1]} has no test: write rules/tests/${names[1]}.yaml`,
    ]);
  });

  test('does not expand an invalid one', () => {
    expect(problems({ 'rules/slos/demo-availability.yaml': JSON.stringify({ ...slo, objective: 99.5 }) })).toEqual([
      'rules/slos/demo-availability.yaml: objective is 99.5: write a ratio between 0 and 1, such as 0.999',
    ]);
  });

  test('rejects a rule file of the same topic', () => {
    const file = { 'rules/slo-demo-availability.yaml': 'groups: []\n' };
    expect(problems(file)).toEqual(['two files have the topic slo-demo-availability: rename one']);
  });
});
