import { CatalogueError, type CatalogueSource, RuleCatalogue } from '../../rules';
import { type Files, SOUND_RULES, withRuleDirectory } from '../support/rule-directory';
import { anotherTopic } from './another-topic';

const RULES = 'rules/demo.yaml';
const INHIBITIONS = 'rules/alertmanager/inhibitions.yaml';

/** The valid rules with a part of their text replaced. */
function replaced(before: string | RegExp, after: string): Files {
  const sound = SOUND_RULES[RULES]!;
  const text = sound.replace(before, after);
  if (text === sound) {
    throw new Error(`the valid rules do not contain ${before}`);
  }
  return { [RULES]: text };
}

/** Problems of the valid rules after some changes. Paths are relative to the directory. */
function problems(changes: Files): readonly string[] {
  return withRuleDirectory(changes, (source: CatalogueSource) => {
    try {
      RuleCatalogue.read(source);
    } catch (error) {
      if (error instanceof CatalogueError) {
        const root = source.rules.slice(0, -'rules'.length);
        return error.problems.map((problem) => problem.replaceAll(root, ''));
      }
      throw error;
    }
    return [];
  });
}

const inhibitions = (text: string): Files => ({ [INHIBITIONS]: `inhibitions:\n${text}` });

test('valid rules have no problem', () => {
  expect(problems({})).toEqual([]);
  expect(
    problems({
      ...anotherTopic('shop'),
      ...inhibitions('  - { source: DemoDown, targets: [ShopDown], equal: [instance] }\n'),
    }),
  ).toEqual([]);
});

describe('a rule that breaks a convention is reported in one message', () => {
  const SEVERITIES = 'write one of critical, high, medium, low, none';
  const CATEGORIES = 'write one of application, business, database, infrastructure, security, meta';

  test.each<[string, Files, string]>([
    [
      'unknown severity',
      replaced('severity: high', 'severity: urgent'),
      `rules/demo.yaml: DemoDown: severity is "urgent": ${SEVERITIES}`,
    ],
    ['no severity', replaced('severity: high, ', ''), `rules/demo.yaml: DemoDown: severity is not set: ${SEVERITIES}`],
    [
      'unknown category',
      replaced('category: application', 'category: sales'),
      `rules/demo.yaml: DemoDown: category is "sales": ${CATEGORIES}`,
    ],
    [
      'no summary',
      replaced(/ +summary: .*\n/, ''),
      'rules/demo.yaml: DemoDown: the annotation summary is not set: write it',
    ],
    [
      'an empty description',
      replaced(/description: .*/, "description: ' '"),
      'rules/demo.yaml: DemoDown: the annotation description is not set: write it',
    ],
    [
      'a template as a label',
      replaced('severity: high', "severity: high, value: '{{ $value }}'"),
      'rules/demo.yaml: DemoDown: the label value is a template: move it to an annotation, since each new value would be a new alert',
    ],
    [
      'a derived annotation',
      replaced('summary:', 'runbook_url: https://runbooks.example.com/DemoDown\n          summary:'),
      'rules/demo.yaml: DemoDown: the annotation runbook_url is derived: remove it',
    ],
    [
      'the other derived annotation',
      replaced('summary:', 'dashboard_url: https://grafana.example.com/d/demo\n          summary:'),
      'rules/demo.yaml: DemoDown: the annotation dashboard_url is derived: remove it',
    ],
    [
      'an expression of an alert that does not parse',
      replaced('{job="demo"} == 1', '{job="demo" == 1'),
      'rules/demo.yaml: DemoDown: expr does not parse at "== 1)": fix the PromQL',
    ],
    [
      'an expression of a record that does not parse',
      replaced('sum by (instance)', 'sum by instance'),
      'rules/demo.yaml: instance:demo_requests:rate5m: expr does not parse at "instance (rate(demo_requests_total[5m]))": ' +
        'fix the PromQL',
    ],
    ['no expression', replaced(/ +expr: absent.*\n/, ''), 'rules/demo.yaml: DemoDown: expr is not set: write it'],
    [
      'a record with an invalid name',
      replaced('record: instance:demo_requests:rate5m', 'record: demo_requests_rate5m'),
      'rules/demo.yaml: demo_requests_rate5m: the name is not level:metric:operations: rename the record',
    ],
  ])('%s', (_name, changes, message) => {
    expect(problems(changes)).toEqual([message]);
  });

  test('an alert with an invalid name', () => {
    expect(
      problems({
        ...anotherTopic('shop'),
        ...replaced('alert: DemoDown', 'alert: demo-down'),
        'rules/tests/DemoDown.yaml': undefined,
        'runbooks/DemoDown.md': undefined,
      }),
    ).toContain('rules/demo.yaml: demo-down: the name is not UpperCamelCase: write it like NodeNotReady');
  });
});

describe('a missing part of an alert is reported', () => {
  test.each<[string, Files, string]>([
    ['a runbook', { 'runbooks/DemoDown.md': undefined }, 'DemoDown has no runbook: write runbooks/DemoDown.md'],
    ['a test', { 'rules/tests/DemoDown.yaml': undefined }, 'DemoDown has no test: write rules/tests/DemoDown.yaml'],
    [
      'a rule for its runbook',
      { 'runbooks/ShopDown.md': '# ShopDown\n' },
      'runbooks/ShopDown.md is the runbook of no alert: remove it, or write the alert ShopDown',
    ],
    [
      'a rule for its test',
      { 'rules/tests/ShopDown.yaml': 'tests: []\n' },
      'rules/tests/ShopDown.yaml is the test of no alert: remove it, or write the alert ShopDown',
    ],
  ])('%s', (_name, changes, message) => {
    // Without the other topic the directories would not exist.
    expect(problems({ ...anotherTopic('pantry', 'PantryEmpty'), ...changes })).toEqual([message]);
  });

  test('but a README and a guide need no alert', () => {
    expect(problems({ 'runbooks/README.md': '# Runbooks\n', 'runbooks/incident-response.md': '# Guide\n' })).toEqual(
      [],
    );
  });

  test('and the name of an alert may be an abbreviation', () => {
    expect(problems(anotherTopic('security', 'DDOS'))).toEqual([]);
  });
});

describe('names that must be unique', () => {
  test('of alerts', () => {
    expect(problems(anotherTopic('shop', 'DemoDown'))).toEqual(['DemoDown is defined twice: rename one of the alerts']);
  });

  test('of groups, because Prometheus stores their state by name', () => {
    expect(problems(anotherTopic('shop', 'ShopDown', 'demo'))).toEqual([
      'the group demo is defined twice: rename one of the groups',
    ]);
  });
});

describe('an invalid inhibition is reported', () => {
  test.each<[string, string, string]>([
    [
      'by an alert that does not exist',
      '  - { source: NodeGone, targets: [DemoDown], equal: [instance] }\n',
      'inhibitions.yaml: there is no alert NodeGone: write the name of an alert',
    ],
    [
      'of an alert that does not exist',
      '  - { source: DemoDown, targets: [DemoSlow], equal: [instance] }\n',
      'inhibitions.yaml: there is no alert DemoSlow: write the name of an alert',
    ],
    [
      'with an empty list of equal labels',
      '  - { source: DemoDown, targets: [ShopDown], equal: [] }\n',
      'inhibitions.yaml: DemoDown has no equal labels and would inhibit ShopDown everywhere: name the labels',
    ],
    [
      'without a list of equal labels',
      '  - { source: DemoDown, targets: [ShopDown] }\n',
      'inhibitions.yaml: DemoDown has no equal labels and would inhibit ShopDown everywhere: name the labels',
    ],
  ])('%s', (_name, text, message) => {
    expect(problems({ ...anotherTopic('shop'), ...inhibitions(text) })).toEqual([message]);
  });
});

describe('an invalid file is reported', () => {
  test.each<[string, Files, RegExp]>([
    ['broken YAML', { [RULES]: 'groups: [\n' }, /^rules\/demo\.yaml is not valid YAML: /],
    ['an empty file', { [RULES]: '' }, /^rules\/demo\.yaml is not valid YAML: /],
    ['YAML without groups', { [RULES]: 'rules: []\n' }, /^rules\/demo\.yaml has no groups: /],
    [
      'a group without rules',
      { [RULES]: 'groups: [{ name: demo }]\n' },
      /^rules\/demo\.yaml: the group demo has no rules: /,
    ],
    ['broken inhibitions', { [INHIBITIONS]: 'inhibitions: [\n' }, /inhibitions\.yaml is not valid YAML/],
  ])('%s', (_name, changes, message) => {
    expect(problems(changes)).toEqual([expect.stringMatching(message)]);
  });
});

test('several problems are reported together, one per line', () => {
  const text = SOUND_RULES[RULES]!.replace('severity: high', 'severity: urgent').replace('== 1)', '== (');
  expect(() => withRuleDirectory({ [RULES]: text, 'runbooks/DemoUp.md': '# DemoUp\n' }, RuleCatalogue.read)).toThrow(
    new CatalogueError([
      'rules/demo.yaml: DemoDown: severity is "urgent": write one of critical, high, medium, low, none',
      'rules/demo.yaml: DemoDown: expr does not parse at "the end of the expression": fix the PromQL',
      'runbooks/DemoUp.md is the runbook of no alert: remove it, or write the alert DemoUp',
    ]),
  );
  expect(new CatalogueError(['one', 'two']).message).toBe('The rules have problems:\n  one\n  two');
});

describe('a catalogue', () => {
  const read = (changes: Files = {}) =>
    withRuleDirectory({ ...anotherTopic('shop'), ...anotherTopic('cart', 'CartLost'), ...changes }, RuleCatalogue.read);
  const topicsOf = ({ files }: RuleCatalogue) => files.map(({ topic }) => topic);

  test('has topics and alerts in the order of their files', () => {
    expect(topicsOf(read())).toEqual(['cart', 'demo', 'shop']);
    expect(read().alerts.map(({ alert }) => alert)).toEqual(['CartLost', 'DemoDown', 'ShopDown']);
  });

  test('has an expression as text, even if YAML reads a number', () => {
    const [alert] = read(replaced('expr: absent(up{job="demo"} == 1)', 'expr: 1')).alerts.filter(
      (rule) => rule.alert === 'DemoDown',
    );
    expect(alert!.expr).toBe('1');
  });

  test('without a topic has neither its alerts nor inhibitions of them', () => {
    const catalogue = read(
      inhibitions(
        '  - { source: DemoDown, targets: [ShopDown, CartLost], equal: [instance] }\n' +
          '  - { source: CartLost, targets: [ShopDown], equal: [instance] }\n' +
          '  - { source: ShopDown, targets: [CartLost], equal: [instance] }\n',
      ),
    ).without(['cart']);
    expect(topicsOf(catalogue)).toEqual(['demo', 'shop']);
    expect(catalogue.inhibitions).toEqual([{ source: 'DemoDown', targets: ['ShopDown'], equal: ['instance'] }]);
  });

  test('is not changed by without()', () => {
    const catalogue = read();
    catalogue.without(['cart', 'demo', 'shop']);
    expect(topicsOf(catalogue)).toEqual(['cart', 'demo', 'shop']);
  });
});
