import { type SqlMetric, sqlCollectors } from '../../../rules/sql';

/** SQL for the label values and the value of a metric. It fails on a missing column and on a value that is no number. */
function rowsOf(metric: SqlMetric, query: string): string {
  const columns = [
    ...(metric.key_labels ?? []).map(quoted),
    ...metric.values.map((value) => `${quoted(value)}::float8`),
  ];
  return `SELECT ${columns.join(', ')} FROM (${query}) AS result ORDER BY 1`;
}

function quoted(column: string): string {
  return `"${column}"`;
}

/** Every metric of the collectors, with the SQL for its rows. */
export const METRICS = sqlCollectors().flatMap(({ metrics, queries = [] }) =>
  metrics.map((metric) => {
    const query = metric.query ?? queries.find(({ query_name }) => query_name === metric.query_ref)!.query;
    return [metric.metric_name, rowsOf(metric, query)] as const;
  }),
);

/** SQL for the rows of a metric. */
export function statementOf(name: string): string {
  return METRICS.find(([metric]) => metric === name)![1];
}

/** The values of rows, by label. psql joins the labels of several columns with `|`. */
export function numbers(rows: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    rows.map((row) => {
      const [, label, value] = /^(.*)\|(.*)$/.exec(row)!;
      return [label, Number(value)];
    }),
  );
}
