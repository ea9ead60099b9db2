import type { MiddlewareHandler } from 'hono';
import type { Log } from '../../audit';
import type { Authenticator } from '../authenticator';
import { TooManyFlights } from '../flights';

export interface AuthenticationOptions {
  readonly authenticator: Pick<Authenticator, 'verify'>;
  readonly log: Log;
}

/** nginx' status for a client that has closed its connection. It is counted, and never sent. */
const CLIENT_LEFT = 499 as 400;

/** Seconds after which a sender may try again, for the header `Retry-After`. */
export const RETRY_SECONDS = '5';

/**
 * Lets a request through whose bearer token belongs to a permitted subject. Answers 401 to an unknown sender, 403 to
 * one that may not notify, and 503 while the API server cannot review tokens, so that Alertmanager sends again.
 *
 * @example app.post('/api/v1/alerts', authentication({ authenticator, log }), handler)
 */
export function authentication({ authenticator, log }: AuthenticationOptions): MiddlewareHandler {
  return async (c, next) => {
    const { signal } = c.req.raw;
    const verdict = await authenticator.verify(c.req.header('authorization'), signal).catch((error: Error) => error);
    if (signal.aborted) {
      return c.body(null, CLIENT_LEFT); // Nobody reads the answer.
    }
    if (verdict instanceof Error) {
      c.header('retry-after', RETRY_SECONDS);
      if (verdict instanceof TooManyFlights) {
        log('warn', `a notification was not read: TokenReviews: ${verdict.message}`);
        return c.json({ message: 'too many tokens are being reviewed: send again' }, 503);
      }
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
