/** What a number counts or measures, in Prometheus' base units. */
export type Unit = 'seconds' | 'bytes' | 'ratio' | 'minor_units' | 'timestamp_seconds' | 'count';

/**
 * Why a label has few values: they are listed, or the reason is given. A label of neither kind is not allowed, because
 * every new value is a new series for as long as the server keeps data.
 */
export type LabelValues = readonly string[] | { readonly bounded: string };

export interface LabelContract {
  readonly name: string;
  readonly values: LabelValues;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly unit: Unit;
  readonly labels: readonly LabelContract[];
}

export interface CounterContract extends Metric {
  readonly type: 'counter';
  /**
   * Whether every combination of the listed label values is exposed with 0 from the start of the process. Without it the
   * first event makes the series and is not seen by `rate()`.
   */
  readonly zeroAtStart: boolean;
}

export interface GaugeContract extends Metric {
  readonly type: 'gauge';
}

export interface HistogramContract extends Metric {
  readonly type: 'histogram';
  /** Upper bounds in ascending order, without infinity. */
  readonly buckets: readonly number[];
}

/** A metric that the application exposes, as rules and dashboards may rely on it. */
export type MetricContract = CounterContract | GaugeContract | HistogramContract;

/** Names under which a metric's series are stored. */
export function seriesNames({ name, type }: Pick<MetricContract, 'name' | 'type'>): readonly string[] {
  return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

const METRIC_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const LABEL_NAME = /^[a-z][a-z0-9_]*$/;

/** Labels that Prometheus, the scrape jobs or histograms set themselves. */
const TAKEN_LABELS = ['job', 'instance', 'namespace', 'pod', 'node', 'component', 'service', 'le', 'quantile'];

/** Words in a label's name that tell of one person, session, address or credential. */
const PERSONAL =
  /(^|_)(user|users|account|email|mail|session|ip|addr|address|token|key|trace|span|host|cookie|phone)(_|$)/;

/** Endings that belong to histograms, and to nothing that a metric itself is called. */
const RESERVED_SUFFIX = /_(bucket|sum|count|created)$/;

/** Gauges that count things and for which semantic conventions give a name with a reserved ending. */
const CONVENTIONAL_NAMES = ['db_client_connection_count'];

/** What is wrong with a contract, one line each. */
export function contractProblems(metrics: readonly MetricContract[]): string[] {
  const names = metrics.flatMap((metric) => [...new Set([metric.name, ...seriesNames(metric)])]);
  return [
    ...metrics.flatMap((metric) => metricProblems(metric).map((problem) => `${metric.name}: ${problem}`)),
    ...[...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
      (name) => `${name}: two metrics give this series`,
    ),
  ];
}

function metricProblems(metric: MetricContract): string[] {
  const { name, help, labels } = metric;
  const labelNames = labels.map((label) => label.name);
  const checks: [boolean, string][] = [
    [METRIC_NAME.test(name), 'the name is not in snake_case'],
    [metric.type !== 'counter' || name.endsWith('_total'), 'a counter ends in _total'],
    [metric.type === 'counter' || !name.endsWith('_total'), 'only a counter ends in _total'],
    [
      !RESERVED_SUFFIX.test(name) || CONVENTIONAL_NAMES.includes(name),
      'the ending belongs to the series of histograms',
    ],
    [hasUnit(metric), `the name does not say the unit ${metric.unit}`],
    [help.endsWith('.'), 'the help is no sentence'],
    [new Set(labelNames).size === labelNames.length, 'a label is there twice'],
  ];
  return [
    ...checks.flatMap(([sound, problem]) => (sound ? [] : [problem])),
    ...labels.flatMap(labelProblems),
    ...(metric.type === 'histogram' ? bucketProblems(metric.buckets) : []),
    ...(metric.type === 'counter' && metric.zeroAtStart ? zeroProblems(labels) : []),
  ];
}

function hasUnit({ name, unit }: MetricContract): boolean {
  return unit === 'count' || name.replace(/_total$/, '').endsWith(`_${unit}`);
}

function labelProblems({ name, values }: LabelContract): string[] {
  const checks: [boolean, string][] = [
    [LABEL_NAME.test(name), `the label ${name} is not in snake_case`],
    [!TAKEN_LABELS.includes(name), `the label ${name} is set by Prometheus`],
    [!PERSONAL.test(name), `the label ${name} names a person, a session, an address or a credential`],
    [isBounded(values), `the label ${name} is not bounded: list its values, or say why they are few`],
  ];
  return checks.flatMap(([sound, problem]) => (sound ? [] : [problem]));
}

function isBounded(values: LabelValues): boolean {
  return 'bounded' in values
    ? values.bounded.trim() !== ''
    : values.length > 0 && new Set(values).size === values.length;
}

function bucketProblems(buckets: readonly number[]): string[] {
  const ascends = buckets.every((bound, index) => Number.isFinite(bound) && bound > (buckets[index - 1] ?? -Infinity));
  return buckets.length > 0 && ascends ? [] : ['the buckets are not finite, in ascending order'];
}

/** Only what is listed can be there before it happens. */
function zeroProblems(labels: readonly LabelContract[]): string[] {
  return labels
    .filter(({ values }) => 'bounded' in values)
    .map(({ name }) => `cannot be 0 at the start: the values of ${name} are not listed`);
}
