import { checkCollectors, type SqlCollector, type SqlMetric, sqlCollectors } from '../../rules/sql';

const METRIC: SqlMetric = {
  metric_name: 'sightedit_db_demo',
  type: 'gauge',
  help: 'Demo rows by state.',
  key_labels: ['state'],
  values: ['n'],
  query_ref: 'demo',
};

const COLLECTOR: SqlCollector = {
  collector_name: 'demo',
  min_interval: '1m',
  metrics: [METRIC],
  queries: [{ query_name: 'demo', query: 'SELECT state, n FROM demo' }],
};

/** What is wrong with a collector that differs from a sound one. */
const problemsOf = (changes: object) =>
  checkCollectors(new Map([['demo', { ...COLLECTOR, ...changes } as SqlCollector]]));
const problemsOfMetric = (changes: object) => problemsOf({ metrics: [{ ...METRIC, ...changes }] });

describe('SightEdit’s own queries', () => {
  const collectors = sqlCollectors();

  test('are collectors that sql_exporter takes', () => {
    expect(collectors.map(({ collector_name }) => collector_name)).toEqual([
      'bloat',
      'content',
      'integrity',
      'locks',
      'usage',
    ]);
  });

  test('reach rows only through functions that count', () => {
    const queries = collectors.flatMap(({ metrics, queries = [] }) => [...metrics, ...queries]);
    const texts = queries.flatMap(({ query }) => (query ? [query] : []));
    expect(texts.filter((text) => /\b(app|audit|analytics)\./.test(text))).toEqual([]);
    expect(texts.filter((text) => /\bmonitoring\.\w+\(\)/.test(text)).length).toBeGreaterThan(5);
  });

  test('carry no label about a person', () => {
    const labels = new Set(collectors.flatMap(({ metrics }) => metrics.flatMap(({ key_labels = [] }) => key_labels)));
    expect([...labels].sort()).toEqual([
      'datname',
      'element_type',
      'relation',
      'schema_name',
      'state',
      'table_name',
      'window',
    ]);
  });
});

describe('the check of collectors', () => {
  test('finds nothing wrong with a sound one', () => {
    expect(problemsOf({})).toEqual([]);
  });

  test.each([
    [
      'another name than its file',
      { collector_name: 'other' },
      'collector_name is "other": write demo, the name of the file',
    ],
    ['no interval', { min_interval: undefined }, 'min_interval is "undefined": write a duration, e.g. 5m'],
    ['an interval of nothing', { min_interval: '0s' }, 'min_interval is "0s": write a duration, e.g. 5m'],
    ['no metrics', { metrics: [] }, 'there are no metrics: write one'],
    ['a field of its own', { interval: '5m' }, 'the field interval is unknown: remove it'],
    [
      'a query with a field of its own',
      { queries: [{ ...COLLECTOR.queries![0], timeout: '5s' }] },
      'the field timeout is unknown: remove it',
    ],
  ])('finds %s', (_, changes, problem) => {
    expect(problemsOf(changes)).toEqual([`rules/sql/demo.collector.yaml: ${problem}`]);
  });

  test.each([
    ['a field of its own', { labels: ['state'] }, 'the field labels is unknown: remove it'],
    ['a type that sql_exporter lacks', { type: 'histogram' }, 'type is "histogram": write gauge or counter'],
    ['no help', { help: ' ' }, 'help is not set: write it'],
    ['two queries', { query: 'SELECT 1 AS n' }, 'write either query or query_ref'],
    ['a query that is not there', { query_ref: 'other' }, 'query_ref is "other": name one of queries'],
    ['no value', { values: [] }, 'values is empty: name the column of the value'],
    [
      'values that nothing tells apart',
      { values: ['n', 'm'] },
      'value_label is not set: several values need it to tell them apart',
    ],
    [
      'a label twice',
      { values: ['n', 'm'], value_label: 'state' },
      'the label state is used twice: remove or rename one',
    ],
    [
      'a label that the scrape sets',
      { key_labels: ['job'] },
      'the labels job and target are reserved: rename the label',
    ],
  ])('finds a metric with %s', (_, changes, problem) => {
    expect(problemsOfMetric(changes)).toEqual([`rules/sql/demo.collector.yaml: sightedit_db_demo: ${problem}`]);
  });

  test('finds a metric that is not called ours', () => {
    expect(problemsOfMetric({ metric_name: 'demo_rows' })).toEqual([
      'rules/sql/demo.collector.yaml: demo_rows: the name does not start with sightedit_db_: rename the metric',
    ]);
  });

  test('finds a metric of two collectors', () => {
    const twice = new Map([
      ['demo', COLLECTOR],
      ['other', { ...COLLECTOR, collector_name: 'other' }],
    ]);
    expect(checkCollectors(twice)).toEqual([
      'rules/sql: sightedit_db_demo is defined twice: rename one of the metrics',
    ]);
  });
});
