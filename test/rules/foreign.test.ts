import { join } from 'node:path';
import { load } from 'js-yaml';
import { type ForeignDocument, type ForeignOptions, RuleCatalogue, type RuleFile } from '../../rules';
import { ROOT } from '../../tools/catalogue';

const SAMPLE = join(ROOT, 'test', 'rules', 'foreign');
const OPTIONS: ForeignOptions = { severities: { warning: 'medium', info: 'low' }, category: 'infrastructure' };
const LINKS = { runbook: ({ alert }: { alert: string }) => `https://wiki.example.com/${alert}` };

const sample = (options = OPTIONS) => RuleCatalogue.foreign(SAMPLE, options);
const group = (...rules: object[]) => ({ groups: [{ name: 'demo', rules }] });
const read = (...documents: unknown[]) =>
  RuleCatalogue.foreign(
    documents.map((document, index): ForeignDocument => ({ topic: `demo-${index}`, document })),
    OPTIONS,
  );

describe('Foreign rules', () => {
  it('are read from rule files and PrometheusRule objects, and other objects are passed over', () => {
    expect(sample().files.map(({ topic, groups }) => [topic, groups.map(({ name }) => name)])).toEqual([
      ['queue-mixin', ['queue.rules', 'queue.alerts']],
      ['queue-workers', ['queue-workers']],
      ['sloth', ['sloth-slo-sli-recordings-queue-availability', 'sloth-slo-alerts-queue-availability']],
    ]);
  });

  it('keep their names, and get your severities and your category where they have none', () => {
    expect(sample().alerts.map(({ alert, labels }) => [alert, labels.severity, labels.category])).toEqual([
      ['queue_is_deep', 'medium', 'infrastructure'],
      ['queue_is_deep', 'critical', 'infrastructure'],
      ['Watchman', 'none', 'infrastructure'],
      ['QueueWorkersMissing', 'low', 'payments'],
      ['QueueErrorBudgetBurn', undefined, 'infrastructure'],
    ]);
  });

  it('stay as they are without options', () => {
    const [mixin] = RuleCatalogue.foreign(join(SAMPLE, 'queue-mixin.yaml')).alerts;
    expect(mixin!.labels).toEqual({ severity: 'warning' });
  });

  it('get a severity where they have none', () => {
    const alerts = sample({ ...OPTIONS, severity: 'high' }).alerts;
    expect(alerts.at(-1)!.labels).toMatchObject({ severity: 'high', sloth_severity: 'page' });
    expect(alerts[0]!.labels.severity).toBe('medium');
  });

  it('have the text of message where notifications show the description', () => {
    expect(sample().alerts[0]!.annotations).toEqual({
      message: '{{ $labels.queue }} holds {{ $value }} messages.',
      description: '{{ $labels.queue }} holds {{ $value }} messages.',
    });
    expect(sample().alerts[3]!.annotations).not.toHaveProperty('message');
  });

  it('lose the field that Prometheus refuses, and no other', () => {
    const groups = sample().files.flatMap((file) => file.groups);
    expect(groups.find(({ name }) => name === 'queue-workers')).not.toHaveProperty('partial_response_strategy');
    expect(groups.find(({ name }) => name === 'queue.rules')).toMatchObject({ interval: '30s' });
  });

  it('keep their links, and get none to a runbook that nobody wrote', () => {
    const rendered = sample().render({ ...LINKS, dashboard: () => 'https://grafana.example.com/d/ours' });
    const annotations = rendered
      .flatMap(({ content }) => (load(content) as RuleFile).groups)
      .flatMap(({ rules }) => rules)
      .flatMap((rule) => ('alert' in rule ? [rule.annotations] : []));
    expect(annotations.map(({ runbook_url, dashboard_url }) => [runbook_url, dashboard_url])).toEqual([
      [undefined, 'https://grafana.example.com/d/ours'],
      ['https://runbooks.example.com/queue-is-deep', 'https://grafana.example.com/d/ours'],
      [undefined, 'https://grafana.example.com/d/ours'],
      [undefined, 'https://grafana.example.com/d/queues'],
      [undefined, 'https://grafana.example.com/d/ours'],
    ]);
  });

  it('read metrics that are kept, and owe no alert on their absence', () => {
    expect(sample().uses.map(({ where }) => where)).toContain('rules/queue-mixin.yaml: queue_is_deep');
    expect(sample().coverage).toEqual([]);
  });

  it('may be parsed documents, also a list of them', () => {
    const object = (name: string) => ({
      kind: 'PrometheusRule',
      metadata: { name },
      spec: group({ alert: name, expr: 'up == 0' }),
    });
    const list = { kind: 'List', items: [object('one'), object('two')] };
    expect(read(list, object('three')).alerts.map(({ alert }) => alert)).toEqual(['one', 'two', 'three']);
  });

  it('change like all others, every alert of the name', () => {
    const changed = sample().change('queue_is_deep', { severity: 'high', for: null });
    expect(changed.alerts.slice(0, 2).map((rule) => [rule.labels.severity, rule.for])).toEqual([
      ['high', undefined],
      ['high', undefined],
    ]);
    expect(() => sample().change('queue_is_deep', { expr: 'up ==' })).toThrow('expr does not parse');
  });
});

describe('Foreign rules that Prometheus would refuse are reported', () => {
  it.each<[string, () => unknown, string]>([
    ['no directory', () => RuleCatalogue.foreign('/no/such/rules'), "foreign('/no/such/rules'): there is no such file"],
    ['no rules', () => read({ kind: 'ConfigMap' }), 'foreign([]) has no rules'],
    ['no groups', () => read({ rules: [] }), 'demo-0 has no groups of rules: write a rule file or a PrometheusRule'],
    ['text', () => read('groups'), 'demo-0 has no groups of rules'],
    ['no name', () => read(group({ expr: 'up' })), 'demo-0: a rule in the group demo is neither alert nor record'],
    ['no expression', () => read(group({ alert: 'a' })), 'demo-0: a: expr is not set: write it'],
    ['a broken one', () => read(group({ alert: 'a', expr: 'up ==' })), 'demo-0: a: expr does not parse at'],
    [
      'one topic twice',
      () =>
        RuleCatalogue.foreign([
          { topic: 'demo', document: group({ alert: 'a', expr: 'up' }) },
          { topic: 'Demo', document: group({ alert: 'b', expr: 'up' }) },
        ]),
      'two foreign files have the topic demo: rename one',
    ],
  ])('%s', (_what, run, message) => {
    expect(run).toThrow(message);
  });
});

describe('Two catalogues together', () => {
  it('have the rules of both, in the order of topics', () => {
    const both = RuleCatalogue.general({ topics: ['volumes', 'nodes'] }).with(sample());
    expect(both.files.map(({ topic }) => topic)).toEqual(['nodes', 'queue-mixin', 'queue-workers', 'sloth', 'volumes']);
    expect(both.coverage.every(({ topic }) => ['nodes', 'volumes'].includes(topic))).toBe(true);
    expect(both.inhibitions).toEqual(RuleCatalogue.general({ topics: ['volumes', 'nodes'] }).inhibitions);
  });

  it('have the runbooks and thresholds of both', () => {
    const both = RuleCatalogue.general({ topics: ['nodes'] }).with(RuleCatalogue.general({ topics: ['volumes'] }));
    const changed = both
      .change('NodeFilesystemAlmostFull', { thresholds: { free: 0.1 } })
      .change('PersistentVolumeAlmostFull', { thresholds: { free: 0.1 } });
    expect(changed.alerts.filter(({ expr }) => /< 0\.1\b/.test(expr))).toHaveLength(2);
    expect(both.uses.map(({ where }) => where)).toEqual(
      expect.arrayContaining(['runbooks/NodeNotReady.md', 'runbooks/PersistentVolumeAlmostFull.md']),
    );
  });

  it('are refused with the fix when both have an alert or a topic', () => {
    const nodes = RuleCatalogue.general({ topics: ['nodes'] });
    const theirs = read(group({ alert: 'NodeNotReady', expr: 'up == 0' }));
    expect(() => nodes.with(theirs)).toThrow(
      "both catalogues have the alert NodeNotReady: write disable('NodeNotReady') on one of them",
    );
    expect(
      nodes
        .disable('NodeNotReady')
        .with(theirs)
        .alerts.map(({ alert }) => alert),
    ).toContain('NodeNotReady');
    const topic = [{ topic: 'nodes', document: group({ alert: 'a', expr: 'up' }) }];
    expect(() => nodes.with(RuleCatalogue.foreign(topic))).toThrow(
      'both catalogues have the topic nodes: rename it, or give foreign() a prefix',
    );
    expect(nodes.with(RuleCatalogue.foreign(topic, { prefix: 'their-' })).files.map((file) => file.topic)).toEqual([
      'nodes',
      'their-nodes',
    ]);
  });
});
