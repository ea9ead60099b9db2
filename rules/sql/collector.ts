/**
 * A query that several metrics use.
 *
 * @see https://github.com/burningalchemist/sql_exporter#collector-definition
 */
export interface SqlQuery {
  readonly query_name: string;
  readonly query: string;
}

/**
 * A metric and the query that provides it, in sql_exporter's format.
 *
 * @see https://github.com/burningalchemist/sql_exporter#collector-definition
 */
export interface SqlMetric {
  readonly metric_name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Columns that become labels. */
  readonly key_labels?: readonly string[];
  /** Columns of the value. Several columns give one series each, told apart by the label `value_label`. */
  readonly values: readonly string[];
  readonly value_label?: string;
  /** The query itself. @default - the query that `query_ref` names */
  readonly query?: string;
  readonly query_ref?: string;
}

/**
 * Metrics that are collected together.
 *
 * @see https://github.com/burningalchemist/sql_exporter/blob/master/documentation/sql_exporter.yml
 */
export interface SqlCollector {
  readonly collector_name: string;
  /** How long sql_exporter serves a result before it runs the queries again, e.g. `5m`. */
  readonly min_interval: string;
  readonly metrics: readonly SqlMetric[];
  readonly queries?: readonly SqlQuery[];
}
