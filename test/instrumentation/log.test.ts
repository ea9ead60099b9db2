import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { createLogger, type LoggerOptions } from '../../instrumentation';

function log(options: LoggerOptions = {}) {
  const lines: string[] = [];
  return { logger: createLogger({ ...options, write: (line) => lines.push(line) }), lines };
}

const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test('Each stream has its fields, one line of JSON each', () => {
  const { logger, lines } = log();
  const api = logger.child('api');
  api.info('saved', { duration: 12 });
  logger.security({ event_type: 'brute_force', action: 'login_failed', result: 'rejected', risk_level: 'high' });
  logger.business({ event_name: 'save_operation', editor_type: 'text' });
  logger.access({ method: 'GET', route: '/api/save', status: 200, duration: 0.1 });
  expect(lines.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(parsed(lines)).toEqual([
    { timestamp: time, level: 'info', message: 'saved', component: 'api', duration: 12 },
    {
      ...{ timestamp: time, level: 'info', log_type: 'security', event_type: 'brute_force' },
      ...{ action: 'login_failed', result: 'rejected', risk_level: 'high' },
    },
    { timestamp: time, level: 'info', log_type: 'business', event_name: 'save_operation', editor_type: 'text' },
    {
      timestamp: time,
      level: 'info',
      log_type: 'access',
      method: 'GET',
      route: '/api/save',
      status: 200,
      duration: 0.1,
    },
  ]);
});

test('Lines below the level are dropped', () => {
  const { logger, lines } = log({ level: 'warn' });
  logger.debug('a');
  logger.info('b');
  logger.warn('c');
  logger.error('d', { error: new Error('broken') });
  expect(parsed(lines)).toEqual([
    expect.objectContaining({ message: 'c' }),
    expect.objectContaining({ message: 'd', error: expect.objectContaining({ type: 'Error', message: 'broken' }) }),
  ]);
});

test('A line has the ids of the active span', () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const { logger, lines } = log();
  const span = new BasicTracerProvider().getTracer('test').startSpan('x');
  context.with(trace.setSpan(context.active(), span), () => logger.info('inside'));
  context.disable();
  const { traceId, spanId } = span.spanContext();
  expect(parsed(lines)[0]).toMatchObject({ trace_id: traceId, span_id: spanId });
});

describe('Secrets', () => {
  test.each([
    ['mail ada@example.com now', 'mail [e-mail] now'],
    ['Authorization: Bearer abcdef.123456', 'Authorization: Bearer [redacted]'],
    ['token=not-a-real-token&x=1', 'token=[redacted]&x=1'],
    ['{"password": "hunter2"}', '{"password": "[redacted]"}'],
    ['card 4111 1111 1111 1111.', 'card [card].'],
    ['order 4111 1111 1111 1112.', 'order 4111 1111 1111 1112.'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '[token]'],
    ['key AKIAABCDEFGHIJKLMNOP', 'key [access key]'],
    ['postgres://app:hunter2@db:5432/x', 'postgres://[redacted]@db:5432/x'],
    ['sk_live_0123456789abcdef', '[key]'],
    ['-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----', '[private key]'],
    ['nothing to hide', 'nothing to hide'],
  ])('in the text %j are replaced', (message, expected) => {
    const { logger, lines } = log();
    logger.info(message);
    expect(parsed(lines)[0]!.message).toBe(expected);
  });

  test('in fields are replaced at any depth, by name and by pattern', () => {
    const { logger, lines } = log();
    logger.info('x', {
      headers: { cookie: 'a=b', 'x-api-key': 'k', accept: '*/*' },
      list: [{ newPassword: 'p' }, 'ada@example.com'],
      error: new Error('failed for ada@example.com', { cause: 'password=hunter2' }),
    });
    expect(parsed(lines)[0]).toMatchObject({
      headers: { cookie: '[redacted]', 'x-api-key': '[redacted]', accept: '*/*' },
      list: [{ newPassword: '[redacted]' }, '[e-mail]'],
      error: { message: 'failed for [e-mail]', cause: 'password=[redacted]' },
    });
    expect(lines[0]).not.toMatch(/hunter2|ada@/);
  });
});

test('Hostile fields make one bounded line, and change no prototype', () => {
  const { logger, lines } = log();
  const cycle: Record<string, unknown> = { name: 'x'.repeat(1_000_000) };
  cycle.self = cycle;
  cycle.many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key-${index}`, index]));
  logger.info('line\nbreak', JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}'));
  logger.info('cycle', { cycle, big: 10n, symbol: Symbol('s'), date: new Date(Number.NaN) });
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(line.length).toBeLessThan(50_000);
    expect(line.indexOf('\n')).toBe(line.length - 1);
  }
});
