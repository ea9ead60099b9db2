import type { CollectorSettings } from '../../formats/otel-collector';

/** Attributes that become labels, beside service, span, kind and status. */
export const DEFAULT_DIMENSIONS = ['http.request.method', 'http.response.status_code', 'http.route'] as const;

/**
 * Calls and durations by service and span: `traces_span_metrics_calls_total` and
 * `traces_span_metrics_duration_seconds`, with a trace as exemplar.
 */
export function spanMetrics(dimensions: readonly string[]): CollectorSettings {
  return {
    histogram: {
      unit: 's',
      explicit: {
        buckets: ['5ms', '10ms', '25ms', '50ms', '100ms', '250ms', '500ms', '1s', '2500ms', '5s', '10s'],
      },
    },
    exemplars: { enabled: true, max_per_data_point: 2 },
    metrics_flush_interval: '15s',
    dimensions: dimensions.map((name) => ({ name })),
    // A random id at each start. Prometheus scrapes each replica by itself.
    exclude_dimensions: ['collector.instance.id'],
    // Combinations beyond this are counted together, with the label otel_metric_overflow.
    aggregation_cardinality_limit: 10_000,
    // Series of a version that is gone.
    metrics_expiration: '15m',
  };
}
