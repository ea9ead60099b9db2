import { repeated } from '../checks';
import type { SqlCollector, SqlMetric } from './collector';

/** Names of the metrics that our queries provide. */
const METRIC_NAME = /^sightedit_db_[a-z0-9_]+$/;
const DURATION = /^[1-9][0-9]*(ms|s|m|h|d)$/;

const COLLECTOR_FIELDS = ['collector_name', 'min_interval', 'metrics', 'queries'];
const QUERY_FIELDS = ['query_name', 'query'];
const METRIC_FIELDS = [
  'metric_name',
  'type',
  'help',
  'key_labels',
  'values',
  'value_label',
  'query',
  'query_ref',
] as const satisfies readonly (keyof SqlMetric)[];

/** `job` is set by the scrape, `target` by sql_exporter. */
const RESERVED_LABELS = ['job', 'target'];

/**
 * Problems of a set of collectors, one line each: what makes sql_exporter refuse to start, and what breaks a
 * convention.
 *
 * @param collectors by file name without `.collector.yaml`
 */
export function checkCollectors(collectors: ReadonlyMap<string, SqlCollector>): string[] {
  const metrics = [...collectors.values()].flatMap((collector) => collector.metrics ?? []);
  return [
    ...[...collectors].flatMap(([file, collector]) =>
      checkCollector(file, collector).map((problem) => `rules/sql/${file}.collector.yaml: ${problem}`),
    ),
    ...repeated(metrics.map(({ metric_name }) => metric_name)).map(
      (name) => `rules/sql: ${name} is defined twice: rename one of the metrics`,
    ),
  ];
}

function checkCollector(file: string, collector: SqlCollector): string[] {
  const { collector_name, min_interval, metrics = [], queries = [] } = collector;
  return [
    ...unknownFields(collector, COLLECTOR_FIELDS),
    ...(collector_name === file ? [] : [`collector_name is "${collector_name}": write ${file}, the name of the file`]),
    ...(DURATION.test(min_interval) ? [] : [`min_interval is "${min_interval}": write a duration, e.g. 5m`]),
    ...(metrics.length > 0 ? [] : ['there are no metrics: write one']),
    ...queries.flatMap((query) => unknownFields(query, QUERY_FIELDS)),
    ...metrics.flatMap((metric) =>
      checkMetric(metric, new Set(queries.map(({ query_name }) => query_name))).map(
        (problem) => `${metric.metric_name}: ${problem}`,
      ),
    ),
  ];
}

function checkMetric(metric: SqlMetric, queries: ReadonlySet<string>): string[] {
  const { metric_name, type, help, query, query_ref, values = [], value_label, key_labels = [] } = metric;
  const labels = [...key_labels, ...(value_label ? [value_label] : [])];
  const checks: [boolean, string][] = [
    [!METRIC_NAME.test(metric_name), 'the name does not start with sightedit_db_: rename the metric'],
    [type !== 'gauge' && type !== 'counter', `type is "${type}": write gauge or counter`],
    [!help?.trim(), 'help is not set: write it'],
    [(query === undefined) === (query_ref === undefined), 'write either query or query_ref'],
    [query_ref !== undefined && !queries.has(query_ref), `query_ref is "${query_ref}": name one of queries`],
    [values.length === 0, 'values is empty: name the column of the value'],
    [values.length > 1 && !value_label, 'value_label is not set: several values need it to tell them apart'],
    [repeated(labels).length > 0, `the label ${repeated(labels)[0]} is used twice: remove or rename one`],
    [
      labels.some((label) => RESERVED_LABELS.includes(label)),
      `the labels ${RESERVED_LABELS.join(' and ')} are reserved: rename the label`,
    ],
  ];
  return [...unknownFields(metric, METRIC_FIELDS), ...checks.flatMap(([wrong, problem]) => (wrong ? [problem] : []))];
}

function unknownFields(subject: object, known: readonly string[]): string[] {
  return Object.keys(subject)
    .filter((field) => !known.includes(field))
    .map((field) => `the field ${field} is unknown: remove it`);
}
