import { Router } from 'express';
import { businessMetrics, securityMonitor } from 'sightedit-monitoring/instrumentation';
import { pool, redis } from './monitoring';

/** The error of a save that a fault makes fail. */
class SaveFailed extends Error {
  override readonly name = 'SaveFailed';
}

let failingSaves = false;
const leaked: Buffer[] = [];

/**
 * Faults that an operator switches on to see the alerts: `POST /faults/<name>`. They answer 404 unless the variable
 * FAULTS is 1.
 */
const router = Router()
  .use((_request, response, next) => (process.env.FAULTS === '1' ? next() : response.status(404).end()))
  .post('/error', () => {
    throw new TypeError('a fault was injected');
  })
  .post('/slow', (_request, response) => {
    setTimeout(() => response.status(204).end(), 2_000);
  })
  .post('/block', (request, response) => {
    const until = Date.now() + Number(request.query.ms ?? 1_000);
    while (Date.now() < until) {}
    response.status(204).end();
  })
  .post('/leak', (request, response) => {
    leaked.push(Buffer.alloc(Number(request.query.bytes ?? 1_000_000), 1));
    response.status(204).end();
  })
  .post('/saves', (request, response) => {
    failingSaves = request.query.fail === '1';
    response.status(204).end();
  })
  .post('/pool', (request, response, next) => {
    const seconds = Number(request.query.seconds ?? 5);
    Promise.all(Array.from({ length: 20 }, () => pool.query('SELECT pg_sleep($1)', [seconds]))).then(
      () => response.status(204).end(),
      next,
    );
  })
  .post('/cache', (request, response, next) => {
    redis.set(`sightedit:cache:v0:${request.query.key}`, 'damaged').then(() => response.status(204).end(), next);
  })
  .post('/feature', (_request, response) => {
    businessMetrics.trackFeatureUsage('gallery', 'open');
    response.status(204).end();
  })
  .post('/event/:type', (request, response) => {
    const type = request.params.type as Parameters<typeof securityMonitor.reportSecurityEvent>[0]['type'];
    securityMonitor.reportSecurityEvent({ type, severity: 'critical', action: 'injected', details: {} });
    response.status(204).end();
  });

export const faults = {
  router,
  /** Throws while saves fail. */
  beforeSave(): void {
    if (failingSaves) {
      throw new SaveFailed('a fault was injected');
    }
  },
};
