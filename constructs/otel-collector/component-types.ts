import type { CollectorSectionName } from '../../formats/otel-collector';

/**
 * Component types that a configuration may name: those that `tools/otel-collector/components.go` builds for the tests,
 * and those of the image that the Go module proxy does not serve (`NOT_RUN`).
 */
export const COMPONENT_TYPES: { readonly [section in CollectorSectionName]: readonly string[] } = {
  receivers: ['file_log', 'jaeger', 'journald', 'k8s_events', 'k8s_objects', 'otlp', 'prometheus', 'zipkin'],
  processors: [
    'attributes',
    'batch',
    'delta_to_cumulative',
    'filter',
    'groupbyattrs',
    'k8s_attributes',
    'memory_limiter',
    'probabilistic_sampler',
    'redaction',
    'resource',
    'resource_detection',
    'tail_sampling',
    'transform',
  ],
  exporters: [
    'datadog',
    'debug',
    'elasticsearch',
    'file',
    'load_balancing',
    'nop',
    'otlp_grpc',
    'otlp_http',
    'prometheus',
    'prometheus_remote_write',
    'sentry',
  ],
  connectors: ['count', 'datadog', 'forward', 'routing', 'service_graph', 'signal_to_metrics', 'span_metrics'],
  extensions: ['basicauth', 'bearertokenauth', 'file_storage', 'health_check', 'pprof', 'zpages'],
};

/** Types that no test runs: the image has them, and the Go module proxy does not. */
export const NOT_RUN: { readonly [section in CollectorSectionName]: readonly string[] } = {
  receivers: ['journald', 'k8s_objects', 'prometheus'],
  processors: ['resource_detection'],
  exporters: ['datadog', 'elasticsearch'],
  connectors: ['datadog', 'routing', 'service_graph'],
  extensions: [],
};

/**
 * Old names by section. The collector still takes them and warns at each start, and `otelcol validate` says nothing.
 */
export const RENAMED_TYPES: { readonly [section in CollectorSectionName]: { readonly [old: string]: string } } = {
  receivers: { filelog: 'file_log', k8sobjects: 'k8s_objects' },
  processors: {
    deltatocumulative: 'delta_to_cumulative',
    k8sattributes: 'k8s_attributes',
    resourcedetection: 'resource_detection',
  },
  exporters: {
    loadbalancing: 'load_balancing',
    logging: 'debug',
    otlp: 'otlp_grpc',
    otlphttp: 'otlp_http',
    prometheusremotewrite: 'prometheus_remote_write',
  },
  connectors: { servicegraph: 'service_graph', signaltometrics: 'signal_to_metrics', spanmetrics: 'span_metrics' },
  extensions: {},
};
