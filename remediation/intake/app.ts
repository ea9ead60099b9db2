import { SpanKind } from '@opentelemetry/api';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { contextOf, inSpan, type Log, type Metrics } from '../audit';
import type { Authenticator } from './authenticator';
import type { Intake } from './intake';
import { authentication } from './middleware/authentication';
import { notificationLimit } from './middleware/body-limit';
import { draining } from './middleware/draining';
import { memoryBudget } from './middleware/memory-budget';
import { requestCount } from './middleware/request-count';
import { PayloadError, parsePayload } from './payload';
import { PAGE_POLICY, type RunbookPages } from './runbook-pages';

export interface AppProps {
  readonly authenticator: Authenticator;
  readonly intake: Intake;
  readonly metrics: Metrics;
  readonly runbookPages: Pick<RunbookPages, 'index' | 'page' | 'missing'>;
  readonly log: Log;
  /** Why the server is not ready, one line each; empty when it is. */
  readonly notReadyReasons: () => readonly string[];
  /** Whether the server is shutting down and accepts nothing. */
  readonly isEnding: () => boolean;
}

/** Headers of every response, for the browsers of those who read runbooks. */
const HEADERS = { contentSecurityPolicy: PAGE_POLICY, xFrameOptions: 'DENY', referrerPolicy: 'no-referrer' } as const;

/**
 * The HTTP interface of the server: probes, metrics, runbooks and, with `intake`, notifications.
 *
 * Alertmanager sends a notification again after a 5xx, and never after a 4xx. So 202 means that every alert is stored,
 * whatever comes of it, and 503 that it must be sent again.
 */
export function makeApp(props: AppProps, { intake = true } = {}): Hono {
  const app = new Hono();
  // Over HTTP, browsers ignore Strict-Transport-Security; with a port-forward it would be for localhost.
  app.use(secureHeaders({ ...HEADERS, strictTransportSecurity: false }));
  addProbes(app, props);
  addRunbooks(app, props);
  if (intake) {
    addIntake(app, props);
  }
  return app;
}

function addProbes(app: Hono, { metrics, notReadyReasons }: AppProps): void {
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => {
    const reasons = notReadyReasons();
    return reasons.length === 0 ? c.text('ok\n') : c.text(`${reasons.join('\n')}\n`, 503);
  });
  app.get('/metrics', async (c) => {
    c.header('content-type', metrics.registry.contentType);
    return c.body(await metrics.registry.metrics());
  });
}

function addRunbooks(app: Hono, { runbookPages }: AppProps): void {
  app.get('/', (c) => c.redirect('/runbooks'));
  app.get('/runbooks', (c) => c.html(runbookPages.index()));
  app.get('/runbooks/:name', (c) => {
    const page = runbookPages.page(c.req.param('name'));
    return page ? c.html(page) : c.html(runbookPages.missing(), 404);
  });
}

function addIntake(app: Hono, props: AppProps): void {
  const { intake, metrics, log } = props;
  const guards = [
    requestCount(props),
    draining(props),
    authentication(props),
    memoryBudget(),
    notificationLimit(),
  ] as const;

  app.post('/api/v1/alerts', ...guards, (c) =>
    inSpan(
      'POST /api/v1/alerts',
      contextOf(c.req.header('traceparent')),
      {},
      async () => {
        try {
          return c.json(await intake.take(parsePayload(new Uint8Array(await c.req.arrayBuffer()))), 202);
        } catch (error) {
          if (error instanceof PayloadError) {
            log('warn', `a notification is invalid: ${error.message}`);
            return c.json({ message: error.message }, 400);
          }
          log('error', `a notification could not be stored: ${(error as Error).message}`);
          return c.json({ message: 'the alerts could not be stored: send again' }, 503);
        }
      },
      SpanKind.SERVER,
    ),
  );

  app.post('/api/v1/heartbeat', ...guards, (c) => {
    metrics.heartbeat.setToCurrentTime();
    return c.json({ message: 'received' }, 202);
  });
}
