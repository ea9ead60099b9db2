import type { IncomingMessage, ServerResponse } from 'node:http';
import { clientAddress } from '../http/client-address';
import type { Middleware } from '../http/measure';
import { plannedRoute, type RoutedRequest } from '../http/route';
import type { Metrics } from '../metrics/metrics';
import type { Denylist } from './denylist';
import type { InspectionContext } from './detect';
import type { SecurityMonitor } from './security-monitor';

/** Settings of `protect()`. */
export interface ProtectOptions {
  /**
   * Fields of a request's body that hold what editors write. There, only HTML that runs code is an attack.
   * @default content, value, html, markdown, text, body, description, data
   */
  readonly contentFields?: readonly string[];
  /** Whether clients that exceed `requestsPerMinute` get 429. @default true */
  readonly limitRate?: boolean;
  /** Whether attacks get 400. If false, they are reported and reach their route. @default true */
  readonly rejectAttacks?: boolean;
  /** Paths that are neither limited nor inspected, such as those of the probes. @default /health, /health/ready, /metrics */
  readonly exempt?: readonly string[];
}

/** @internal */
export interface ProtectProps extends ProtectOptions {
  readonly metrics: Metrics;
  readonly monitor: SecurityMonitor;
  readonly denylist: Denylist;
  readonly trustedProxies: number;
}

/** What Express and its parsers add to a request. */
type ParsedRequest = IncomingMessage & RoutedRequest & { readonly body?: unknown; readonly query?: unknown };

/** Limits of what is inspected of a request, so that its cost does not grow with its size. */
const MOST_TEXTS = 100;
const MOST_CHARACTERS = 65_536;
const DEEPEST = 6;

const CONTENT_FIELDS = ['content', 'value', 'html', 'markdown', 'text', 'body', 'description', 'data'];
const EXEMPT = ['/health', '/health/ready', '/metrics'];
const INSPECTED_HEADERS = ['user-agent', 'referer', 'x-api-version'];

/**
 * Refuses requests of blocked addresses (403), of clients above the rate limit (429), and attacks (400). Register it
 * after the parsers of the body, or the body is not inspected.
 */
export function protect(props: ProtectProps): Middleware {
  const { metrics, monitor, denylist, trustedProxies } = props;
  const { contentFields = CONTENT_FIELDS, limitRate = true, rejectAttacks = true, exempt = EXEMPT } = props;
  const content = new Set(contentFields);

  const refuse = (response: ServerResponse, status: number, reason: string, message: string) => {
    metrics.increment('sightedit_blocked_requests_total', { reason });
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status === 429 ? { 'retry-after': '60' } : {}),
    });
    response.end(JSON.stringify({ error: message }));
  };

  const judge = (request: ParsedRequest, response: ServerResponse, address: string): boolean => {
    const path = pathOf(request);
    if (limitRate && monitor.rateLimit('http', address)) {
      metrics.increment('sightedit_rate_limited_requests_total', { route: plannedRoute(request, path) });
      refuse(response, 429, 'rate_limit', 'too many requests');
      return false;
    }
    const attack = attackIn(monitor, request, address, content);
    if (attack && rejectAttacks) {
      refuse(response, 400, attack, 'the request was rejected');
      return false;
    }
    return true;
  };

  return (request: ParsedRequest, response, next) => {
    const address = clientAddress(request, trustedProxies) ?? '';
    void denylist.blocks(address).then((blocked) => {
      if (blocked) {
        refuse(response, 403, 'denylist', 'this address is blocked');
      } else if (exempt.includes(pathOf(request)) || judge(request, response, address)) {
        next();
      }
    }, next);
  };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0]!;
}

interface Text {
  readonly text: string;
  readonly context: InspectionContext;
}

function attackIn(
  monitor: SecurityMonitor,
  request: ParsedRequest,
  address: string,
  content: ReadonlySet<string>,
): string | undefined {
  const url = (request.url ?? '').slice(0, MOST_CHARACTERS);
  if (monitor.pathTraversal(url.split('?', 1)[0]!, undefined, address)) {
    return 'path_traversal';
  }
  for (const { text, context } of textsOf(request, content)) {
    if (monitor.sqlInjection(text, undefined, address, context)) {
      return 'sql_injection';
    }
    if (monitor.xssAttempt(text, undefined, address, context)) {
      return 'xss';
    }
    if (context === 'parameter' && monitor.pathTraversal(text, undefined, address)) {
      return 'path_traversal';
    }
  }
  return undefined;
}

/** The texts that a client has written into a request. */
function textsOf(request: ParsedRequest, content: ReadonlySet<string>): readonly Text[] {
  const found: Text[] = [];
  let characters = 0;
  const add = (text: string, context: InspectionContext) => {
    if (text !== '' && found.length < MOST_TEXTS && characters < MOST_CHARACTERS) {
      const part = text.slice(0, MOST_CHARACTERS - characters);
      characters += part.length;
      found.push({ text: part, context });
    }
  };
  const visit = (value: unknown, context: InspectionContext, depth: number): void => {
    if (typeof value === 'string') {
      add(value, context);
    } else if (typeof value === 'object' && value !== null && depth < DEEPEST && found.length < MOST_TEXTS) {
      for (const key of Object.keys(value).slice(0, MOST_TEXTS)) {
        add(key, 'parameter');
        visit((value as Record<string, unknown>)[key], content.has(key) ? 'content' : context, depth + 1);
      }
    }
  };
  // Express decodes the query. Without it, the text itself is inspected, and decoded there.
  if (request.query === undefined) {
    add((request.url ?? '').split('?').slice(1).join('?'), 'parameter');
  }
  visit(request.query, 'parameter', 0);
  for (const name of INSPECTED_HEADERS) {
    visit(request.headers[name], 'parameter', 0);
  }
  visit(request.body, 'parameter', 0);
  return found;
}
