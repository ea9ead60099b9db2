import { clientAddress, type Middleware } from '../../instrumentation';
import { plannedRoute, routeTemplate } from '../../instrumentation/http/route';
import { denylistKeys } from '../../instrumentation/security/denylist';
import { type Bench, bench } from './support/instrumentation';
import { standInForRedis } from './support/redis';
import { serve } from './support/server';

const addressOf = (header: string | undefined, trustedProxies = 1, remoteAddress = '10.0.0.5') =>
  clientAddress({ headers: { 'x-forwarded-for': header }, socket: { remoteAddress } }, trustedProxies);

describe('The address of a client', () => {
  test.each([
    ['203.0.113.9', 1, '203.0.113.9'],
    ['1.1.1.1, 203.0.113.9', 1, '203.0.113.9'],
    ['1.1.1.1, 203.0.113.9, 10.0.0.1', 2, '203.0.113.9'],
    ['203.0.113.9:4711', 1, '203.0.113.9'],
    ['[2001:db8::1]:4711', 1, '2001:db8::1'],
    ['2001:DB8:0:0::1', 1, '2001:db8::1'],
    ['::ffff:203.0.113.9', 1, '203.0.113.9'],
    ['fe80::1%eth0', 1, 'fe80::1'],
    ['1.1.1.1', 0, '10.0.0.5'],
    ['1.1.1.1', 2, '10.0.0.5'],
    [undefined, 1, '10.0.0.5'],
    ['nonsense', 1, '10.0.0.5'],
    ['203.0.113.9, ', 1, '10.0.0.5'],
    ['010.0.0.1', 1, '10.0.0.5'],
    [`${'1.1.1.1, '.repeat(100_000)}203.0.113.9`, 1, '203.0.113.9'],
  ])('by the header %.40p and %i proxies is %s', (header, proxies, expected) => {
    expect(addressOf(header, proxies)).toBe(expected);
  });

  test('is the one of the connection, if that is IPv4 in IPv6', () => {
    expect(addressOf(undefined, 1, '::ffff:192.0.2.7')).toBe('192.0.2.7');
  });
});

/** Layers as Express 4 builds them: path-to-regexp 0.1 makes the patterns. */
const route = (pattern: RegExp, path: string | RegExp, keys: string[] = []) => ({
  regexp: pattern,
  keys: keys.map((name) => ({ name })),
  route: { path },
});
const router = (pattern: RegExp & { fast_slash?: boolean }, stack: object[], keys: string[] = []) => ({
  regexp: pattern,
  keys: keys.map((name) => ({ name })),
  handle: { stack },
});
const everywhere = Object.assign(/^\/?(?=\/|$)/i, { fast_slash: true });
const stack = [
  route(/^\/api\/save\/?$/i, '/api/save'),
  router(everywhere, [
    router(
      /^\/sites\/(?:([^/]+?))\/?(?=\/|$)/i,
      [
        route(/^\/pages\/(?:([^/]+?))\/?$/i, '/pages/:page', ['page']),
        router(/^\/files\/?(?=\/|$)/i, [route(/^\/?$/i, '/')]),
      ],
      ['site'],
    ),
  ]),
];
const app = { _router: { stack } };

describe('The template of a route', () => {
  test.each([
    ['/api/save', undefined, '/api/save'],
    ['/pages/:page', '/sites/4711', '/sites/:site/pages/:page'],
    ['/', '/sites/4711/files', '/sites/:site/files'],
    ['/', '', '/'],
    [/^\/x/, '', '/^\\/x/'],
    [['/a', '/b'], '', '/a|/b'],
    ['/pages/:page', '/unknown/4711', 'other'],
    [undefined, '', 'other'],
  ])('%p below %p is %s', (path, baseUrl, expected) => {
    expect(routeTemplate({ route: path === undefined ? undefined : { path }, baseUrl, app })).toBe(expected);
  });

  test.each([
    ['/api/save', '/api/save'],
    ['/sites/4711/pages/1', '/sites/:site/pages/:page'],
    ['/nothing', 'other'],
  ])('that would answer %s is %s', (path, expected) => {
    expect(plannedRoute({ app }, path)).toBe(expected);
  });
});

describe('Requests', () => {
  const answerWith =
    (path: string, status: number): Middleware =>
    (request, response) => {
      Object.assign(request, { route: { path } });
      response.statusCode = status;
      response.end();
    };

  test('are measured by template, method and status', async () => {
    const one = bench();
    const server = await serve([
      one.instrumentation.measureRequests({ accessLog: true }),
      answerWith('/api/save', 201),
    ]);
    await server.send('/api/save?token=not-a-real-secret', { method: 'POST' });
    await server.send('/api/save', { method: 'PROPFIND' });
    server.close();
    const labels = { http_route: '/api/save', http_response_status_code: '201' };
    const name = 'http_server_request_duration_seconds_count';
    expect(await one.value(name, { ...labels, http_request_method: 'POST' })).toBe(1);
    expect(await one.value(name, { ...labels, http_request_method: '_OTHER' })).toBe(1);
    const api = { method: 'POST', endpoint: '/api/save', status: '201' };
    expect(await one.value('sightedit_api_requests_total', api)).toBe(1);
    expect(one.lines[0]).toMatchObject({ log_type: 'access', method: 'POST', route: '/api/save', status: 201 });
    expect(JSON.stringify(one.lines)).not.toContain('not-a-real-secret');
  });

  test('without a route, and other routes, are no requests to the API', async () => {
    const one = bench();
    const server = await serve([one.instrumentation.measureRequests()]);
    await server.send('/api/nothing');
    server.close();
    expect((await one.series()).filter((name) => name.startsWith('sightedit_api_requests_total'))).toEqual([]);
  });
});

test.each([
  ['192.0.2.7', 'denylist:192.0.2.7/32', 'denylist:192.0.2.0/24'],
  ['::ffff:192.0.2.7', 'denylist:192.0.2.7/32', 'denylist:192.0.0.0/16'],
  ['2001:db8:0:1:0:0:0:9', 'denylist:2001:db8:0:1::/64', 'denylist:2001:db8::/48'],
])('The address %s is blocked by the keys %s and %s', (address, own, range) => {
  expect(denylistKeys(address)).toEqual(expect.arrayContaining([own, range]));
});

describe('protect()', () => {
  const json: Middleware = (request, _response, next) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      Object.assign(request, { body: text === '' ? undefined : JSON.parse(text) });
      next();
    });
  };
  const start = (one: Bench, options = {}) => serve([json, one.instrumentation.protect(options)]);
  const blocked = (one: Bench, reason: string) => one.value('sightedit_blocked_requests_total', { reason });
  const from = (address: string) => ({ headers: { 'x-forwarded-for': `192.0.2.1, ${address}` } });

  test('refuses addresses of the denylist, by the last entry of X-Forwarded-For', async () => {
    const redis = standInForRedis();
    redis.keys.set('denylist:203.0.113.9/32', '{}').set('denylist:2001:db8:0:1::/64', '{}');
    redis.keys.set('denylist:198.51.100.0/24', '{}');
    const one = bench({ redis });
    const server = await start(one);
    const statuses = await Promise.all(
      ['203.0.113.9', '2001:db8:0:1::77', '198.51.100.200', '203.0.113.10', '2001:db8:0:2::1'].map(
        async (address) => (await server.send('/', from(address))).status,
      ),
    );
    expect(statuses).toEqual([403, 403, 403, 200, 200]);
    const forged = await server.send('/', { headers: { 'x-forwarded-for': '203.0.113.9, 192.0.2.1' } });
    expect(forged.status).toBe(200);
    server.close();
    expect(await blocked(one, 'denylist')).toBe(3);
  });

  test('lets everybody in while Redis is away, which is counted, and logged once', async () => {
    const redis = standInForRedis();
    redis.keys.set('denylist:203.0.113.9/32', '{}');
    redis.away = true;
    const one = bench({ redis });
    const server = await start(one);
    expect((await server.send('/', from('203.0.113.9'))).status).toBe(200);
    expect((await server.send('/', from('203.0.113.9'))).status).toBe(200);
    expect(await one.value('sightedit_errors_total', { error_type: 'denylist_unavailable' })).toBe(2);
    const said = one.lines.filter(({ message }) => message === 'requests are not checked against the denylist');
    expect(said).toHaveLength(1);
    redis.away = false;
    one.advance(6_000);
    expect((await server.send('/', from('203.0.113.9'))).status).toBe(403);
    server.close();
  });

  test('does not wait for a Redis that hangs', async () => {
    const redis = { ...standInForRedis(), exists: () => new Promise<number>(() => {}) };
    const one = bench({ redis });
    const server = await start(one);
    expect((await server.send('/', from('203.0.113.9'))).status).toBe(200);
    server.close();
  });

  test('refuses clients above the limit, apart from the probes', async () => {
    const one = bench({ limits: { requestsPerMinute: 2 } });
    const server = await start(one);
    const statuses: number[] = [];
    for (let index = 0; index < 4; index++) {
      statuses.push((await server.send('/api/save', from('203.0.113.9'))).status);
    }
    expect(statuses).toEqual([200, 200, 429, 429]);
    expect((await server.send('/health', from('203.0.113.9'))).status).toBe(200);
    expect((await server.send('/api/save', from('203.0.113.10'))).status).toBe(200);
    server.close();
    expect(await one.value('sightedit_rate_limited_requests_total', { route: 'other' })).toBe(2);
    expect(await blocked(one, 'rate_limit')).toBe(2);
  });

  test.each([
    ['sql_injection', '/?id=1%27%20OR%201=1--', undefined],
    ['xss', '/?q=%3Cscript%3Ealert(1)%3C/script%3E', undefined],
    ['path_traversal', '/files/..%2f..%2fetc%2fpasswd', undefined],
    ['sql_injection', '/', { filter: { name: "' OR 1=1--" } }],
    ['xss', '/', { content: '<img src=x onerror=alert(1)>' }],
    ['sql_injection', '/', { items: [{ "' OR 1=1--": 1 }] }],
  ])('refuses %s in %s %j', async (reason, path, body) => {
    const one = bench();
    const server = await start(one);
    const answer = await server.send(path, { method: 'POST', body: body && JSON.stringify(body) });
    server.close();
    expect(answer.status).toBe(400);
    expect(await blocked(one, reason)).toBe(1);
  });

  test('accepts what editors write', async () => {
    const one = bench();
    const server = await start(one);
    const body = { content: "Use `SELECT 1` and `<script>`; it is 5 o'clock.", title: "O'Brien & sons" };
    expect((await server.send('/', { method: 'POST', body: JSON.stringify(body) })).status).toBe(200);
    server.close();
  });

  test('only reports attacks, if asked to', async () => {
    const one = bench();
    const server = await start(one, { rejectAttacks: false });
    expect((await server.send('/?id=1%27%20OR%201=1--')).status).toBe(200);
    server.close();
    expect(await one.value('sightedit_security_events_total', { type: 'sql_injection', severity: 'high' })).toBe(1);
  });
});

describe('The probes', () => {
  test('say alive at once, and ready when every required check passes', async () => {
    const one = bench();
    const checks = { database: true, redis: false };
    const health = one.instrumentation.health({
      required: { database: async () => checks.database },
      optional: { redis: () => (checks.redis ? Promise.resolve() : Promise.reject(new Error('away'))) },
    });
    const server = await serve([], (request, response) =>
      request.url === '/health' ? health.live(request, response) : health.ready(request, response),
    );
    const ready = async () => {
      const { status, text } = await server.send('/health/ready');
      return { status, ...JSON.parse(text) };
    };
    expect(await ready()).toEqual({ status: 'ready', checks: { database: 'ok', redis: 'failed' } });
    checks.database = false;
    expect((await server.send('/health/ready')).status).toBe(503);
    expect(await ready()).toMatchObject({ status: 'unready' });
    checks.database = true;
    health.stop();
    expect((await server.send('/health/ready')).status).toBe(503);
    expect((await server.send('/health')).status).toBe(200);
    server.close();
  });

  test('do not wait for a dependency that hangs', async () => {
    const health = bench().instrumentation.health({
      required: { database: () => new Promise(() => {}) },
      timeoutMs: 20,
    });
    const server = await serve([], health.ready);
    expect((await server.send('/')).status).toBe(503);
    server.close();
  });
});

test('Reports of browsers about the Content Security Policy are counted by directive', async () => {
  const one = bench();
  const body =
    (value: unknown): Middleware =>
    (request, _response, next) => {
      Object.assign(request, { body: value });
      next();
    };
  for (const report of [
    { 'csp-report': { 'violated-directive': 'script-src https://cdn.sightedit.com' } },
    [{ type: 'csp-violation', body: { effectiveDirective: 'img-src' } }, { body: { effectiveDirective: 'nonsense' } }],
    'nonsense',
    null,
  ]) {
    const server = await serve([body(report), one.instrumentation.cspReports()]);
    expect((await server.send('/')).status).toBe(204);
    server.close();
  }
  for (const directive of ['script-src', 'img-src', 'other']) {
    expect([directive, await one.value('sightedit_csp_reports_total', { directive })]).toEqual([directive, 1]);
  }
});

describe('A cache', () => {
  test('counts hits, misses and damaged entries, and forgets all when its version is raised', async () => {
    const redis = standInForRedis();
    const one = bench({ redis });
    const cache = one.instrumentation.createCache({ prefix: 'sightedit:cache:' });
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', 'value');
    expect(await cache.get('a')).toBe('value');
    redis.keys.set('sightedit:cache:v0:a', `${'0'.repeat(16)}value`);
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', 'value');
    redis.keys.set('sightedit:cache:version', '1');
    expect(await cache.get('a')).toBeUndefined();
    redis.away = true;
    expect(await cache.get('a')).toBeUndefined();
    expect(await one.value('sightedit_cache_requests_total', { result: 'hit' })).toBe(1);
    expect(await one.value('sightedit_cache_requests_total', { result: 'miss' })).toBe(4);
    expect(await one.value('sightedit_cache_integrity_errors_total')).toBe(1);
  });
});

describe('Profiles', () => {
  test('are for those who have the token', async () => {
    const one = bench({ profileToken: 'not-a-real-token-0123' });
    const server = await serve([], one.instrumentation.profileHandler());
    expect((await server.send('/debug/profile')).status).toBe(404);
    const wrong = { authorization: 'Bearer not-a-real-token-9999' };
    expect((await server.send('/debug/profile', { headers: wrong })).status).toBe(404);
    const headers = { authorization: 'Bearer not-a-real-token-0123' };
    const cpu = await server.send('/debug/profile?kind=cpu&seconds=0.1', { headers });
    expect(JSON.parse(cpu.text)).toHaveProperty('nodes');
    const heap = await server.send('/debug/profile?kind=heap&seconds=0.1', { headers });
    expect(JSON.parse(heap.text)).toHaveProperty('head');
    server.close();
  });

  test('are off without a token, and a short token stops the program', async () => {
    const server = await serve([], bench().instrumentation.profileHandler());
    expect((await server.send('/', { headers: { authorization: 'Bearer undefined' } })).status).toBe(404);
    server.close();
    expect(() => bench({ profileToken: 'short' }).instrumentation.profileHandler()).toThrow(
      'profileToken is shorter than 16 characters: generate one with "openssl rand -hex 32"',
    );
  });
});
