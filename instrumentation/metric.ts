/** Unit of a metric, in Prometheus' base units. */
export type Unit = 'seconds' | 'bytes' | 'ratio' | 'minor_units' | 'timestamp_seconds' | 'count';

/**
 * The values of a label: a list, or the reason why there are few. No other label is allowed, because every new value is
 * a new series, which Prometheus keeps for its whole retention.
 */
export type LabelValues =
  | readonly string[]
  | {
      /** Why there are few values. */
      readonly bounded: string;
    };

/** A label of a metric. */
export interface LabelContract {
  /** Name of the label. */
  readonly name: string;
  /** Its values. */
  readonly values: LabelValues;
}

/** What every metric has. */
export interface Metric {
  /** Name, with its unit. */
  readonly name: string;
  /** What it measures: a sentence. */
  readonly help: string;
  /** Unit of its values. */
  readonly unit: Unit;
  /** Its labels. */
  readonly labels: readonly LabelContract[];
}

/** A counter. */
export interface CounterContract extends Metric {
  /** Tells it from other metrics. */
  readonly type: 'counter';
  /**
   * Whether the process exposes every combination of the listed label values with 0 from its start. Otherwise the first
   * event creates the series, and `rate()` does not see that event.
   */
  readonly zeroAtStart: boolean;
}

/** A gauge. */
export interface GaugeContract extends Metric {
  /** Tells it from other metrics. */
  readonly type: 'gauge';
}

/** A histogram. */
export interface HistogramContract extends Metric {
  /** Tells it from other metrics. */
  readonly type: 'histogram';
  /** Upper bounds, ascending, without infinity. */
  readonly buckets: readonly number[];
}

/** A metric that the application promises to expose. Rules and dashboards may rely on it. */
export type MetricContract = CounterContract | GaugeContract | HistogramContract;
