import type { MiddlewareHandler } from 'hono';
import type { Metrics } from '../../audit';

export interface RequestCountOptions {
  readonly metrics: Pick<Metrics, 'requests'>;
}

/** Counts requests by the status of their response. Use it before the other middleware. */
export function requestCount({ metrics }: RequestCountOptions): MiddlewareHandler {
  return async (c, next) => {
    await next();
    metrics.requests.inc({ code: String(c.res.status) });
  };
}
