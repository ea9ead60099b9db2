import type { Middleware } from '../../instrumentation';
import { bench } from './support/instrumentation';
import { serve } from './support/server';

const MEGABYTE = 'x'.repeat(1_000_000);
const VOCABULARY = { features: ['known'], conversions: ['known'], errors: ['known'], experiments: { known: ['a'] } };

/** Texts that make a pattern with unbounded repetition slow. */
const REDOS: readonly string[] = [
  `<a ${'x="" '.repeat(12_000)}`,
  `<${'a'.repeat(60_000)}`,
  '<'.repeat(60_000),
  `<img ${'on'.repeat(30_000)}`,
  `'${'('.repeat(60_000)}`,
  `' ${'or '.repeat(20_000)}`,
  `1${' and 1'.repeat(10_000)}`,
  `'${'/*'.repeat(30_000)}`,
  `'${'/**/'.repeat(15_000)}`,
  `'${"''".repeat(30_000)}`,
  '"\''.repeat(30_000),
  `' union ${'all '.repeat(15_000)}`,
  '%25'.repeat(20_000),
  `${'%'.repeat(60_000)}`,
  '&#x0000000'.repeat(6_000),
  '\\u'.repeat(30_000),
  '../'.repeat(20_000),
  '`'.repeat(60_000),
  '```\n'.repeat(15_000),
  '{{'.repeat(30_000),
  'javascript:'.repeat(5_500),
  'j\n'.repeat(30_000),
  'data:'.repeat(12_000),
  'a@'.repeat(30_000),
  `${'a.'.repeat(30_000)}@`,
  'password='.repeat(6_000),
  '1-'.repeat(30_000),
  `eyJ${'a'.repeat(60_000)}`,
  '+A'.repeat(30_000),
  'A'.repeat(60_000),
  ';select '.repeat(8_000),
  `' having ${'a'.repeat(60_000)}`,
];

/** An honest text of the same length. */
const BENIGN = 'Use `SELECT` to read rows; it is 5 o\'clock, "nearly". <p>Hello & welcome.</p> '.repeat(760);

/** Milliseconds of CPU time of this process. The median does not hear of other processes, or of garbage collection. */
function cpuOf(work: () => void): number {
  const runs = Array.from({ length: 7 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return runs.sort((one, other) => one - other)[3]!;
}

describe('Hostile names', () => {
  const names = [
    ...Array.from({ length: 10_000 }, (_, index) => `name-${index}`),
    ...[MEGABYTE, '', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '\0', '\n', '"} 1\nevil_total 1'],
    ...[undefined, null, 42, {}, [], { toString: 'x' }, Symbol('x')].map((value) => value as unknown as string),
  ];

  test('create one series a metric, and few lines of the log', async () => {
    const { instrumentation, series, lines } = bench({ vocabulary: VOCABULARY });
    const { metrics, businessMetrics: business } = instrumentation;
    const flood = (list: readonly string[]) => {
      for (const name of list) {
        business.trackEditorActivation(name, name, name);
        business.trackSaveOperation(name as 'failed', name, 1, name, name);
        business.trackFeatureUsage(name, name, name, name);
        business.trackError(name, name);
        business.trackConversion(name, 1);
        business.trackABTest(name, name);
        business.trackCustomEvent(name, { feature: name });
        business.observeOperation(name, 1, true);
        metrics.increment('sightedit_blocked_requests_total', { reason: name });
        metrics.increment('sightedit_csp_reports_total', { directive: name });
      }
    };
    flood(['known', 'unknown', '']);
    const before = (await series()).length;
    flood(names.slice(0, 100));
    flood(names.slice(-16));
    for (const name of names) {
      metrics.increment('sightedit_feature_usage_total', { feature: name });
      metrics.increment('sightedit_conversions_total', { type: name });
    }
    expect((await series()).length).toBe(before);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const warnings = lines.filter(({ level, component }) => level === 'warn' && component === 'metrics');
    expect(warnings.length).toBeLessThanOrEqual(101);
    expect(Math.max(...lines.map((line) => JSON.stringify(line).length))).toBeLessThan(20_000);
  });

  test('of properties pollute no prototype', () => {
    const { instrumentation } = bench();
    const properties = JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}',
    );
    instrumentation.businessMetrics.trackCustomEvent('feature_used', properties);
    instrumentation.securityMonitor.reportSecurityEvent({
      type: 'fraud_attempt',
      severity: 'low',
      action: 'x',
      details: properties,
    });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

test('10,000 paths are one value, and 10,000 templates at most 200', async () => {
  const { instrumentation, series } = bench();
  const route: Middleware = (request, response) => {
    Object.assign(request, { route: { path: request.url } });
    response.end();
  };
  const unrouted = await serve([instrumentation.measureRequests()]);
  const routed = await serve([instrumentation.measureRequests(), route]);
  for (let batch = 0; batch < 2; batch++) {
    const paths = Array.from({ length: 25 }, (_, index) => `/api/${batch}/${index}`);
    await Promise.all(paths.flatMap((path) => [unrouted.send(path), routed.send(path)]));
  }
  unrouted.close();
  routed.close();
  const name = 'http_server_request_duration_seconds';
  for (let index = 0; index < 10_000; index++) {
    const labels = { http_request_method: 'GET', http_response_status_code: 200, http_route: `/${index}` };
    instrumentation.metrics.observe(name, labels, 0.1);
  }
  const labels = new Set((await series()).flatMap((name) => /"http_route":"([^"]*)"/.exec(name)?.[1] ?? []));
  expect(labels.has('other')).toBe(true);
  expect(labels.size).toBe(200);
}, 30_000);

test('Forged entries of X-Forwarded-For reach no rate limit of others, and no series', async () => {
  const { instrumentation, series } = bench({ limits: { requestsPerMinute: 3 } });
  const server = await serve([instrumentation.protect()]);
  const before = (await series()).length;
  const statuses: number[] = [];
  for (let index = 0; index < 6; index++) {
    const headers = { 'x-forwarded-for': `198.51.100.${index}, 203.0.113.9` };
    statuses.push((await server.send('/', { headers })).status);
  }
  server.close();
  expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
  expect((await series()).length).toBe(before + 2);
});

describe('A text of 64 KB', () => {
  const { instrumentation } = bench();
  const { securityMonitor: monitor, logger } = instrumentation;
  const inspect = (text: string) => {
    for (const context of ['parameter', 'content'] as const) {
      monitor.sqlInjection(text, undefined, undefined, context);
      monitor.xssAttempt(text, undefined, undefined, context);
    }
    monitor.pathTraversal(text);
    logger.info(text, { text });
  };
  for (let warm = 0; warm < 5; warm++) {
    inspect(BENIGN);
  }
  const ordinary = Math.max(
    1,
    cpuOf(() => inspect(BENIGN)),
  );

  test.each(REDOS.map((text) => [text.slice(0, 24), text] as const))(
    'that begins with %j costs at most a few times as much as an honest one',
    (_start, text) => {
      expect(cpuOf(() => inspect(text)) / ordinary).toBeLessThan(6);
    },
  );

  test('that is sixteen times as long costs little more: only its beginning and its end are inspected', () => {
    expect(cpuOf(() => inspect(BENIGN.repeat(16))) / ordinary).toBeLessThan(3);
  });
});
