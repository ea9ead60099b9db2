/** A query that several metrics share. */
export interface SqlQuery {
  readonly query_name: string;
  readonly query: string;
}

/** A metric and the query that fills it, as sql_exporter defines it. */
export interface SqlMetric {
  readonly metric_name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Columns that become labels. */
  readonly key_labels?: readonly string[];
  /** Column that becomes the value; several become a series each, told apart by `value_label`. */
  readonly values: readonly string[];
  readonly value_label?: string;
  /** The query itself, or else `query_ref`. */
  readonly query?: string;
  readonly query_ref?: string;
}

/**
 * Metrics that are collected together.
 * https://github.com/burningalchemist/sql_exporter/blob/master/documentation/sql_exporter.yml
 */
export interface SqlCollector {
  readonly collector_name: string;
  /** How old a result may be that is served again, e.g. `5m`. */
  readonly min_interval: string;
  readonly metrics: readonly SqlMetric[];
  readonly queries?: readonly SqlQuery[];
}
