import type { MiddlewareHandler } from 'hono';
import type { Log } from '../../audit';
import type { Authenticator } from '../authenticator';

export interface AuthenticationOptions {
  readonly authenticator: Pick<Authenticator, 'verify'>;
  readonly log: Log;
}

/**
 * Lets a request through whose bearer token belongs to a permitted subject. Answers 401 to an unknown sender, 403 to
 * one that may not notify, and 503 while the API server cannot review tokens, so that Alertmanager sends again.
 *
 * @example app.post('/api/v1/alerts', authentication({ authenticator, log }), handler)
 */
export function authentication({ authenticator, log }: AuthenticationOptions): MiddlewareHandler {
  return async (c, next) => {
    const verdict = await authenticator.verify(c.req.header('authorization')).catch((error: Error) => error);
    if (verdict instanceof Error) {
      log('error', `TokenReview failed: ${verdict.message}`);
      return c.json({ message: 'the API server cannot review the token now: send again' }, 503);
    }
    if (verdict.kind !== 'accepted') {
      log('warn', `a notification was rejected: ${verdict.message}`);
      return c.json({ message: verdict.message }, verdict.kind === 'unknown' ? 401 : 403);
    }
    return next();
  };
}
