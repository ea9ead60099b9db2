import type { CounterContract, LabelContract, LabelValues, MetricContract, Unit } from './metric';

const label = (name: string, values: LabelValues): LabelContract => ({ name, values });

type Described = readonly [name: string, help: string, labels?: readonly LabelContract[]];

/** A counter. If all its label values are listed, it starts with 0 for each combination of them. */
const counter = (...[name, help, labels = []]: Described): CounterContract => ({
  type: 'counter',
  name,
  help,
  unit: 'count',
  labels,
  zeroAtStart: labels.every(({ values }) => !('bounded' in values)),
});

const gauge = (unit: Unit, ...[name, help, labels = []]: Described): MetricContract => ({
  type: 'gauge',
  name,
  help,
  unit,
  labels,
});

const histogram = (buckets: readonly number[], ...[name, help, labels = []]: Described): MetricContract => ({
  type: 'histogram',
  name,
  help,
  unit: 'seconds',
  labels,
  buckets,
});

/** Types of content that have an editor. Any other counts as `other`. */
const EDITOR_TYPES = [
  'text',
  'richtext',
  'image',
  'link',
  'color',
  'number',
  'date',
  'select',
  'json',
  'collection',
  'other',
] as const;

const SECURITY_EVENTS = [
  'auth_failure',
  'suspicious_login',
  'brute_force',
  'sql_injection',
  'xss_attempt',
  'unauthorized_access',
  'privilege_escalation',
  'data_exfiltration',
  'rate_limit_violation',
  'malicious_file_upload',
  'suspicious_api_usage',
  'account_takeover',
  'fraud_attempt',
] as const;

const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
const HTTP_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', '_OTHER'] as const;

/** Bucket boundaries of HTTP request durations. Objectives and alerts read 0.5 and 1. */
const HTTP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
const OPERATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;
const SESSION_BUCKETS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600] as const;

const editorType = label('editor_type', EDITOR_TYPES);
const httpStatus = { bounded: 'the HTTP status codes that the application sends' };
const routeTemplates = { bounded: 'the templates of the registered routes, never a path' };
const pool = label('db_client_connection_pool_name', { bounded: 'the connection pools that the application opens' });
const conversionType = label('type', { bounded: 'the funnels defined in the code' });

/**
 * HTTP server and database client. The names are those of OpenTelemetry's semantic conventions, as Prometheus spells
 * them.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
const traffic: readonly MetricContract[] = [
  histogram(HTTP_BUCKETS, 'http_server_request_duration_seconds', 'Duration of HTTP requests, probes included.', [
    label('http_route', routeTemplates),
    label('http_request_method', HTTP_METHODS),
    label('http_response_status_code', httpStatus),
  ]),
  gauge('count', 'db_client_connection_count', 'Connections of the pool, by state.', [
    pool,
    label('db_client_connection_state', ['idle', 'used']),
  ]),
  gauge('count', 'db_client_connection_pending_requests', 'Requests waiting for a connection of the pool.', [pool]),
  gauge('count', 'db_client_connection_max', 'Maximum number of connections of the pool.', [pool]),
];

const runtime: readonly MetricContract[] = [
  gauge(
    'seconds',
    'nodejs_eventloop_lag_p99_seconds',
    'Delay of the event loop, 99th percentile since the last scrape.',
  ),
  gauge('bytes', 'nodejs_heap_size_used_bytes', 'Heap used by V8, including garbage.'),
  gauge('bytes', 'nodejs_heap_size_total_bytes', 'Heap that V8 has allocated from the system.'),
  gauge('bytes', 'process_resident_memory_bytes', 'Resident memory of the process.'),
  { ...counter('process_cpu_seconds_total', 'CPU time of the process, user and system.'), unit: 'seconds' },
  // The name predates the convention that a point in time ends in timestamp_seconds.
  gauge('seconds', 'process_start_time_seconds', 'When the process started, in Unix time.'),
];

const editing: readonly MetricContract[] = [
  counter('sightedit_editor_activations_total', 'Editors opened.', [editorType]),
  counter('sightedit_save_operations_total', 'Saves, by outcome.', [
    label('status', ['success', 'failed']),
    editorType,
  ]),
  counter('sightedit_api_requests_total', 'Requests to the public API.', [
    label('method', HTTP_METHODS),
    label('endpoint', routeTemplates),
    label('status', httpStatus),
  ]),
  histogram(SESSION_BUCKETS, 'sightedit_session_duration_seconds', 'Duration of finished editing sessions.'),
  histogram(OPERATION_BUCKETS, 'sightedit_operation_duration_seconds', 'Duration of operations inside a request.', [
    label('operation', { bounded: 'the operations instrumented in the code' }),
    label('success', ['true', 'false']),
  ]),
  counter('sightedit_errors_total', 'Errors that the application handled or reported.', [
    label('error_type', { bounded: 'the error classes defined in the code; any other counts as unknown' }),
  ]),
  gauge('count', 'sightedit_active_sessions', 'Open editing sessions of this process.'),
];

const business: readonly MetricContract[] = [
  gauge(
    'count',
    'sightedit_active_users',
    'Users who edited within the window. One pod computes it for all: take the maximum, never the sum.',
    [label('window', ['day', 'week', 'month'])],
  ),
  counter('sightedit_feature_usage_total', 'Uses of a feature.', [
    label('feature', { bounded: 'the features named in the code' }),
  ]),
  counter('sightedit_conversions_total', 'Completed funnels.', [conversionType]),
  counter('sightedit_conversion_funnel_started_total', 'Started funnels.', [conversionType]),
  {
    ...counter('sightedit_revenue_minor_units_total', 'Revenue in the smallest unit of the currency.', [
      label('currency', { bounded: 'the ISO 4217 codes of the currencies in which SightEdit sells' }),
    ]),
    unit: 'minor_units',
  },
  gauge('ratio', 'sightedit_user_retention_ratio', 'Share of a cohort that returned.', [
    label('cohort', ['week_1', 'week_4']),
  ]),
  counter('sightedit_experiment_exposures_total', 'Visitors who saw a variant.', [
    label('experiment', { bounded: 'the running experiments; one that has ended is removed from the code' }),
    label('variant', { bounded: 'the few variants of an experiment' }),
  ]),
  gauge(
    'timestamp_seconds',
    'sightedit_business_metrics_last_success_timestamp_seconds',
    'Unix time of the last successful computation of a business metric.',
    [label('metric', { bounded: 'the metrics of this contract that are computed on a schedule' })],
  ),
];

const security: readonly MetricContract[] = [
  counter('sightedit_auth_attempts_total', 'Login attempts.', [label('status', ['success', 'failed'])]),
  counter('sightedit_security_events_total', 'Security events.', [
    label('type', SECURITY_EVENTS),
    label('severity', SEVERITIES),
  ]),
  counter('sightedit_security_violations_total', 'Requests rejected as an attack.', [
    label('type', ['sql_injection', 'xss', 'path_traversal', 'csrf', 'malicious_upload']),
  ]),
  counter('sightedit_rate_limited_requests_total', 'Requests rejected by rate limiting.', [
    label('route', routeTemplates),
  ]),
  counter('sightedit_blocked_requests_total', 'Requests blocked before they reached a route.', [
    label('reason', { bounded: 'the reasons for blocking named in the code' }),
  ]),
  counter('sightedit_csp_reports_total', 'Violations of the Content Security Policy reported by browsers.', [
    label('directive', { bounded: 'the directives of our policy; any other counts as other' }),
  ]),
  counter('sightedit_cache_requests_total', 'Cache lookups.', [label('result', ['hit', 'miss'])]),
  counter('sightedit_cache_integrity_errors_total', 'Cache entries whose checksum did not match.'),
  { ...counter('sightedit_upload_bytes_total', 'Size of accepted uploads.'), unit: 'bytes' },
];

/** Every metric that the application promises to expose. Rules and dashboards may rely on these. */
export const metricContract: readonly MetricContract[] = [...traffic, ...runtime, ...editing, ...business, ...security];
