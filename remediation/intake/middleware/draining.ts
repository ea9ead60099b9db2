import type { MiddlewareHandler } from 'hono';

export interface DrainingOptions {
  /** Whether the server is shutting down. */
  readonly isEnding: () => boolean;
}

/** Answers 503 while the server shuts down, so that Alertmanager sends to another replica. */
export function draining({ isEnding }: DrainingOptions): MiddlewareHandler {
  return async (c, next) => (isEnding() ? c.json({ message: 'the server is shutting down' }, 503) : next());
}
