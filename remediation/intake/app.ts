import { SpanKind } from '@opentelemetry/api';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { contextOf, inSpan, type Log, type Metrics } from '../audit';
import type { Authenticator } from './authenticator';
import type { Intake } from './intake';
import { PayloadError, parsePayload } from './payload';
import type { RunbookPages } from './runbook-pages';

export interface AppProps {
  readonly authenticator: Authenticator;
  readonly intake: Intake;
  readonly metrics: Metrics;
  readonly runbookPages: RunbookPages;
  readonly log: Log;
  /** Why the server is not ready, a line each; empty when it is. */
  readonly notReadyReasons: () => readonly string[];
  /** Whether the server is ending and takes nothing any more. */
  readonly isEnding: () => boolean;
}

/** Largest notification: some thousand alerts. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

type Answer = 202 | 400 | 401 | 403 | 413 | 503;

/**
 * The server's HTTP interface. Alertmanager sends a notification again after a 5xx and never after a 4xx, so 503 means
 * "nothing was kept", and 202 "all of it was", whatever comes of it.
 */
export function makeApp(props: AppProps, { intake = true } = {}): Hono {
  const { metrics, runbookPages } = props;
  const app = new Hono();

  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => {
    const problems = props.notReadyReasons();
    return problems.length === 0 ? c.text('ok\n') : c.text(`${problems.join('\n')}\n`, 503);
  });
  app.get('/metrics', async (c) => {
    c.header('content-type', metrics.registry.contentType);
    return c.body(await metrics.registry.metrics());
  });
  app.get('/', (c) => c.redirect('/runbooks'));
  app.get('/runbooks', (c) => c.html(runbookPages.index()));
  app.get('/runbooks/:name', (c) => {
    const page = runbookPages.page(c.req.param('name'));
    return page ? c.html(page) : c.html(runbookPages.missing(), 404);
  });

  if (intake) {
    const answer = (c: Context, code: Answer, message: string) => {
      metrics.requests.inc({ code: String(code) });
      return c.json({ message }, code);
    };
    const limit = bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => answer(c, 413, `more than ${MAX_BODY_BYTES} bytes: send fewer alerts at once`),
    });
    /** Lets those through who may notify. */
    const authenticated = async (c: Context, next: () => Promise<void>) => {
      if (props.isEnding()) {
        return answer(c, 503, 'the server is ending');
      }
      const verdict = await props.authenticator.verify(c.req.header('authorization')).catch((error: Error) => error);
      if (verdict instanceof Error) {
        props.log('error', `nobody can say who notifies: ${verdict.message}`);
        return answer(c, 503, 'the API server cannot be asked who you are');
      }
      if (verdict.kind !== 'accepted') {
        props.log('warn', `a notification was refused: ${verdict.message}`);
        return answer(c, verdict.kind === 'unknown' ? 401 : 403, verdict.message);
      }
      return next();
    };

    app.post('/api/v1/alerts', authenticated, limit, (c) =>
      inSpan(
        'POST /api/v1/alerts',
        contextOf(c.req.header('traceparent')),
        {},
        async () => {
          try {
            const receipt = await props.intake.take(parsePayload(await c.req.text()));
            metrics.requests.inc({ code: '202' });
            return c.json(receipt, 202);
          } catch (error) {
            if (error instanceof PayloadError) {
              props.log('warn', `a notification cannot be read: ${error.message}`);
              return answer(c, 400, error.message);
            }
            props.log('error', `a notification was not kept: ${(error as Error).message}`);
            return answer(c, 503, 'the alerts could not be kept: send them again');
          }
        },
        SpanKind.SERVER,
      ),
    );
    app.post('/api/v1/heartbeat', authenticated, limit, (c) => {
      metrics.heartbeat.setToCurrentTime();
      return answer(c, 202, 'heard');
    });
  }
  return app;
}
