import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { type AlertChange, RuleCatalogue, type RuleFile, selectorsIn } from '../../rules';
import { ROOT } from '../../tools/catalogue';
import { SOUND_RULES, withRuleDirectory } from '../support/rule-directory';

const catalogue = RuleCatalogue.sightEdit();
const alertOf = (of: RuleCatalogue, name: string) => of.alerts.find(({ alert }) => alert === name)!;
const limits = load(readFileSync(join(ROOT, 'rules', 'thresholds.yaml'), 'utf8')) as {
  readonly [alert: string]: object;
};
const changed = (name: string, change: AlertChange) => alertOf(catalogue.change(name, change), name);

describe('A changed alert', () => {
  const before = alertOf(catalogue, 'RedisRejectedConnections');

  it('has the new severity, durations, labels and annotations, and is otherwise the same', () => {
    const after = changed('RedisRejectedConnections', {
      severity: 'page',
      category: 'cache-team',
      remediation: 'clear-cache',
      for: '2m',
      keepFiringFor: '1h30m',
      labels: { tier: '1' },
      annotations: { summary: 'Redis is full' },
    });
    expect(after).toEqual({
      ...before,
      for: '2m',
      keep_firing_for: '1h30m',
      labels: { severity: 'page', category: 'cache-team', remediation: 'clear-cache', tier: '1' },
      annotations: { ...before.annotations, summary: 'Redis is full' },
    });
  });

  it('loses what is null', () => {
    expect(changed('RedisRejectedConnections', { keepFiringFor: null })).not.toHaveProperty('keep_firing_for');
    expect(changed('RedisMemoryAlmostFull', { remediation: null }).labels).not.toHaveProperty('remediation');
    expect(changed('RedisMemoryAlmostFull', { for: null })).not.toHaveProperty('for');
  });

  it('keeps what is undefined', () => {
    const nothing: AlertChange = { severity: undefined, for: undefined, labels: undefined, thresholds: undefined };
    expect(changed('RedisRejectedConnections', nothing)).toEqual(before);
  });

  it('has the new expression', () => {
    expect(changed('RedisRejectedConnections', { expr: 'redis_up == 0' }).expr).toBe('redis_up == 0');
  });

  it('leaves the catalogue, and the other alerts, as they were', () => {
    const after = catalogue.change('RedisRejectedConnections', { severity: 'low' });
    expect(alertOf(catalogue, 'RedisRejectedConnections')).toBe(before);
    expect(after.alerts.filter((rule, index) => rule !== catalogue.alerts[index]).map(({ alert }) => alert)).toEqual([
      'RedisRejectedConnections',
    ]);
    expect(after.inhibitions).toEqual(catalogue.inhibitions);
  });

  it('keeps a runbook_url of its own', () => {
    const own = catalogue.change('NodeNotReady', { annotations: { runbook_url: 'https://wiki.example.com/nodes' } });
    const rules = own
      .render({ runbook: ({ alert }) => `https://runbooks.example.com/${alert}` })
      .flatMap(({ content }) => (load(content) as RuleFile).groups)
      .flatMap((group) => group.rules);
    const urls = new Map(
      rules.flatMap((rule) => ('alert' in rule ? [[rule.alert, rule.annotations.runbook_url]] : [])),
    );
    expect(urls.get('NodeNotReady')).toBe('https://wiki.example.com/nodes');
    expect(urls.get('NodePressure')).toBe('https://runbooks.example.com/NodePressure');
  });

  it.each<[string, string, AlertChange, string]>([
    [
      'an unknown alert',
      'NodeFilesytemFillingUp',
      {},
      "change('NodeFilesytemFillingUp'): there is no such alert: write NodeFilesystemFillingUp or ",
    ],
    [
      'an unknown threshold',
      'NodeFilesystemFillingUp',
      { thresholds: { full: 0.9 } },
      "change('NodeFilesystemFillingUp'): there is no threshold full: write one of free",
    ],
    [
      'a threshold of an alert that names none',
      'NodeNotReady',
      { thresholds: { nodes: 1 } },
      "change('NodeNotReady'): there is no threshold nodes: this alert names none; change its expr",
    ],
    [
      'a threshold that is no number',
      'NodeFilesystemFillingUp',
      { thresholds: { free: Number.NaN } },
      'the threshold free is NaN: write a finite number',
    ],
    [
      'a threshold beside an expression',
      'NodeFilesystemFillingUp',
      { thresholds: { free: 0.2 }, expr: 'up == 0' },
      'thresholds and expr exclude each other',
    ],
    ['a duration', 'NodeNotReady', { for: '5 minutes' }, 'for is "5 minutes": write a duration such as 10m or 1h30m'],
    ['an empty duration', 'NodeNotReady', { keepFiringFor: '' }, 'keepFiringFor is "": write a duration'],
    ['an expression', 'NodeNotReady', { expr: 'up ==' }, "change('NodeNotReady'): expr does not parse at"],
    ['a label', 'NodeNotReady', { labels: { 'cost-center': '1' } }, '"cost-center" is no name of a label'],
    ['no severity', 'NodeNotReady', { severity: '' }, 'NodeNotReady: severity is "": write'],
    ['a template', 'NodeNotReady', { labels: { v: '{{ $value }}' } }, 'NodeNotReady: the label v is a template'],
    [
      'an expression that divides by nothing',
      'NodeNotReady',
      { expr: 'sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 1' },
      'NodeNotReady: expr divides by',
    ],
  ])('is refused with the fix for %s', (_what, name, change, message) => {
    expect(() => catalogue.change(name, change)).toThrow(message);
  });
});

describe('A threshold', () => {
  it.each<[string, string, number, string, string]>([
    ['NodeFilesystemAlmostFull', 'free', 0.125, '< 0.125', '(limit 12.5%)'],
    ['PostgresReplicationLag', 'lag', 2 * 1024 ** 3, '> 2147483648', 'more than 2 GiB'],
    ['PostgresLongRunningTransaction', 'age', 3600, '> 3600', 'more than 1 hour.'],
    ['BackupMissing', 'age', 36 * 3600, '> 129600', 'within 36 hours,'],
    ['CertificateExpiringSoon', 'left', 30 * 86_400, '< 2592000', 'the limit of 30 days.'],
    ['RedisLatencyHigh', 'latency', 0.005, '> 0.005', '(limit 5 ms)'],
    ['PostgresDeadlocks', 'deadlocks', 20, '> 20', 'more than 20;'],
    ['NodeCPUSaturated', 'loadPerCore', 3, '> 3', 'above 3 per core'],
  ])('of %s, %s, changes to %s in the expression and in the text', (alert, threshold, value, expr, text) => {
    const before = alertOf(catalogue, alert);
    const after = changed(alert, { thresholds: { [threshold]: value } });
    expect(before.expr).not.toContain(expr);
    expect(after.expr).toContain(expr);
    expect(Object.values(after.annotations).join('\n')).toContain(text);
    expect(selectorsIn(after.expr)).toEqual(selectorsIn(before.expr));
  });

  it('changes wherever the expression has it, and nowhere else', () => {
    const before = alertOf(catalogue, 'PostgresXidWraparoundRisk').expr;
    const after = changed('PostgresXidWraparoundRisk', { thresholds: { age: 5e8 } }).expr;
    expect(after).toBe(before.replaceAll('1e9', '500000000'));
    expect(changed('PostgresIdleInTransaction', { thresholds: { sessions: 50 } }).expr).toBe(
      alertOf(catalogue, 'PostgresIdleInTransaction').expr.replace('> 5\n', '> 50\n'),
    );
  });

  it('changes more than once, and beside another', () => {
    const name = 'NodeCPUSaturated';
    const twice = catalogue
      .change(name, { thresholds: { busy: 0.8, loadPerCore: 2 } })
      .change(name, { thresholds: { busy: 0.95 } });
    expect(alertOf(twice, name)).toEqual(changed(name, { thresholds: { busy: 0.95, loadPerCore: 2 } }));
  });

  it('is gone with the expression that had it', () => {
    const replaced = catalogue.change('NodeFilesystemAlmostFull', { expr: 'node_filesystem_avail_bytes < 1' });
    expect(() => replaced.change('NodeFilesystemAlmostFull', { thresholds: { free: 0.1 } })).toThrow('names none');
  });

  // A limit that two comparisons share has one meaning in both.
  it('has the same meaning wherever the expression has it', () => {
    const places = (alert: string, name: string) =>
      changed(alert, { thresholds: { [name]: 424_242 } }).expr.split('424242').length - 1;
    const shared = Object.entries(limits)
      .filter(([alert, names]) => Object.keys(names).some((name) => places(alert, name) > 1))
      .map(([alert]) => alert);
    expect(shared.sort()).toEqual(['PostgresXidWraparoundRisk', 'PrometheusRemoteWriteBehind']);
  });

  it.each<[string, string, string]>([
    ['alert', 'DemoUp: { limit: { expr: 1, unit: count } }', 'thresholds.yaml: there is no alert DemoUp: remove'],
    [
      'limit',
      'DemoDown: { limit: { expr: 2, unit: count } }',
      'thresholds.yaml: DemoDown.limit: the expression compares nothing with 2: write the limit as the expression has it',
    ],
    [
      'text',
      'DemoDown: { limit: { expr: 1, text: 1%, unit: ratio } }',
      'thresholds.yaml: DemoDown.limit: no annotation has "1%": write the limit as the annotations have it',
    ],
  ])('that the rules do not have is reported: the %s', (_what, text, problem) => {
    expect(() => withRuleDirectory({ 'rules/thresholds.yaml': `${text}\n` }, RuleCatalogue.read)).toThrow(problem);
  });

  it('belongs to your own rules, too', () => {
    const own = withRuleDirectory(
      { 'rules/thresholds.yaml': 'DemoDown: { up: { expr: 1, text: five minutes, unit: seconds } }\n' },
      RuleCatalogue.read,
    ).change('DemoDown', { thresholds: { up: 7200 } });
    expect(own.alerts[0]).toMatchObject({
      expr: 'absent(up{job="demo"} == 7200)',
      annotations: { description: 'Prometheus has reached no target of {{ $labels.job }} for 2 hours.' },
    });
  });
});

describe('A disabled alert', () => {
  const without = catalogue.disable('NodeNotReady', 'PodCrashLooping');

  it('is gone with its inhibitions, its runbook and its metrics', () => {
    expect(catalogue.alerts.length - without.alerts.length).toBe(2);
    const text = JSON.stringify(without.inhibitions);
    expect(JSON.stringify(catalogue.inhibitions)).toContain('"NodeNotReady"');
    expect(text).not.toContain('"NodeNotReady"');
    expect(text).not.toContain('"PodCrashLooping"');
    const places = without.uses.map(({ where }) => where);
    expect(places).not.toContain('runbooks/NodeNotReady.md');
    expect(places).not.toContain('rules/nodes.yaml: NodeNotReady');
    expect(places).toContain('runbooks/NodePressure.md');
  });

  it('takes an empty group and an empty topic along', () => {
    const names = catalogue.files
      .filter(({ topic }) => topic === 'remediation')
      .flatMap(({ groups }) =>
        groups.flatMap(({ rules }) => rules.flatMap((rule) => ('alert' in rule ? [rule.alert] : []))),
      );
    const topics = catalogue.disable(...names).files.map(({ topic }) => topic);
    expect(catalogue.files.map(({ topic }) => topic).filter((topic) => !topics.includes(topic))).toEqual([
      'remediation',
    ]);
  });

  it('no longer covers the absence of what others read', () => {
    const uncovered = catalogue.disable('ScrapeTargetMissing').coverage.filter(({ coveredBy }) => !coveredBy);
    expect(uncovered.length).toBeGreaterThan(50);
  });

  it('must exist', () => {
    expect(() => catalogue.disable('NodeNotReady', 'NodeNotRedy', 'PodCrashLoop')).toThrow(
      /disable\('NodeNotRedy'\): there is no such alert: write NodeNotReady or .*\n.*disable\('PodCrashLoop'\).*PodCrashLooping/,
    );
  });
});

describe('Labels for all alerts', () => {
  it('are on every alert and on no record', () => {
    const { files, alerts } = catalogue.withLabels({ team: 'platform' });
    expect(alerts.filter(({ labels }) => labels.team !== 'platform')).toEqual([]);
    const records = (of: readonly RuleFile[]) =>
      of.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules.filter((rule) => 'record' in rule)));
    expect(records(files)).toEqual(records(catalogue.files));
  });

  it('give way to a later change', () => {
    const own = catalogue.withLabels({ team: 'platform' }).change('NodeNotReady', { labels: { team: 'nodes' } });
    expect(alertOf(own, 'NodeNotReady').labels.team).toBe('nodes');
    expect(alertOf(own, 'NodePressure').labels.team).toBe('platform');
  });

  it('may be other words for the severities', () => {
    const words = catalogue.withSeverities({ critical: 'page', high: 'page', medium: 'ticket', low: 'ticket' });
    expect([...new Set(words.alerts.map(({ labels }) => labels.severity))].sort()).toEqual(['none', 'page', 'ticket']);
    expect(alertOf(words, 'NodeNotReady').labels.severity).toBe('page');
  });
});

describe('Your own rules', () => {
  const RULE = SOUND_RULES['rules/demo.yaml']!.replace('severity: high', 'severity: page').replace(
    'category: application',
    'category: checkout',
  );

  it('may have your own severities and categories', () => {
    const [rule] = withRuleDirectory({ 'rules/demo.yaml': RULE }, (source) =>
      RuleCatalogue.read({ ...source, severities: ['page', 'ticket'], categories: ['checkout'] }),
    ).alerts;
    expect(rule!.labels).toEqual({ severity: 'page', category: 'checkout' });
  });

  it('have no others then', () => {
    expect(() =>
      withRuleDirectory({}, (source) => RuleCatalogue.read({ ...source, severities: ['page', 'ticket'] })),
    ).toThrow('DemoDown: severity is "high": write one of page, ticket');
  });
});

describe('rules/README.md', () => {
  const page = readFileSync(join(ROOT, 'rules', 'README.md'), 'utf8');
  const named = [...page.matchAll(/\.(?:change|disable)\(([^{)]*)/g)].flatMap(([, list]) =>
    [...list!.matchAll(/'(\w+)'/g)].map(([, name]) => name!),
  );

  it('changes and disables alerts that exist, by thresholds that exist', () => {
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !alertOf(catalogue, name))).toEqual([]);
    expect(page).toContain(
      "change('NodeFilesystemFillingUp', { severity: 'high', for: '30m', thresholds: { free: 0.2 }",
    );
    expect(
      changed('NodeFilesystemFillingUp', { severity: 'high', for: '30m', thresholds: { free: 0.2 } }),
    ).toMatchObject({
      for: '30m',
      labels: { severity: 'high' },
    });
  });
});
