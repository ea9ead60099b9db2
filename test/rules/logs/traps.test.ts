import { LEVELS, NAMED_STREAMS, UNKNOWN_LEVEL } from '../../../constructs/log-collector/line-format';
import { DEFAULT_INDEX_LABELS } from '../../../constructs/loki-stack/limits';
import { type AlertingRule, CatalogueError, RuleCatalogue, type RuleGroup } from '../../../rules';
import { INDEX_LABELS, LABEL_VALUES, logRuleProblems } from '../../../rules/logql';
import { type Files, withRuleDirectory } from '../../support/rule-directory';

/** A valid rule in a valid group. */
const EXPR = `topk(50,
  sum by (client_ip) (
    count_over_time(
      {namespace="shop", stream="security"}
        | json client_ip="source_ip", result="result"
        | result="failure" | client_ip!=""
        | drop __error__, __error_details__ [5m]
    )
  )
) >= 5`;

const GROUP: RuleGroup = { name: 'logs.demo', interval: '1m', rules: [] };

function alert(expr: string, more: object = {}): AlertingRule {
  return {
    alert: 'DemoFailures',
    expr,
    labels: { severity: 'high', category: 'security' },
    annotations: { summary: 'Failures from {{ $labels.client_ip }}', description: '{{ $value }} failures.' },
    ...more,
  };
}

const problems = (expr: string, group: object = {}) => logRuleProblems(alert(expr), { ...GROUP, ...group });

/** The valid expression with a part of its text replaced. */
function changed(before: string | RegExp, after: string): string {
  const expr = EXPR.replace(before, after);
  if (expr === EXPR) {
    throw new Error(`the valid expression does not contain ${before}`);
  }
  return expr;
}

test('a rule that avoids every trap has no problem', () => {
  expect(problems(EXPR)).toEqual([]);
});

describe('a rule over logs is refused', () => {
  test.each<[string, string, string]>([
    [
      'that does not parse: one such file stops every rule',
      changed('topk(50,', 'topk(50'),
      'expr does not parse at "sum by (client_ip) (',
    ],
    ['that reads lines', '{app="shop"} |= "failed"', 'reads lines, and a rule needs numbers'],
    ['with an empty selector', changed(/\{.*\}/, '{}'), 'name a label in the selector'],
    ['that reads every stream', changed(/\{.*\}/, '{namespace=~".+"}'), '{namespace=~".+"} reads every stream'],
    [
      'with a label that is no index label',
      changed('namespace=', 'namespce='),
      'selects by namespce, which is no index label: write namespace or ',
    ],
    [
      'that selects by structured metadata',
      changed('stream="security"', 'k8s_pod_name="shop-1"'),
      'which is structured metadata: write | k8s_pod_name="…" behind the selector',
    ],
    [
      'with a stream that no agent writes',
      changed('"security"', '"secure"'),
      'stream="secure" matches nothing: write security',
    ],
    [
      'with two values of a label',
      changed('namespace="shop"', 'namespace="shop", namespace="cart"'),
      'matches nothing, since namespace has two values',
    ],
    ['with every field of JSON', changed(/\| json .*/, '| json'), 'name the fields, e.g. json address="source_ip"'],
    [
      'with every field of logfmt',
      changed(/\| json .*/, '| logfmt'),
      'name the fields, e.g. logfmt address="source_ip"',
    ],
    ['with unpack', changed(/\| json .*/, '| unpack'), '| unpack takes every field'],
    [
      'that damaged lines stop',
      changed('\n        | drop __error__, __error_details__', ''),
      'a damaged line fails the rule: write | drop __error__',
    ],
    [
      'that damaged lines pass',
      changed('| drop __error__, __error_details__', '| __error__=""'),
      '| __error__="" drops damaged lines, so an attacker hides',
    ],
    [
      'with urldecode',
      changed('| result=', '| label_format x=`{{ .result | urldecode }}` | result='),
      'a URL with %zz stops the rule, or hides the line; write regexReplaceAll and replace',
    ],
    [
      'with a function of templates that does not exist',
      changed('| result=', '| label_format x=`{{ lowr .result }}` | result='),
      'calls lowr, which is unknown or can fail',
    ],
    [
      'with a template that does not parse',
      changed('| result=', '| label_format x=`{{ lower .result ` | result='),
      'does not parse, and Loki only notices with the first line: {{ has no }}',
    ],
    [
      'with a template that is not complete',
      changed('| result=', '| label_format x=`{{ .result | }}` | result='),
      'is not complete',
    ],
    [
      'with a line filter that RE2 refuses',
      changed('| json', '|~ `(?=x)` | json'),
      'the line filter |~ has a regular expression that RE2 refuses',
    ],
    [
      'with a label filter that RE2 refuses',
      changed('result="failure"', 'result=~"(fail"'),
      'the filter of result has a regular expression that RE2 refuses',
    ],
    [
      'with a selector that RE2 refuses',
      changed('namespace="shop"', 'app="a", namespace=~"[z-a]"'),
      'the regular expression of namespace is refused by RE2',
    ],
    [
      'with a replacement that RE2 refuses',
      changed('| result=', '| label_format x=`{{ regexReplaceAll "(" .result "" }}` | result='),
      'RE2 refuses',
    ],
    ['with a pattern that captures nothing', changed('| json', '| pattern `<_> failed` | json'), 'captures nothing'],
    [
      'with two captures side by side',
      changed('| json', '| pattern `<a><b>` | json'),
      'has two captures without a text between them',
    ],
    ['that has a series for each address', changed('topk(50,', '('), 'has a series for each value of client_ip'],
    [
      'that bounds by more series than a query may have',
      changed('topk(50,', 'topk(5000,'),
      'write topk(50, …), at most 100',
    ],
    [
      'that filters by a label that no stage picks',
      changed('result="failure"', 'outcome="failure"'),
      'outcome is not a label here: pick it before',
    ],
    [
      'that groups by a label that no stage picks',
      changed('by (client_ip)', 'by (address)'),
      'sum by address: lines have no such label',
    ],
    [
      'that picks a field under the name of a label',
      changed('result="result"', 'result="result", user_id="user_id"'),
      'the picked field user_id would be user_id_extracted',
    ],
    [
      'that never holds: no lines are no result',
      changed('>= 5', '== 0'),
      '== 0 is never true, since without lines there is no result: write absent_over_time(…)',
    ],
    ['that never holds, for a small number', changed('>= 5', '< 1'), '< 1 is never true'],
    [
      'whose range is shorter than the interval',
      changed('[5m]', '[1m]'),
      'the range [60s] is shorter than the interval of the group, 60s, and 10s for late lines',
    ],
    [
      'whose range is read too often',
      changed('[5m]', '[2h]'),
      'is read again every 60s, without a cache: write interval: 120s',
    ],
    ['whose range reaches beyond what ingesters hold', changed('[5m]', '[30m] offset 3h'), 'reaches back 12600s'],
    [
      'that takes numbers from lines without one',
      'sum(sum_over_time({app="shop"} | json n="n" | drop __error__, __error_details__ | unwrap n [5m])) > 9',
      '| unwrap n fails for a line without a number: write | n=~"[0-9]+" before it',
    ],
    ['that sums without numbers', 'sum(sum_over_time({app="shop"} [5m])) > 9', 'sum_over_time needs numbers'],
    [
      'that compares by a label of one side',
      `${EXPR} and on (client_ip) sum(rate({app="shop"}[5m])) > 1`,
      'and on (client_ip): one side has no such label',
    ],
    [
      'whose annotation prints a label that it lacks',
      changed(/sum by \(client_ip\)/, 'sum by (result)'),
      'an annotation prints $labels.client_ip, which the result does not have',
    ],
  ])('%s', (_what, expr, message) => {
    expect(problems(expr).join('\n')).toContain(message);
  });

  test.each([
    ['keep_firing_for', alert(EXPR, { keep_firing_for: '15m' }), 'hold the alert with a longer range in expr'],
  ])('with %s, which the ruler drops', (field, rule, fix) => {
    expect(logRuleProblems(rule, GROUP)).toEqual([expect.stringMatching(new RegExp(`^${field}: .*${fix}`))]);
  });
});

/** A directory with the valid rule, its runbook and its test. */
const VALID = {
  'rules/logs/demo.yaml': `groups:
  - name: logs.demo
    interval: 1m
    rules:
      - alert: DemoFailures
        expr: |
${EXPR.replace(/^/gm, '          ')}
        labels: { severity: high, category: security }
        annotations:
          summary: Failures from {{ $labels.client_ip }}
          description: Five failures.
`,
  'rules/logs/tests/DemoFailures.yaml': 'tests: []\n',
  'runbooks/DemoFailures.md': '# DemoFailures\n',
} as const satisfies Files;

function directoryProblems(changes: Files): readonly string[] {
  return withRuleDirectory({ ...VALID, ...changes }, (source) => {
    try {
      RuleCatalogue.read(source);
      return [];
    } catch (error) {
      if (error instanceof CatalogueError) {
        return error.problems;
      }
      throw error;
    }
  });
}

const rules = (before: string, after: string) => {
  const text = VALID['rules/logs/demo.yaml'];
  expect(text).toContain(before);
  return { 'rules/logs/demo.yaml': text.replace(before, after) };
};

describe('a directory with rules over logs', () => {
  test('is read, and its alerts are among those of the catalogue', () => {
    expect(directoryProblems({})).toEqual([]);
    const catalogue = withRuleDirectory(VALID, RuleCatalogue.read);
    expect(catalogue.alerts.map((each) => each.alert)).toEqual(['DemoDown', 'DemoFailures']);
    expect(catalogue.logs.map(({ topic }) => topic)).toEqual(['logs/demo']);
    expect(catalogue.files.map(({ topic }) => topic)).toEqual(['demo']);
    const [file] = catalogue.renderLogs({ runbook: (rule) => `https://runbooks.example.com/${rule.alert}` });
    expect(file?.content).toContain('runbook_url: https://runbooks.example.com/DemoFailures');
    expect(catalogue.without(['logs/demo']).alerts.map((each) => each.alert)).toEqual(['DemoDown']);
  });

  test('can be changed as others', () => {
    const catalogue = withRuleDirectory(VALID, RuleCatalogue.read);
    const [demo] = catalogue.change('DemoFailures', { severity: 'low' }).logs[0]!.groups[0]!.rules;
    expect(demo).toMatchObject({ labels: { severity: 'low' } });
    expect(() => catalogue.change('DemoFailures', { expr: 'rate(up[5m])' })).toThrow('fix the LogQL');
    expect(() => catalogue.change('DemoFailures', { keepFiringFor: '5m' })).toThrow(
      'the ruler drops it without an error',
    );
    expect(catalogue.disable('DemoFailures').logs).toEqual([]);
  });

  test.each<[string, Files, string]>([
    [
      'a limit of the group',
      rules('    interval: 1m', '    limit: 10'),
      'rules/logs/demo.yaml: the group logs.demo has limit: a rule with more alerts fails',
    ],
    [
      'query_offset',
      rules('    interval: 1m', '    query_offset: 1m'),
      'the group logs.demo has query_offset: the ruler drops it',
    ],
    [
      'labels of the group',
      rules('    interval: 1m', '    labels: { team: shop }'),
      'the group logs.demo has labels: the ruler drops it',
    ],
    ['no severity', rules('severity: high, ', ''), 'rules/logs/demo.yaml: DemoFailures: severity is not set'],
    ['no expression', rules('expr: |', 'note: |'), 'rules/logs/demo.yaml: DemoFailures: expr is not set: write it'],
    [
      'no runbook',
      { 'runbooks/DemoFailures.md': undefined },
      'DemoFailures has no runbook: write runbooks/DemoFailures.md',
    ],
    [
      'no test',
      { 'rules/logs/tests/DemoFailures.yaml': undefined },
      'DemoFailures has no test: write rules/logs/tests/DemoFailures.yaml',
    ],
    ['a name that a rule on metrics has', rules('DemoFailures', 'DemoDown'), 'DemoDown is defined twice'],
    [
      'an inhibition that compares a label that it lacks',
      {
        'rules/alertmanager/inhibitions.yaml':
          'inhibitions:\n  - { source: DemoDown, targets: [DemoFailures], equal: [job] }\n',
      },
      'inhibitions.yaml: DemoDown: DemoFailures has no label job: group its expr by it',
    ],
  ])('is refused with %s', (_what, changes, message) => {
    expect(directoryProblems(changes).join('\n')).toContain(message);
  });
});

test('the labels that rules may name are those that the agents set and Loki indexes', () => {
  const indexed = [...DEFAULT_INDEX_LABELS.resource, ...DEFAULT_INDEX_LABELS.log].map((name) =>
    name.replaceAll('.', '_'),
  );
  expect([...INDEX_LABELS].sort()).toEqual(indexed.sort());
  expect(LABEL_VALUES.level).toEqual([...Object.keys(LEVELS), UNKNOWN_LEVEL]);
  expect(LABEL_VALUES.stream).toEqual(
    expect.arrayContaining([...NAMED_STREAMS, 'application', 'access', 'events', 'node', 'audit']),
  );
});

test("SightEdit's rules ask to block an address only by a label that holds one", () => {
  const blocking = RuleCatalogue.sightEdit().alerts.filter(({ labels }) => labels.remediation === 'block-address');
  expect(blocking.map((rule) => rule.alert).sort()).toEqual([
    'ApplicationAttackFromAddress',
    'CommandInjectionProbes',
    'CredentialStuffingFromAddress',
    'CrossSiteScriptingProbes',
    'LoginGuessingFromAddress',
    'PathTraversalProbes',
    'ScannerDetected',
    'SqlInjectionProbes',
    'TemplateInjectionProbes',
  ]);
  expect(blocking.filter(({ expr }) => !expr.includes('by (client_ip)'))).toEqual([]);
});
