import type { CollectorComponents, CollectorConfig, CollectorSettings } from '../../formats/otel-collector';
import { HEALTH_PORT, METRICS_PORT, POD_ADDRESS } from '../otel-collector/config-builder';

/** Ports of Jaeger, beside those of every collector. */
export const QUERY_PORT = 16686;
const QUERY_GRPC_PORT = 16685;
export const OTLP_GRPC_PORT = 4317;
export const OTLP_HTTP_PORT = 4318;
export const SAMPLING_HTTP_PORT = 5778;
export const SAMPLING_GRPC_PORT = 5779;

/** Path of the health endpoint. */
export const HEALTH_PATH = '/status';

/** Directories in the container. */
export const CONFIG_PATH = '/etc/jaeger';
export const SAMPLING_PATH = '/etc/jaeger-sampling';
export const DATA_PATH = '/badger';

/** Files in the directories. */
export const SAMPLING_FILE = 'strategies.json';
export const UI_FILE = 'ui.json';

/** Where traces are kept. */
export type TraceBackend =
  | { readonly kind: 'badger' }
  | {
      readonly kind: 'elasticsearch';
      readonly url: string;
      readonly username: string;
      readonly passwordFile: string;
      readonly caFile?: string;
      readonly indexPrefix?: string;
      readonly shards: number;
      readonly shardReplicas: number;
    };

/** Input of `jaegerConfig()`. */
export interface JaegerConfigProps {
  readonly backend: TraceBackend;
  readonly retentionDays: number;
  /** URL of Prometheus. */
  readonly prometheusUrl?: string;
  readonly servesSampling: boolean;
  readonly basePath?: string;
}

/**
 * The file of Jaeger 2, a distribution of the OpenTelemetry Collector. Only fields that 2.13 and 2.20 both know: 2.20
 * refuses the aliases of indices that 2.13 has, and 2.13 does not know `rotation`.
 * https://www.jaegertracing.io/docs/2.13/deployment/configuration/
 */
export function jaegerConfig(props: JaegerConfigProps): CollectorConfig {
  const extensions = extensionsOf(props);
  return {
    extensions,
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: `${POD_ADDRESS}:${OTLP_GRPC_PORT}` },
          http: { endpoint: `${POD_ADDRESS}:${OTLP_HTTP_PORT}` },
        },
      },
    },
    processors: { memory_limiter: { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 20 } },
    // Neither a batch processor nor a queue: a span is acknowledged when the store has taken it. The gateway sends
    // batches, and keeps what is not acknowledged.
    exporters: { jaeger_storage_exporter: { trace_storage: 'traces' } },
    service: {
      extensions: Object.keys(extensions),
      telemetry: telemetry(),
      pipelines: {
        traces: {
          receivers: ['otlp'],
          processors: ['memory_limiter'],
          exporters: ['jaeger_storage_exporter'],
        },
      },
    },
  };
}

function extensionsOf(props: JaegerConfigProps): CollectorComponents {
  const { prometheusUrl, servesSampling, basePath } = props;
  return {
    healthcheckv2: {
      use_v2: true,
      http: { endpoint: `${POD_ADDRESS}:${HEALTH_PORT}`, status: { enabled: true, path: HEALTH_PATH } },
    },
    jaeger_storage: {
      backends: { traces: backend(props) },
      metric_backends:
        prometheusUrl === undefined ? undefined : { metrics: { prometheus: spanMetrics(prometheusUrl) } },
    },
    jaeger_query: {
      storage: { traces: 'traces', metrics: prometheusUrl === undefined ? undefined : 'metrics' },
      base_path: basePath,
      ui: { config_file: `${CONFIG_PATH}/${UI_FILE}` },
      // Jaeger would send traces of its own queries to localhost:4317, and warn about it for ever.
      enable_tracing: false,
      http: { endpoint: `${POD_ADDRESS}:${QUERY_PORT}` },
      // By default on every interface. No client of the platform needs it.
      grpc: { endpoint: `${POD_ADDRESS}:${QUERY_GRPC_PORT}` },
    },
    ...(servesSampling ? { remote_sampling: remoteSampling() } : {}),
  };
}

function backend({ backend, retentionDays }: JaegerConfigProps): CollectorSettings {
  if (backend.kind === 'badger') {
    return {
      badger: {
        directories: { keys: `${DATA_PATH}/keys`, values: `${DATA_PATH}/values` },
        // By default, traces are in memory only.
        ephemeral: false,
        ttl: { spans: `${retentionDays * 24}h` },
      },
    };
  }
  const { url, username, passwordFile, caFile, indexPrefix, shards, shardReplicas } = backend;
  const index = { shards, replicas: shardReplicas };
  return {
    elasticsearch: {
      server_urls: [url],
      auth: { basic: { username, password_file: passwordFile } },
      tls: caFile === undefined ? undefined : { ca_file: caFile },
      // Indices of a day, which the index cleaner deletes by the date in their names.
      indices: { index_prefix: indexPrefix, spans: index, services: index, dependencies: index, sampling: index },
      max_span_age: `${retentionDays * 24}h`,
    },
  };
}

/** How Jaeger reads the span metrics of the gateway: seconds, and the names that Prometheus gives to them. */
function spanMetrics(endpoint: string): CollectorSettings {
  return { endpoint, normalize_calls: true, normalize_duration: true, latency_unit: 's' };
}

function remoteSampling(): CollectorSettings {
  return {
    // Jaeger reads a changed file without a restart.
    file: { path: `${SAMPLING_PATH}/${SAMPLING_FILE}`, reload_interval: '1m', default_sampling_probability: 1 },
    http: { endpoint: `${POD_ADDRESS}:${SAMPLING_HTTP_PORT}` },
    grpc: { endpoint: `${POD_ADDRESS}:${SAMPLING_GRPC_PORT}` },
  };
}

/**
 * Jaeger's own logs and metrics. The names of the metrics are those of the gateway, without unit and `_total`: the
 * collectors that 2.13 and 2.20 are built on have different defaults.
 */
function telemetry(): CollectorSettings {
  const prometheus = {
    host: `\${env:POD_IP}`,
    port: METRICS_PORT,
    without_type_suffix: true,
    without_units: true,
    without_scope_info: true,
  };
  return {
    resource: { 'service.name': 'jaeger' },
    logs: { encoding: 'json' },
    metrics: { level: 'normal', readers: [{ pull: { exporter: { prometheus } } }] },
  };
}

/** The file of the web interface: its tabs. https://www.jaegertracing.io/docs/2.13/deployment/frontend-ui/ */
export function uiConfig(showsMonitor: boolean) {
  return { dependencies: { menuEnabled: true }, monitor: { menuEnabled: showsMonitor } };
}
