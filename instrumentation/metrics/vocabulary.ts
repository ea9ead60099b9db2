/**
 * The names that the application's code uses as label values. A name that is not listed counts as `other`
 * (`unknown` for errors), and a warning names it once.
 */
export interface Vocabulary {
  /** Features, e.g. `advanced_editor`. @default - none */
  readonly features?: readonly string[];
  /** Funnels, e.g. `signup`. @default - none */
  readonly conversions?: readonly string[];
  /** Operations inside a request, e.g. `render`. `save` is always known. @default - none */
  readonly operations?: readonly string[];
  /** Error classes, e.g. `TimeoutError`. Those of JavaScript are always known. @default - none */
  readonly errors?: readonly string[];
  /** ISO 4217 codes of the currencies in which SightEdit sells. @default - none */
  readonly currencies?: readonly string[];
  /** Running experiments with their variants. @default - none */
  readonly experiments?: Readonly<Record<string, readonly string[]>>;
  /** Reasons for blocking, beside those of this library. @default - none */
  readonly blockReasons?: readonly string[];
  /** Route templates. @default - the templates of the registered routes, at most 200 */
  readonly routes?: readonly string[];
}

/** Distinct values that a label without a list may have. A process has fewer routes and pools. */
const MOST_VALUES = 200;

/** Reasons for which this library blocks requests. */
const BLOCK_REASONS = ['denylist', 'sql_injection', 'xss', 'path_traversal', 'rate_limit'];

/** Error classes of JavaScript and of this library. */
const KNOWN_ERRORS = [
  ...['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AggregateError', 'AbortError'],
  ...['denylist_unavailable', 'shared_state_unavailable', 'kpi_computation_failed'],
];

/** Metrics that are computed on a schedule. */
const SCHEDULED_METRICS = ['sightedit_active_users', 'sightedit_user_retention_ratio'];

/** Directives of Content Security Policy Level 3 that send reports. https://www.w3.org/TR/CSP3/#csp-directives */
const CSP_DIRECTIVES = [
  ...['default-src', 'script-src', 'script-src-elem', 'script-src-attr', 'style-src', 'style-src-elem'],
  ...['style-src-attr', 'img-src', 'connect-src', 'font-src', 'media-src', 'object-src', 'frame-src', 'child-src'],
  ...['worker-src', 'manifest-src', 'base-uri', 'form-action', 'frame-ancestors', 'sandbox', 'other'],
];

/** Maps a value to one of few. Returns undefined for an event that no series may count. */
export type Bound = (value: string) => string | undefined;

/** A value of the list, or the fallback that the list has. */
export function listed(values: readonly string[], fallback = fallbackIn(values)): Bound {
  const known = new Set(values);
  return (value) => (known.has(value) ? value : fallback);
}

function fallbackIn(values: readonly string[]): string | undefined {
  return ['_OTHER', 'other'].find((value) => values.includes(value));
}

/** The first values, then `other`. */
function first(most: number): Bound {
  const known = new Set<string>();
  return (value) => {
    if (!known.has(value) && (known.size >= most || value.length > 200)) {
      return 'other';
    }
    known.add(value);
    return value;
  };
}

/** RFC 9110 has three digits, from 1xx to 5xx. */
const httpStatus: Bound = (value) => (/^[1-5]\d\d$/.test(value) ? value : 'other');

/** The bounds of the labels that the contract does not list, by label, or by metric and label. */
export function boundsOf(vocabulary: Vocabulary): ReadonlyMap<string, Bound> {
  const { experiments = {} } = vocabulary;
  const routes = vocabulary.routes ? listed(vocabulary.routes, 'other') : first(MOST_VALUES);
  const conversions = listed(vocabulary.conversions ?? [], 'other');
  return new Map<string, Bound>([
    ['http_route', routes],
    ['endpoint', routes],
    ['route', routes],
    ['http_response_status_code', httpStatus],
    ['sightedit_api_requests_total:status', httpStatus],
    ['db_client_connection_pool_name', first(10)],
    ['sightedit_conversions_total:type', conversions],
    ['sightedit_conversion_funnel_started_total:type', conversions],
    ['operation', listed(['save', ...(vocabulary.operations ?? [])], 'other')],
    ['error_type', listed([...KNOWN_ERRORS, ...(vocabulary.errors ?? [])], 'unknown')],
    ['feature', listed(vocabulary.features ?? [], 'other')],
    ['currency', listed(vocabulary.currencies ?? [], 'other')],
    ['experiment', listed(Object.keys(experiments), 'other')],
    ['variant', listed(Object.values(experiments).flat(), 'other')],
    ['metric', listed(SCHEDULED_METRICS)],
    ['reason', listed([...BLOCK_REASONS, ...(vocabulary.blockReasons ?? [])], 'other')],
    ['directive', listed(CSP_DIRECTIVES)],
  ]);
}
