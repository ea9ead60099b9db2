import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, Router } from 'express';
import {
  addBusinessContext,
  addSecurityContext,
  businessMetrics,
  clientAddress,
  errors,
  getSpanId,
  getTraceId,
  logger,
  securityMonitor,
  withSpan,
} from 'sightedit-monitoring/instrumentation';
import { createSession, createUser, saveEdit, userExists, userOf } from './database';
import { faults } from './faults';
import { cache, monitoring, pool, redis } from './monitoring';

const { UPLOADS = tmpdir(), DEMO_PASSWORD = 'not-a-real-password' } = process.env;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Errors of an asynchronous handler reach the error handler. Express 4 does not do that itself. */
const handler =
  (work: (request: Request, response: Parameters<RequestHandler>[1]) => Promise<unknown>): RequestHandler =>
  (request, response, next) => {
    work(request, response).catch(next);
  };

const address = (request: Request) => clientAddress(request, 1) ?? '';
const sessionOf = (request: Request) => request.get('x-session-id') ?? '';

/** Readiness: the database is required, Redis is not. */
export const health = monitoring.health({
  required: { database: () => pool.query('SELECT 1') },
  optional: { redis: () => redis.ping() },
});

const authentication = Router()
  .post(
    '/login',
    handler(async (request, response) => {
      const { user: name, password } = request.body as { user?: unknown; password?: unknown };
      const user = typeof name === 'string' ? name : '';
      const agent = request.get('user-agent');
      if (password !== DEMO_PASSWORD || !UUID.test(user) || !(await userExists(user))) {
        securityMonitor.checkAuthenticationFailure(user, address(request), agent);
        return response.status(401).json({ error: 'wrong user or password' });
      }
      securityMonitor.checkSuspiciousLogin(user, address(request), agent);
      const session = await createSession(user);
      businessMetrics.trackSessionStart(user, session);
      businessMetrics.trackABTest('toolbar', user < '8' ? 'left' : 'right', user, session);
      return response.json({ session });
    }),
  )
  .post(
    '/register',
    handler(async (request, response) => {
      businessMetrics.trackConversionStart('signup');
      const user = await createUser(String(request.body.email));
      businessMetrics.trackConversion('signup', undefined, user);
      response.status(201).json({ user });
    }),
  )
  .post('/logout', (request, response) => {
    businessMetrics.trackSessionEnd(undefined, sessionOf(request));
    response.status(204).end();
  });

const api = Router()
  .use('/auth', authentication)
  .post('/csp-report', monitoring.cspReports())
  .post(
    '/save',
    handler(async (request, response) => {
      const { type = 'text', content = '' } = request.body as { type?: unknown; content?: unknown };
      if (typeof type !== 'string' || typeof content !== 'string') {
        return response.status(400).json({ error: 'type and content are texts' });
      }
      const session = sessionOf(request);
      const start = performance.now();
      let user: string | undefined;
      try {
        user = UUID.test(session) ? await userOf(session) : undefined;
        if (user === undefined) {
          securityMonitor.unauthorizedAccess('/api/save', 'edit', [], undefined, address(request));
          return response.status(401).json({ error: 'log in first' });
        }
        addBusinessContext({ userId: user, sessionId: session, editorType: type });
        faults.beforeSave();
        await saveEdit(user, type, content);
        businessMetrics.trackSaveOperation('success', type, performance.now() - start, user, session);
        return response.json({ saved: true });
      } catch (error) {
        businessMetrics.trackSaveOperation('failed', type, performance.now() - start, user, session);
        throw error;
      }
    }),
  )
  .post('/batch', (request, response, next) => {
    const operations = Array.isArray(request.body) ? request.body.length : 0;
    withSpan('batch', async () => response.json({ operations })).catch(next);
  })
  .post('/activate/:type', (request, response) => {
    businessMetrics.trackEditorActivation(request.params.type, undefined, sessionOf(request));
    businessMetrics.trackCustomEvent('feature_used', { feature: 'advanced_editor', user_tier: 'premium' });
    response.status(204).end();
  })
  .get(
    '/schema/:sight',
    handler(async (request, response) => {
      addSecurityContext({ sourceIP: address(request) });
      securityMonitor.suspiciousAPI(request.get('x-api-key') ?? '', '/api/schema/:sight', 'GET', address(request));
      const name = request.params.sight!;
      const cached = await cache.get(name);
      if (cached === undefined) {
        const schema = await withSpan('load_schema', async () => JSON.stringify({ name, fields: ['title'] }));
        await cache.set(name, schema);
        return response.type('json').send(schema);
      }
      return response.type('json').send(cached);
    }),
  )
  .post('/pay', (request, response) => {
    businessMetrics.trackConversionStart('upgrade');
    businessMetrics.trackConversion('upgrade', 19.99);
    businessMetrics.trackRevenue(1999, String(request.body.currency ?? 'EUR'));
    response.status(204).end();
  })
  .post(
    '/upload',
    express.raw({ type: () => true, limit: '5mb' }),
    handler(async (request, response) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      if (body.subarray(0, 2).toString() === 'MZ') {
        securityMonitor.maliciousUpload(request.get('x-file-name') ?? '', 'an executable', undefined, address(request));
        return response.status(400).json({ error: 'executables are not accepted' });
      }
      await writeFile(join(UPLOADS, `upload-${Date.now()}`), body);
      monitoring.trackUpload(body.length);
      return response.status(201).json({ bytes: body.length });
    }),
  )
  .get(
    '/kpis',
    handler(async (_request, response) => response.json(await businessMetrics.calculateKPIs('week'))),
  );

/** The page, with the trace of its request. */
const page: RequestHandler = (_request, response) => {
  const { OTLP_BROWSER_ENDPOINT = 'http://127.0.0.1:4318' } = process.env;
  response.type('html').send(`<!doctype html>
<meta charset="utf-8"><title>SightEdit</title>
<meta name="traceparent" content="00-${getTraceId() ?? '0'.repeat(32)}-${getSpanId() ?? '0'.repeat(16)}-01">
<button id="save">Save</button>
<script type="module">
  import { startBrowserTelemetry } from '/browser.mjs';
  const telemetry = startBrowserTelemetry({ endpoint: ${JSON.stringify(OTLP_BROWSER_ENDPOINT)} });
  await telemetry.editorActivated('text', () => fetch('/api/activate/text', { method: 'POST' }));
  document.querySelector('#save').onclick = () =>
    telemetry.save('text', () => fetch('/api/save', { method: 'POST', body: '{}' }));
</script>`);
};

const onError: ErrorRequestHandler = (error: Error, _request, response, _next) => {
  const type = error.name === 'Error' ? 'DatabaseUnavailable' : error.name;
  businessMetrics.trackError(type, error.message);
  errors.captureException(error);
  logger.error('a request failed', { error });
  if (!response.headersSent) {
    response.status(500).json({ error: 'internal error' });
  }
};

/** The service. */
export const app = express()
  .disable('x-powered-by')
  .use(monitoring.measureRequests())
  .get('/metrics', monitoring.metricsHandler())
  .get('/health', health.live)
  .get('/health/ready', health.ready)
  .get('/debug/profile', monitoring.profileHandler())
  .use(express.json({ limit: '1mb', type: ['application/json', 'application/csp-report', 'application/reports+json'] }))
  .use(monitoring.protect())
  .get('/', page)
  .get('/browser.mjs', (_request, response) => {
    createReadStream(require.resolve('sightedit-monitoring/instrumentation/browser')).pipe(
      response.type('text/javascript'),
    );
  })
  .use('/api', api)
  .use('/faults', faults.router)
  .use(onError);
