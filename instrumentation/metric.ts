/** Unit of a metric, in Prometheus' base units. */
export type Unit = 'seconds' | 'bytes' | 'ratio' | 'minor_units' | 'timestamp_seconds' | 'count';

/**
 * The values of a label: a list, or the reason why there are few. No other label is allowed, because every new value is
 * a new series, which Prometheus keeps for its whole retention.
 */
export type LabelValues = readonly string[] | { readonly bounded: string };

export interface LabelContract {
  readonly name: string;
  readonly values: LabelValues;
}

/** What every metric has. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly unit: Unit;
  readonly labels: readonly LabelContract[];
}

export interface CounterContract extends Metric {
  readonly type: 'counter';
  /**
   * Whether the process exposes every combination of the listed label values with 0 from its start. Otherwise the first
   * event creates the series, and `rate()` does not see that event.
   */
  readonly zeroAtStart: boolean;
}

export interface GaugeContract extends Metric {
  readonly type: 'gauge';
}

export interface HistogramContract extends Metric {
  readonly type: 'histogram';
  /** Upper bounds, ascending, without infinity. */
  readonly buckets: readonly number[];
}

/** A metric that the application promises to expose. Rules and dashboards may rely on it. */
export type MetricContract = CounterContract | GaugeContract | HistogramContract;
