import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CounterContract,
  type GaugeContract,
  type HistogramContract,
  type MetricContract,
  metricContract,
} from '../../instrumentation';
import { contractMetrics, seriesOf } from '../../metrics';
import { RuleCatalogue, rulesOf } from '../../rules';
import { ROOT } from '../../tools/catalogue';
import { contractProblems } from './contract-problems';

const series = seriesOf(contractMetrics(metricContract));

/** Names in PromQL that only the application can expose. */
function applicationSeries(expr: string): string[] {
  const selectors = expr.matchAll(/\b((?:sightedit|http_server|db_client|nodejs)_[a-z0-9_]+)\s*[{[]/g);
  return [...selectors].map(([, name]) => name!);
}

test('the contract has no problem', () => {
  expect(contractProblems(metricContract)).toEqual([]);
});

test('the rules read only what the contract has', () => {
  const read = rulesOf(RuleCatalogue.sightEdit().files).flatMap(({ expr }) => applicationSeries(expr));
  expect(read.length).toBeGreaterThan(10);
  expect(read.filter((name) => !series.has(name))).toEqual([]);
});

test('names of the application are found in an expression', () => {
  expect(
    applicationSeries('sum(rate(sightedit_x_total{a="b"}[5m])) / nodejs_y_bytes{} + up{job="sightedit-pods"}'),
  ).toEqual(['sightedit_x_total', 'nodejs_y_bytes']);
});

test('the contract has the bucket boundaries that rules name', () => {
  const names = rulesOf(RuleCatalogue.sightEdit().files).flatMap(({ expr }) => [
    ...expr.matchAll(/\b(http_server_[a-z_]+)_bucket\{[^}]*le="([^"]+)"/g),
  ]);
  expect(names.length).toBeGreaterThan(0);
  for (const [, name, bound] of names) {
    const metric = metricContract.find((each) => each.name === name) as HistogramContract;
    expect(metric.buckets).toContain(Number(bound));
  }
});

/** Hours of a duration such as `1d`, `26h` or `15m`. */
const hours = (time = '0m') => Number.parseInt(time, 10) * { d: 24, h: 1, m: 1 / 60 }[time.at(-1) as 'd' | 'h' | 'm'];

test('a counter whose absence fires within a day is exposed without traffic', () => {
  const counters = metricContract.filter((metric) => metric.type === 'counter');
  // After a day without a single event, the alert is right to ask.
  const absent = RuleCatalogue.sightEdit()
    .alerts.filter((alert) => hours(alert.for) < 24)
    .flatMap(({ expr }) => [...expr.matchAll(/absent\((sightedit_[a-z_]+_total)\{/g)]);
  expect(absent.length).toBeGreaterThan(0);
  for (const [, name] of absent) {
    expect(counters.find((metric) => metric.name === name)).toMatchObject({ zeroAtStart: true });
  }
});

test('the contract imports nothing from outside its folder', () => {
  const imports = ['contract.ts', 'metric.ts'].flatMap((file) =>
    [...readFileSync(join(ROOT, 'instrumentation', file), 'utf8').matchAll(/from '([^']+)'/g)].map(([, path]) => path!),
  );
  expect(imports).toEqual(['./metric']);
});

describe('contractProblems()', () => {
  const counter: CounterContract = {
    type: 'counter',
    name: 'demo_requests_total',
    help: 'Requests.',
    unit: 'count',
    labels: [{ name: 'status', values: ['success', 'failed'] }],
    zeroAtStart: true,
  };
  const gauge: GaugeContract = { type: 'gauge', name: 'demo_size_bytes', help: 'Size.', unit: 'bytes', labels: [] };
  const histogram: HistogramContract = {
    type: 'histogram',
    name: 'demo_duration_seconds',
    help: 'Duration.',
    unit: 'seconds',
    labels: [],
    buckets: [0.1, 1, 10],
  };
  const labelled = (name: string, values: CounterContract['labels'][number]['values'] = ['a']): MetricContract => ({
    ...counter,
    zeroAtStart: false,
    labels: [{ name, values }],
  });

  test('accepts valid metrics', () => {
    expect(contractProblems([counter, gauge, histogram])).toEqual([]);
  });

  test.each<[string, MetricContract[], string]>([
    ['a name in camel case', [{ ...gauge, name: 'demoSize_bytes' }], 'demoSize_bytes: the name is not in snake_case'],
    [
      'a counter without its ending',
      [{ ...counter, name: 'demo_requests' }],
      'demo_requests: a counter ends in _total',
    ],
    [
      'a gauge that looks like a counter',
      [{ ...gauge, name: 'demo_size_bytes_total' }],
      'demo_size_bytes_total: only a counter ends in _total',
    ],
    [
      'a gauge that looks like part of a histogram',
      [{ ...gauge, unit: 'count', name: 'demo_count' }],
      'demo_count: the suffix belongs to the series of histograms',
    ],
    [
      'a name without its unit',
      [{ ...histogram, name: 'demo_duration' }],
      'demo_duration: the name lacks the unit seconds',
    ],
    [
      'a counter without its unit',
      [{ ...counter, unit: 'bytes' }],
      'demo_requests_total: the name lacks the unit bytes',
    ],
    ['help that is not a sentence', [{ ...gauge, help: 'Size' }], 'demo_size_bytes: the help is not a sentence'],
    [
      'two metrics of one name',
      [gauge, { ...gauge, help: 'Another.' }],
      'demo_size_bytes: two metrics expose this series',
    ],
    [
      'a label twice',
      [{ ...counter, labels: [...counter.labels, ...counter.labels] }],
      'demo_requests_total: a label occurs twice',
    ],
    [
      'a label in camel case',
      [labelled('statusCode')],
      'demo_requests_total: the label statusCode is not in snake_case',
    ],
    ['a label of the scrape', [labelled('pod')], 'demo_requests_total: the label pod is reserved for the scrape'],
    [
      'a label without values',
      [labelled('kind', [])],
      'demo_requests_total: the label kind is not bounded: list its values, or give the reason why there are few',
    ],
    [
      'a label bounded without a reason',
      [labelled('kind', { bounded: ' ' })],
      'demo_requests_total: the label kind is not bounded: list its values, or give the reason why there are few',
    ],
    [
      'zeros for values that are not listed',
      [{ ...counter, labels: [{ name: 'kind', values: { bounded: 'few kinds' } }] }],
      'demo_requests_total: cannot start with 0: the values of kind are not listed',
    ],
    [
      'buckets out of order',
      [{ ...histogram, buckets: [1, 0.1] }],
      'demo_duration_seconds: the buckets are not finite and ascending',
    ],
    [
      'a histogram without buckets',
      [{ ...histogram, buckets: [] }],
      'demo_duration_seconds: the buckets are not finite and ascending',
    ],
  ])('finds %s', (_name, metrics, problem) => {
    expect(contractProblems(metrics)).toEqual([problem]);
  });

  test.each(['user_id', 'email', 'session', 'client_ip', 'remote_addr', 'api_key_id', 'token', 'trace_id'])(
    'finds a label that points to a person: %s',
    (name) => {
      expect(contractProblems([labelled(name)])).toEqual([
        `demo_requests_total: the label ${name} names a person, a session, an address or a credential`,
      ]);
    },
  );

  test.each(['editor_type', 'http_route', 'status', 'window', 'severity'])('accepts the label %s', (name) => {
    expect(contractProblems([labelled(name)])).toEqual([]);
  });
});
