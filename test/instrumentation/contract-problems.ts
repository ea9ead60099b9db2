import type { LabelContract, LabelValues, MetricContract } from '../../instrumentation';
import { contractMetrics, seriesOf } from '../../metrics';
import { repeated } from '../../rules/checks';

const METRIC_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const LABEL_NAME = /^[a-z][a-z0-9_]*$/;

/** Labels that Prometheus, a scrape job or a histogram sets. */
const RESERVED_LABELS = ['job', 'instance', 'namespace', 'pod', 'node', 'component', 'service', 'le', 'quantile'];

/** Words in a label's name that point to a person, a session, an address or a credential. */
const PERSONAL =
  /(^|_)(user|users|account|email|mail|session|ip|addr|address|token|key|trace|span|host|cookie|phone)(_|$)/;

/** Suffixes of the series of a histogram. No metric's own name may have one. */
const RESERVED_SUFFIX = /_(bucket|sum|count|created)$/;

/** Names that OpenTelemetry's semantic conventions give, although they have a reserved suffix. */
const CONVENTIONAL_NAMES = ['db_client_connection_count'];

/** Problems of a contract, one line each. */
export function contractProblems(metrics: readonly MetricContract[]): string[] {
  const names = metrics.flatMap((metric) => [...new Set([metric.name, ...seriesOf(contractMetrics([metric])).keys()])]);
  return [
    ...metrics.flatMap((metric) => metricProblems(metric).map((problem) => `${metric.name}: ${problem}`)),
    ...repeated(names).map((name) => `${name}: two metrics expose this series`),
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
      'the suffix belongs to the series of histograms',
    ],
    [hasUnit(metric), `the name lacks the unit ${metric.unit}`],
    [help.endsWith('.'), 'the help is not a sentence'],
    [new Set(labelNames).size === labelNames.length, 'a label occurs twice'],
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
    [!RESERVED_LABELS.includes(name), `the label ${name} is reserved for the scrape`],
    [!PERSONAL.test(name), `the label ${name} names a person, a session, an address or a credential`],
    [isBounded(values), `the label ${name} is not bounded: list its values, or give the reason why there are few`],
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
  return buckets.length > 0 && ascends ? [] : ['the buckets are not finite and ascending'];
}

/** Only listed values can be exposed before the first event. */
function zeroProblems(labels: readonly LabelContract[]): string[] {
  return labels
    .filter(({ values }) => 'bounded' in values)
    .map(({ name }) => `cannot start with 0: the values of ${name} are not listed`);
}
