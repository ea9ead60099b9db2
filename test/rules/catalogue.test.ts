import { load } from 'js-yaml';
import { type AlertLinks, CatalogueError, type CatalogueSource, RuleCatalogue, type RuleFile } from '../../rules';
import { type Files, SOUND_RULES, withRuleDirectory } from '../support/rule-directory';

const RULES = 'rules/demo.yaml';
const INHIBITIONS = 'rules/alertmanager/inhibitions.yaml';

/** The sound rules with a piece of their text replaced. */
function replaced(before: string | RegExp, after: string): Files {
  const sound = SOUND_RULES[RULES]!;
  const text = sound.replace(before, after);
  if (text === sound) {
    throw new Error(`the sound rules do not contain ${before}`);
  }
  return { [RULES]: text };
}

/** A second topic with an alert, its runbook and its test. */
function anotherTopic(topic: string, alert = 'ShopDown', group = topic): Files {
  return {
    [`rules/${topic}.yaml`]: `groups:
  - name: ${group}
    rules:
      - alert: ${alert}
        expr: absent(up{job="shop"} == 1)
        labels: { severity: low, category: business }
        annotations: { summary: The shop is down, description: Nobody can buy. }
`,
    [`rules/tests/${alert}.yaml`]: 'tests: []\n',
    [`runbooks/${alert}.md`]: `# ${alert}\n`,
  };
}

/** What is wrong with the sound rules once files have changed, with the directory's own path cut away. */
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

test('sound rules have no problem', () => {
  expect(problems({})).toEqual([]);
  expect(
    problems({
      ...anotherTopic('shop'),
      ...inhibitions('  - { source: DemoDown, targets: [ShopDown], equal: [instance] }\n'),
    }),
  ).toEqual([]);
});

describe('a rule that breaks a convention is told in one message', () => {
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
      'a label that is a template',
      replaced('severity: high', "severity: high, value: '{{ $value }}'"),
      'rules/demo.yaml: DemoDown: the label value is a template: move it to an annotation, since each new value would be a new alert',
    ],
    [
      'a derived annotation written by hand',
      replaced('summary:', 'runbook_url: https://runbooks.example.com/DemoDown\n          summary:'),
      'rules/demo.yaml: DemoDown: the annotation runbook_url is derived: remove it',
    ],
    [
      'another derived annotation written by hand',
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
      'a record of a bad name',
      replaced('record: instance:demo_requests:rate5m', 'record: demo_requests_rate5m'),
      'rules/demo.yaml: demo_requests_rate5m: the name is not level:metric:operations: rename the record',
    ],
  ])('%s', (_name, changes, message) => {
    expect(problems(changes)).toEqual([message]);
  });

  test('an alert of a bad name', () => {
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

describe('an alert is told to lack what belongs to it', () => {
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
    // The other topic keeps the directories from being empty: they would not exist.
    expect(problems({ ...anotherTopic('pantry', 'PantryEmpty'), ...changes })).toEqual([message]);
  });

  test('but a README and a guide belong to no alert', () => {
    expect(problems({ 'runbooks/README.md': '# Runbooks\n', 'runbooks/incident-response.md': '# Guide\n' })).toEqual(
      [],
    );
  });

  test('and an alert whose name is an abbreviation has its runbook and its test', () => {
    expect(problems(anotherTopic('security', 'DDOS'))).toEqual([]);
  });
});

describe('names that must be unique', () => {
  test('of alerts', () => {
    expect(problems(anotherTopic('shop', 'DemoDown'))).toEqual(['DemoDown is defined twice: rename one of the alerts']);
  });

  test('of groups, whose state Prometheus keeps by name', () => {
    expect(problems(anotherTopic('shop', 'ShopDown', 'demo'))).toEqual([
      'the group demo is defined twice: rename one of the groups',
    ]);
  });
});

describe('an inhibition that cannot work', () => {
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

describe('a file that is no rule file is named', () => {
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

test('several problems are listed together, one a line', () => {
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

  test('without topics has neither their alerts nor the inhibitions that would name them', () => {
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

  test('without topics leaves the whole catalogue as it was', () => {
    const catalogue = read();
    catalogue.without(['cart', 'demo', 'shop']);
    expect(topicsOf(catalogue)).toEqual(['cart', 'demo', 'shop']);
  });
});

describe('the rendered rules', () => {
  const links: AlertLinks = {
    runbook: ({ alert }) => `https://runbooks.example.com/${alert}`,
    dashboard: ({ labels }) => (labels.category === 'application' ? 'https://grafana.example.com/d/app' : undefined),
  };
  const rendered = (catalogue: RuleCatalogue, how = links) =>
    catalogue.render(how).map(({ topic, content }) => ({ topic, groups: (load(content) as RuleFile).groups }));

  /** Rules with the derived annotations of each alert taken out, and what was taken out. */
  function separated(files: readonly RuleFile[]) {
    const derived: Record<string, object> = {};
    const rest = files.map(({ topic, groups }) => ({
      topic,
      groups: groups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) => {
          if (!('alert' in rule)) {
            return rule;
          }
          const { runbook_url, dashboard_url, ...annotations } = rule.annotations;
          derived[rule.alert] = { runbook_url, dashboard_url };
          return { ...rule, annotations };
        }),
      })),
    }));
    return { derived, rest };
  }

  const catalogue = withRuleDirectory(anotherTopic('shop'), RuleCatalogue.read);

  test('carry the links of each alert', () => {
    expect(separated(rendered(catalogue)).derived).toEqual({
      DemoDown: {
        runbook_url: 'https://runbooks.example.com/DemoDown',
        dashboard_url: 'https://grafana.example.com/d/app',
      },
      ShopDown: { runbook_url: 'https://runbooks.example.com/ShopDown', dashboard_url: undefined },
    });
  });

  test('carry no link to a dashboard when there is none to lead to', () => {
    const { derived } = separated(rendered(catalogue, { runbook: links.runbook }));
    expect(Object.values(derived)).toEqual([
      expect.objectContaining({ dashboard_url: undefined }),
      expect.objectContaining({ dashboard_url: undefined }),
    ]);
  });

  test.each([
    ['the sound rules', () => catalogue],
    ["SightEdit's own rules", () => RuleCatalogue.sightEdit()],
  ])('are %s and nothing else', (_name, source) => {
    expect(separated(rendered(source())).rest).toEqual(source().files);
  });
});
