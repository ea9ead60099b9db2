/** Types of Prometheus' text format. */
export const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'] as const satisfies MetricType[];

/** A type of Prometheus' text format. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

/** A metric as an exporter declares it. */
export interface Metric {
  /** Type in Prometheus' text format. */
  readonly type: MetricType;
  /** Names of its labels, without `le` and `quantile`. @default - none */
  readonly labels?: readonly string[];
}

/** Metrics by name. A histogram or summary has the name that its series share, without `_bucket`, `_sum`, `_count`. */
export type Metrics = { readonly [name: string]: Metric };

/** What the targets of a scrape job expose. */
export interface MetricList {
  /** Name of the scrape job. */
  readonly job: string;
  /** The metrics, by name. */
  readonly metrics: Metrics;
}

/** Labels of each series, by the series' name. */
export type Series = ReadonlyMap<string, ReadonlySet<string>>;

/** The series of a set of metrics. A histogram and a summary each give three. */
export function seriesOf(metrics: Metrics): Series {
  return new Map(
    Object.entries(metrics).flatMap(([name, { type, labels = [] }]) =>
      seriesNames(name, type).map(([series, own]) => [series, new Set([...labels, ...own])] as const),
    ),
  );
}

/** Names of a metric's series, each with the labels that its type adds. */
function seriesNames(name: string, type: MetricType): readonly (readonly [string, readonly string[]])[] {
  const parts = [[`${name}_sum`, []] as const, [`${name}_count`, []] as const];
  switch (type) {
    case 'histogram':
      return [[`${name}_bucket`, ['le']], ...parts];
    case 'summary':
      return [[name, ['quantile']], ...parts];
    default:
      return [[name, []]];
  }
}
