import { METRIC_TYPES, type Metric, type MetricType } from '../../metrics';

/** The metrics of a target, and the number of series of each name. */
export interface Exposition {
  readonly metrics: { readonly [name: string]: Metric };
  readonly series: ReadonlyMap<string, number>;
}

const TYPE_LINE = /^# TYPE (\S+) (\S+)$/;
const SAMPLE_LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+/;
const LABEL = /([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"/g;

/** Labels that come from the type of a metric. */
const TYPE_LABELS = ['le', 'quantile'];

/**
 * Reads pages in Prometheus' text format. A metric counts only if it has a series. Its labels are those of all its
 * series, even those that are empty.
 */
export function readExposition(pages: readonly string[]): Exposition {
  const types = new Map<string, MetricType>();
  const labels = new Map<string, Set<string>>();
  const series = new Map<string, number>();
  for (const line of pages.flatMap((page) => page.split('\n'))) {
    const [, family, type] = TYPE_LINE.exec(line) ?? [];
    if (family !== undefined) {
      types.set(family, METRIC_TYPES.find((known) => known === type) ?? 'untyped');
      continue;
    }
    const [, sample, text = ''] = SAMPLE_LINE.exec(line) ?? [];
    if (sample !== undefined) {
      const name = familyOf(sample, types);
      const known = labels.get(name) ?? new Set();
      for (const [, label] of text.matchAll(LABEL)) {
        if (!TYPE_LABELS.includes(label!)) {
          known.add(label!);
        }
      }
      labels.set(name, known);
      series.set(sample, (series.get(sample) ?? 0) + 1);
    }
  }
  const metrics = [...labels]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, found]) => [name, metric(types.get(name) ?? 'untyped', [...found].sort())] as const);
  return { metrics: Object.fromEntries(metrics), series };
}

function metric(type: MetricType, labels: readonly string[]): Metric {
  return labels.length > 0 ? { type, labels } : { type };
}

/** The metric of a sample: for a series of a histogram or summary, the name without its suffix. */
function familyOf(sample: string, types: ReadonlyMap<string, MetricType>): string {
  const family = sample.replace(/_(bucket|sum|count)$/, '');
  const type = types.get(family);
  return type === 'histogram' || type === 'summary' ? family : sample;
}
