import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../log/logger';
import type { Metrics } from '../metrics/metrics';
import { exemplar } from '../trace/tracing';
import { type RoutedRequest, routeTemplate } from './route';

/** A middleware of Express 4, also usable with node:http. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** Settings of the request metrics. */
export interface MeasureOptions {
  /** Beginning of the routes that are the public API. @default /api/ */
  readonly apiPrefix?: string;
  /** Writes a line of the access stream for each request. @default false */
  readonly accessLog?: boolean;
}

/** Measures each request when its response has ended. Register it before all other middleware. */
export function measureRequests(metrics: Metrics, logger: Logger, options: MeasureOptions = {}): Middleware {
  const { apiPrefix = '/api/', accessLog = false } = options;
  return (request, response, next) => {
    const start = performance.now();
    const trace = exemplar();
    // `close` follows `finish`, and comes alone when the client has gone away.
    response.once('close', () => {
      const seconds = (performance.now() - start) / 1000;
      const method = request.method ?? '_OTHER';
      const route = routeTemplate(request as IncomingMessage & RoutedRequest);
      const status = response.statusCode;
      metrics.observe(
        'http_server_request_duration_seconds',
        { http_route: route, http_request_method: method, http_response_status_code: status },
        seconds,
        trace,
      );
      if (route.startsWith(apiPrefix)) {
        metrics.increment('sightedit_api_requests_total', { method, endpoint: route, status });
      }
      if (accessLog) {
        logger.access({ method, route, status, duration: seconds });
      }
    });
    next();
  };
}
