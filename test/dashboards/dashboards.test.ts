import { type Dashboard, dashboardFor, dashboards } from '../../dashboards';
import type { Section } from '../../dashboards/kit';
import { CATEGORIES } from '../../rules';
import { type KnownRules, knownRules, limitsIn } from './known-rules';
import { lintDashboard, lintDashboards } from './lint';
import { type Model, modelOf, type Panel, panelsOf } from './model';
import { changed, changedPanel, measure, query, sample, VARIABLES } from './sample';

describe('the dashboards', () => {
  const rules = knownRules();

  test.each(dashboards().map((dashboard) => [dashboard.uid, dashboard] as const))(
    '%s passes the lint',
    (_uid, dashboard) => {
      expect(lintDashboard(dashboard, rules)).toEqual([]);
    },
  );

  test('have different addresses', () => {
    expect(lintDashboards(dashboards(), rules)).toEqual([]);
  });

  test('are where alerts of the platform link to', () => {
    const uids = dashboards().map(({ uid }) => uid);
    const links = Object.fromEntries(CATEGORIES.map((category) => [category, dashboardFor(category)]));
    expect(links).toMatchObject({ infrastructure: 'infrastructure', meta: 'monitoring' });
    expect(uids).toEqual(expect.arrayContaining(Object.values(links).filter((uid) => uid !== undefined)));
  });
});

describe('the kit', () => {
  const heading: Section = { title: 'Before', lines: [[measure({ title: 'Another' })]] };
  const idsOf = (dashboard: Dashboard) => new Map(panelsOf(modelOf(dashboard)).map(({ title, id }) => [title, id]));

  test('keeps the id of a panel when others are added before it', () => {
    const alone = idsOf(sample());
    const moved = idsOf(sample({}, [heading]));
    expect(moved.get('CPU')).toBe(alone.get('CPU'));
    expect(moved.size).toBe(4);
  });

  test('divides the width of a line equally, and puts the next line below', () => {
    const panels = ['a', 'b', 'c', 'd'].map((title) => measure({ title }));
    const dashboard = sample({}, [{ title: 'Lines', lines: [panels.slice(0, 3), panels.slice(3)] }]);
    expect(panelsOf(modelOf(dashboard)).map(({ title, gridPos: { x, y, w } }) => [title, x, y, w])).toEqual([
      ['Lines', 0, 0, 24],
      ['a', 0, 1, 8],
      ['b', 8, 1, 8],
      ['c', 16, 1, 8],
      ['d', 0, 9, 24],
      ['Use', 0, 17, 24],
      ['CPU', 0, 18, 24],
    ]);
  });

  test('names the alert whose limit a panel shows', () => {
    expect(measure({ limit: { alert: 'CPUBusy', value: 0.9 } }).description).toBe(
      'Busy time. The dashed line is the limit of CPUBusy.',
    );
  });
});

describe('the lint', () => {
  const rules: KnownRules = {
    records: new Set(['node:cpu:ratio']),
    limits: new Map([['CPUBusy', [0.9]]]),
  };

  test('accepts a valid dashboard', () => {
    const limit = { alert: 'CPUBusy', value: 0.9 };
    expect(lintDashboard(sample({ limit, expr: 'node:cpu:ratio' }), rules)).toEqual([]);
  });

  test('finds two dashboards with the same address', () => {
    expect(lintDashboards([sample(), sample()], rules)).toEqual([
      'the uid sample is taken twice: rename one dashboard',
    ]);
  });

  test.each<[string, Partial<Dashboard>, string]>([
    ['no folder', { folder: '' }, 'sample: the folder is not named: write its title'],
    ['no uid', { uid: '' }, ': uid is not of 1 to 40 characters: rename it'],
    ['a long uid', { uid: 'u'.repeat(41) }, `${'u'.repeat(41)}: uid is not of 1 to 40 characters: rename it`],
    ['another uid in the JSON', { uid: 'other' }, 'other: uid is sample in the JSON: write other'],
  ])('finds %s', (_what, change, problem) => {
    expect(lintDashboard({ ...sample(), ...change }, rules)).toContain(problem);
  });

  test.each<[string, Partial<Model>, string]>([
    ['no description', { description: '' }, 'description is not set: write which questions it answers'],
    [
      'a dashboard that can be edited',
      { editable: true },
      'editable is not false: changes in the browser would be lost',
    ],
    ['local time', { timezone: 'browser' }, 'timezone is browser: write utc'],
    ['no refresh', { refresh: '' }, 'refresh is : write 1m'],
    ['no tags', { tags: [] }, 'tags is empty: dashboards find each other by a tag'],
    ['an old schema', { schemaVersion: 17 }, 'schemaVersion is 17: write 42'],
    [
      'a variable that nobody uses',
      { templating: { list: [VARIABLES.datasource, VARIABLES.node] } },
      '$node is not used: remove the variable',
    ],
    ['no data source variable', { templating: { list: [] } }, '$datasource is not defined: add the variable'],
    [
      'a variable of one value',
      { templating: { list: [VARIABLES.datasource, { ...VARIABLES.node, multi: false }] } },
      '$node does not offer several values and all: set multi and includeAll',
    ],
    [
      'a variable that is not refreshed',
      { templating: { list: [VARIABLES.datasource, { ...VARIABLES.node, refresh: 1 }] } },
      '$node is not refreshed with the time range: set refresh to 2',
    ],
    [
      'an annotation that does not parse',
      { annotations: { list: [{ name: 'Rollouts', expr: 'sum(' }] } },
      'annotation Rollouts: expr does not parse at "the end of the expression": fix the PromQL',
    ],
  ])('finds %s', (_what, change, problem) => {
    expect(lintDashboard(changed(change), rules)).toContain(`sample: ${problem}`);
  });

  test('finds a dashboard that is too large', () => {
    expect(lintDashboard(changed({ description: 'x'.repeat(150_000) }), rules).join()).toMatch(
      /the JSON has \d+ characters, more than/,
    );
  });

  test.each<[string, Partial<Panel>, string]>([
    ['no id', { id: 0 }, 'CPU: id is 0: write a positive whole number'],
    ['no title', { title: '' }, ': title is not set: write it'],
    ['no description', { description: ' ' }, 'CPU: description is not set: write it'],
    ['no unit', { fieldConfig: { defaults: {} } }, 'CPU: unit is not set: write one, or "none"'],
    ['no query', { targets: [] }, 'CPU: targets is empty: write a query'],
    [
      'a fixed data source',
      { datasource: { type: 'prometheus', uid: 'p1' } },
      'CPU: datasource is p1: write ${datasource} of type prometheus',
    ],
    [
      'a position beyond the edge',
      { gridPos: { x: 18, y: 1, w: 12, h: 8 } },
      'CPU: gridPos is outside of 24 columns: x 18, w 12, h 8',
    ],
    ['a position that is taken', { gridPos: { x: 0, y: 0, w: 24, h: 8 } }, 'Use and CPU overlap: move one of them'],
    [
      'a threshold without an alert',
      { fieldConfig: { defaults: { unit: 'short', thresholds: { steps: [{ value: null }, { value: 80 }] } } } },
      'CPU: the threshold 80 belongs to no alert: name the alert in the description',
    ],
    ['two queries of the same name', { targets: [query('up'), query('up')] }, 'CPU: refId A is taken twice'],
    ['a query without a name', { targets: [{ ...query('up'), refId: '' }] }, 'CPU: refId is not set: write A, B, …'],
    [
      'a query of a fixed data source',
      { targets: [{ ...query('up'), datasource: undefined }] },
      'CPU: datasource is undefined: write ${datasource} of type prometheus',
    ],
  ])('finds a panel with %s', (_what, change, problem) => {
    expect(lintDashboard(changedPanel(change), rules)).toContain(`sample: ${problem}`);
  });

  test('finds panels with the same id', () => {
    const [{ id }] = panelsOf(modelOf(sample())) as [Panel];
    expect(lintDashboard(changedPanel({ id }), rules)).toContain(`sample: the panel id ${id} is taken twice`);
  });

  test.each([
    ['that does not parse', 'sum(up', 'expr does not parse at "the end of the expression": fix the PromQL'],
    ['with a fixed range', 'rate(http_requests_total[5m])', 'rate is over 5m: write $__rate_interval'],
    ['with a bracket in a label', 'increase(a_total{b=~"x[0-9]+"}[1h])', 'increase is over 1h: write $__rate_interval'],
    [
      'with a quantile of single series',
      'histogram_quantile(0.9, rate(a_bucket[$__rate_interval]))',
      'histogram_quantile is not over sum by (le, …): quantiles of single series cannot be added up',
    ],
    [
      'with a series that no rule records',
      'node:memory:ratio',
      'no rule records node:memory:ratio: write the rule, or read another series',
    ],
  ])('finds an expression %s', (_what, expr, problem) => {
    expect(lintDashboard(sample({ expr }), rules)).toEqual([`sample: CPU: ${problem}`]);
  });

  test('finds a variable that is not defined', () => {
    expect(lintDashboard(sample({ expr: 'up{node=~"$node"}' }), rules)).toEqual([
      'sample: $node is not defined: add the variable',
    ]);
  });

  test('finds a limit that the alert does not have', () => {
    expect(lintDashboard(sample({ limit: { alert: 'CPUBusy', value: 0.8 } }), rules)).toEqual([
      'sample: CPU: the threshold 0.8 is not in the expression of CPUBusy: it compares with 0.9',
    ]);
  });

  test('finds an alert that does not exist', () => {
    expect(lintDashboard(sample({ limit: { alert: 'CPUGone', value: 0.9 } }), rules)).toEqual([
      'sample: CPU: the description names the alert CPUGone, which does not exist: write the name of a rule',
    ]);
  });

  test('reads the limits of an expression', () => {
    expect(limitsIn('a - time() < 21 * 86400 and b{c=~"5.."} >= 0.5 and d == 0')).toEqual([1_814_400, 0.5, 0]);
  });
});
