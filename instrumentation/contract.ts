import type { CounterContract, LabelContract, LabelValues, MetricContract, Unit } from './metric';

const label = (name: string, values: LabelValues): LabelContract => ({ name, values });

type Described = readonly [name: string, help: string, labels?: readonly LabelContract[]];

/** A counter whose label values are all known, and which therefore starts with 0 for each of them. */
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

/** Types of content that an editor can be opened for. */
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

/** Upper bounds of HTTP request durations. Objectives and alerts need 0.5 and 1 among them. */
const HTTP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
const OPERATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;
const SESSION_BUCKETS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600] as const;

const editorType = label('editor_type', EDITOR_TYPES);
const httpStatus = { bounded: 'the status codes of HTTP that the application sends' };
const routeTemplates = { bounded: 'the templates of the routes that the application registers, never a path' };
const pool = label('db_client_connection_pool_name', { bounded: 'the connection pools that the application opens' });
const conversionType = label('type', { bounded: 'the funnels that are defined in the code' });

/** HTTP server and database client, named as OpenTelemetry's semantic conventions are in Prometheus. */
const traffic: readonly MetricContract[] = [
  histogram(HTTP_BUCKETS, 'http_server_request_duration_seconds', 'Duration of HTTP requests, probes included.', [
    label('http_route', routeTemplates),
    label('http_request_method', HTTP_METHODS),
    label('http_response_status_code', httpStatus),
  ]),
  gauge('count', 'db_client_connection_count', 'Connections of the pool, by what they do.', [
    pool,
    label('db_client_connection_state', ['idle', 'used']),
  ]),
  gauge('count', 'db_client_connection_pending_requests', 'Requests that wait for a connection of the pool.', [pool]),
  gauge('count', 'db_client_connection_max', 'Connections that the pool may open.', [pool]),
];

const runtime: readonly MetricContract[] = [
  gauge(
    'seconds',
    'nodejs_eventloop_lag_p99_seconds',
    'Delay of the event loop, 99th percentile since the last scrape.',
  ),
  gauge('bytes', 'nodejs_heap_size_used_bytes', 'Heap in use by V8, garbage included.'),
  gauge('bytes', 'nodejs_heap_size_total_bytes', 'Heap that V8 has taken from the system.'),
  gauge('bytes', 'process_resident_memory_bytes', 'Memory of the process that is in RAM.'),
  { ...counter('process_cpu_seconds_total', 'CPU time of the process, user and system.'), unit: 'seconds' },
  // The name is older than the convention that a point in time says timestamp.
  gauge('seconds', 'process_start_time_seconds', 'When the process started, in Unix time.'),
];

const editing: readonly MetricContract[] = [
  counter('sightedit_editor_activations_total', 'Editors that were opened.', [editorType]),
  counter('sightedit_save_operations_total', 'Saves, each counted once with its outcome.', [
    label('status', ['success', 'failed']),
    editorType,
  ]),
  counter('sightedit_api_requests_total', 'Requests to the public API.', [
    label('method', HTTP_METHODS),
    label('endpoint', routeTemplates),
    label('status', httpStatus),
  ]),
  histogram(SESSION_BUCKETS, 'sightedit_session_duration_seconds', 'Length of editing sessions that have ended.'),
  histogram(OPERATION_BUCKETS, 'sightedit_operation_duration_seconds', 'Duration of operations within a request.', [
    label('operation', { bounded: 'the operations that are instrumented in the code' }),
    label('success', ['true', 'false']),
  ]),
  counter('sightedit_errors_total', 'Errors that the application has handled or reported.', [
    label('error_type', { bounded: 'the error classes of the code; anything else counts as unknown' }),
  ]),
  gauge('count', 'sightedit_active_sessions', 'Editing sessions that are open in this process.'),
];

const business: readonly MetricContract[] = [
  gauge(
    'count',
    'sightedit_active_users',
    'Users with an edit in the window. Computed once: take the maximum, never the sum.',
    [label('window', ['day', 'week', 'month'])],
  ),
  counter('sightedit_feature_usage_total', 'Uses of a feature.', [
    label('feature', { bounded: 'the features that are named in the code' }),
  ]),
  counter('sightedit_conversions_total', 'Funnels that were completed.', [conversionType]),
  counter('sightedit_conversion_funnel_started_total', 'Funnels that were entered.', [conversionType]),
  {
    ...counter('sightedit_revenue_minor_units_total', 'Revenue in the smallest unit of its currency.', [
      label('currency', { bounded: 'the ISO 4217 codes in which SightEdit sells' }),
    ]),
    unit: 'minor_units',
  },
  gauge('ratio', 'sightedit_user_retention_ratio', 'Share of a cohort that came back.', [
    label('cohort', ['week_1', 'week_4']),
  ]),
  counter('sightedit_experiment_exposures_total', 'Visitors who were shown a variant.', [
    label('experiment', { bounded: 'the experiments that run; one that has ended is removed from the code' }),
    label('variant', { bounded: 'the variants of an experiment, a handful' }),
  ]),
  gauge(
    'timestamp_seconds',
    'sightedit_business_metrics_last_success_timestamp_seconds',
    'When a business metric was last computed, in Unix time.',
    [label('metric', { bounded: 'the metrics in this contract that are computed on a schedule' })],
  ),
];

const security: readonly MetricContract[] = [
  counter('sightedit_auth_attempts_total', 'Attempts to log in.', [label('status', ['success', 'failed'])]),
  counter('sightedit_security_events_total', 'Security events, each counted once.', [
    label('type', SECURITY_EVENTS),
    label('severity', SEVERITIES),
  ]),
  counter('sightedit_security_violations_total', 'Requests that were refused as an attack.', [
    label('type', ['sql_injection', 'xss', 'path_traversal', 'csrf', 'malicious_upload']),
  ]),
  counter('sightedit_rate_limited_requests_total', 'Requests that were refused for their rate.', [
    label('route', routeTemplates),
  ]),
  counter('sightedit_blocked_requests_total', 'Requests that were refused before they reached a route.', [
    label('reason', { bounded: 'the reasons for a block that are named in the code' }),
  ]),
  counter('sightedit_csp_reports_total', 'Violations of the Content Security Policy that browsers report.', [
    label('directive', { bounded: 'the directives of our policy; anything else that is sent counts as other' }),
  ]),
  counter('sightedit_cache_requests_total', 'Look-ups in the cache.', [label('result', ['hit', 'miss'])]),
  counter('sightedit_cache_integrity_errors_total', 'Entries of the cache whose checksum did not match.'),
  { ...counter('sightedit_upload_bytes_total', 'Size of the accepted uploads.'), unit: 'bytes' },
];

/** Every metric that the application exposes and that rules and dashboards may rely on. */
export const metricContract: readonly MetricContract[] = [...traffic, ...runtime, ...editing, ...business, ...security];
