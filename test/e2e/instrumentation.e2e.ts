import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type MetricContract, metricContract } from '../../instrumentation';
import { temporaryDirectory } from '../../testing/cleanup';
import { installExample } from '../../testing/example/install';
import { databaseUrl, prepareDatabase, type Service, startService } from '../../testing/example/service';
import { type Postgres, startPostgres } from '../../testing/postgres';
import { type RunningPrometheus, startPrometheus } from '../../testing/prometheus';
import { freePorts, getJson, waitFor } from '../../testing/server';
import { ROOT } from '../../tools/catalogue';
import { lateProxy } from './support/late-proxy';
import { type OtlpSink, type Span, startOtlpSink } from './support/otlp-sink';
import { type RunningRedis, startRedis } from './support/redis';

const DATABASE = 'sightedit_production';
const CLIENT = '203.0.113.200';
const directory = temporaryDirectory();

let postgres: Postgres;
let redis: RunningRedis;
let sink: OtlpSink;
let prometheus: RunningPrometheus;
/** Two replicas. */
let services: [Service, Service];

const environment = () => ({
  DATABASE_URL: databaseUrl(postgres.port, DATABASE),
  REDIS_URL: `redis://127.0.0.1:${redis.port}`,
  OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
  KPI_INTERVAL_MS: '1000',
  FAULTS: '1',
});

const send = (service: Service, path: string, options: { from?: string; body?: unknown; headers?: object } = {}) =>
  fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', 'x-forwarded-for': `192.0.2.1, ${options.from ?? CLIENT}` },
      ...options.headers,
    },
    body: JSON.stringify(options.body ?? {}),
  });

const post = async <T>(service: Service, path: string, options: Parameters<typeof send>[2] = {}) =>
  (await (await send(service, path, options)).json()) as T;

/** Registers a user, logs in, edits, pays, uploads, logs out, and leaves traces of every metric. */
async function useEverything(service: Service, user?: string): Promise<string> {
  const id =
    user ??
    (await post<{ user: string }>(service, '/api/auth/register', { body: { email: 'a@example.invalid' } })).user;
  const credentials = { user: id, password: 'not-a-real-password' };
  const { session } = await post<{ session: string }>(service, '/api/auth/login', { body: credentials });
  const headers = { 'x-session-id': session };
  await send(service, '/api/activate/richtext', { headers });
  await send(service, '/api/save', { headers, body: { type: 'richtext', content: "It's `SELECT 1`." } });
  await send(service, '/api/batch', { body: [1, 2] as unknown as object });
  await send(service, '/api/pay', { body: { currency: 'EUR' } });
  await send(service, '/api/upload', { headers: { 'content-type': 'application/octet-stream' } });
  await send(service, '/api/csp-report', { body: { 'csp-report': { 'violated-directive': 'script-src' } } });
  await fetch(`${service.url}/api/schema/hero`);
  await fetch(`${service.url}/api/schema/hero`);
  await send(service, '/faults/error');
  await send(service, '/api/auth/logout', { headers });
  return id;
}

const query = async (expr: string) => {
  const url = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(expr)}`;
  const { data } = await getJson<{ data: { result: { metric: Record<string, string>; value: [number, string] }[] } }>(
    url,
  );
  return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
};

const sum = async (expr: string) => (await query(`sum(${expr})`))[0]?.value;

beforeAll(async () => {
  [postgres, redis, sink] = await Promise.all([
    startPostgres(DATABASE),
    startRedis(),
    startOtlpSink(),
    installExample(directory),
  ]);
  await prepareDatabase(postgres);
  // Two cohorts: one user who came back, and one who did not.
  await postgres.sql(`
    INSERT INTO app.users (id, email, created_at) VALUES
      ('00000000-0000-4000-8000-000000000001', 'back@example.invalid', now() - interval '10 days'),
      ('00000000-0000-4000-8000-000000000002', 'gone@example.invalid', now() - interval '30 days');
    INSERT INTO app.content_edits (site_id, user_id, element_type, created_at)
      SELECT id, id, 'text', now() - interval '2 days' FROM app.users WHERE email = 'back@example.invalid'`);
  services = [await startService(directory, environment()), await startService(directory, environment())];
  prometheus = await startPrometheus(
    {
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [
        {
          job_name: 'sightedit-pods',
          static_configs: [{ targets: services.map(({ url }) => url.replace('http://', '')) }],
        },
      ],
    },
    '--enable-feature=exemplar-storage',
  );
  await waitFor('the first scrapes', async () => (await sum('up')) === 2);
}, 240_000);
afterAll(() => sink?.stop());

describe('Before the first request', () => {
  test('real Prometheus has each counter with listed labels at 0, or counted since', async () => {
    for (const metric of metricContract.filter((each) => each.type === 'counter' && each.zeroAtStart)) {
      const combinations = metric.labels.reduce(
        (product, { values }) => product * ('bounded' in values ? 0 : values.length),
        1,
      );
      expect([metric.name, (await query(`count(${metric.name}) by (instance)`)).map(({ value }) => value)]).toEqual([
        metric.name,
        [combinations, combinations],
      ]);
    }
  });
});

describe('Attacks', () => {
  const blocked = (reason: string) => sum(`sightedit_blocked_requests_total{reason="${reason}"}`);

  test('by a blocked address are refused by every replica', async () => {
    await redis.admin.set('denylist:198.51.100.7/32', '{}', 'EX', 600);
    await redis.admin.set('denylist:2001:db8:0:1::/64', '{}', 'EX', 600);
    for (const service of services) {
      expect((await send(service, '/api/batch', { from: '198.51.100.7' })).status).toBe(403);
      expect((await send(service, '/api/batch', { from: '2001:db8:0:1::99' })).status).toBe(403);
      expect((await send(service, '/api/batch', { from: '198.51.100.8' })).status).toBe(200);
    }
    await waitFor('the count', async () => (await blocked('denylist')) === 4);
  });

  test('on an account are judged by the replicas together', async () => {
    const guess = { body: { user: 'ada', password: 'guess' }, from: '198.51.100.20' };
    for (let attempt = 0; attempt < 6; attempt++) {
      expect((await send(services[attempt % 2]!, '/api/auth/login', guess)).status).toBe(401);
    }
    const events = 'sightedit_security_events_total{type="brute_force", severity="high"}';
    await waitFor('the event', async () => (await sum(events)) === 1);
  });

  test('on the API are rejected, and what editors write is not', async () => {
    const probe = await fetch(`${services[0].url}/api/schema/x?id=1%27%20OR%201=1--`);
    expect(probe.status).toBe(400);
    const html = { content: '<img src=x onerror=alert(1)>' };
    expect((await send(services[0], '/api/batch', { body: html })).status).toBe(400);
    expect((await send(services[0], '/api/batch', { body: { content: "Use `SELECT`; it's fine." } })).status).toBe(200);
    await waitFor('the counts', async () => (await blocked('sql_injection')) === 1 && (await blocked('xss')) === 1);
    const line = services[0].lines().find(({ event_type }) => event_type === 'sql_injection');
    expect(line).toMatchObject({ log_type: 'security', result: 'rejected', source_ip: '127.0.0.1' });
  });

  test('by a client with too many requests are limited by all replicas', async () => {
    const statuses: number[] = [];
    for (let request = 0; request < 130; request++) {
      statuses.push((await send(services[request % 2]!, '/api/batch', { from: '198.51.100.30' })).status);
    }
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(20);
    expect(statuses.slice(0, 100).every((status) => status === 200)).toBe(true);
    await waitFor(
      'the count',
      async () => (await sum('sightedit_rate_limited_requests_total{route="/api/batch"}'))! > 20,
    );
  });
});

describe('After attacks and use', () => {
  let user: string;
  beforeAll(async () => {
    user = await useEverything(services[0]);
    await waitFor('the uses to be scraped', async () => (await sum('sightedit_upload_bytes_total')) === 2);
  });

  test('what Prometheus has is the contract: names, types, labels, buckets', async () => {
    type Metadata = { data: { metric?: string; type: string; help: string }[] };
    const { data } = await getJson<Metadata>(`${prometheus.url}/api/v1/targets/metadata?limit=1000`);
    const exposed = new Map(data.map(({ metric, type, help }) => [metric!, { type, help }]));
    const expected = metricContract.map(({ name, type, help }): [string, { type: string; help: string }] => [
      // OpenMetrics names a family of counters without the suffix.
      type === 'counter' ? name.replace(/_total$/, '') : name,
      { type, help },
    ]);
    expect(new Map([...exposed].sort())).toEqual(new Map(expected.sort()));
    for (const metric of metricContract) {
      expect([metric.name, await labelProblems(metric)]).toEqual([metric.name, []]);
    }
  });

  async function labelProblems(metric: MetricContract): Promise<string[]> {
    const series = await query(metric.type === 'histogram' ? `${metric.name}_bucket` : metric.name);
    if (series.length === 0) {
      return ['no series'];
    }
    const names = [...metric.labels.map(({ name }) => name), ...(metric.type === 'histogram' ? ['le'] : [])].sort();
    const values = new Map(metric.labels.map(({ name, values: list }) => [name, list]));
    const wrong = series.flatMap(({ metric: { __name__, job, instance, ...labels } }) => [
      ...(Object.keys(labels).sort().join() === names.join() ? [] : [`labels ${Object.keys(labels)}`]),
      ...Object.entries(labels).flatMap(([label, value]) => {
        const list = values.get(label);
        return list && !('bounded' in list) && !list.includes(value) ? [`${label} is ${value}`] : [];
      }),
    ]);
    if (metric.type === 'histogram') {
      const bounds = [...new Set(series.map(({ metric: { le } }) => Number(le!.replace('+Inf', 'Infinity'))))];
      const sorted = bounds.sort((one, other) => one - other);
      wrong.push(
        ...(sorted.join() === [...metric.buckets, Number.POSITIVE_INFINITY].join() ? [] : [`buckets ${sorted}`]),
      );
    }
    return [...new Set(wrong)];
  }

  test('events are counted once, by template and vocabulary', async () => {
    expect(await sum('sightedit_save_operations_total{status="success", editor_type="richtext"}')).toBe(1);
    expect(await sum('sightedit_revenue_minor_units_total{currency="EUR"}')).toBe(1999);
    expect(await sum('sightedit_conversions_total{type="signup"}')).toBe(1);
    expect(await sum('sightedit_auth_attempts_total{status="success"}')).toBe(1);
    expect(await sum('sightedit_cache_requests_total{result="hit"}')).toBe(1);
    expect(await sum('sightedit_errors_total{error_type="TypeError"}')).toBe(1);
    expect(await sum('sightedit_session_duration_seconds_count')).toBe(1);
    const schema = 'http_server_request_duration_seconds_count{http_route="/api/schema/:sight"}';
    expect(await sum(schema)).toBe(2);
    expect(await sum('db_client_connection_max{db_client_connection_pool_name="main"}')).toBe(20);
  });

  test('an exemplar of a request leads to its trace, which has the statements of the database', async () => {
    const url = `${prometheus.url}/api/v1/query_exemplars?query=http_server_request_duration_seconds_bucket&start=${Date.now() / 1000 - 600}&end=${Date.now() / 1000 + 5}`;
    type Exemplars = {
      data: { seriesLabels: Record<string, string>; exemplars: { labels: { trace_id: string } }[] }[];
    };
    const { data } = await getJson<Exemplars>(url);
    const save = data.find(({ seriesLabels }) => seriesLabels.http_route === '/api/save');
    const trace = save!.exemplars[0]!.labels.trace_id;
    await waitFor('the trace', async () =>
      sink.spans.some(({ traceId, name }) => traceId === trace && /^pg/.test(name)),
    );
    const spans = sink.spans.filter(({ traceId }) => traceId === trace);
    const root = spans.find(({ parentSpanId }) => parentSpanId === '')!;
    expect(root).toMatchObject({ service: 'sightedit-backend', name: 'POST /api/save' });
    expect(depthOf(spans.find(({ name }) => name.startsWith('pg.query'))!, spans)).toBeGreaterThan(0);
  });

  function depthOf(span: Span, spans: readonly Span[]): number {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent ? 1 + depthOf(parent, spans) : 0;
  }

  test('the log has every stream, and neither ids of users, nor addresses of mail', async () => {
    const lines = services[0].lines();
    const streams = new Set(lines.map(({ log_type }) => log_type));
    expect(streams).toEqual(new Set([undefined, 'business', 'security']));
    const save = lines.find(({ event_name }) => event_name === 'save_operation');
    expect(save).toMatchObject({ editor_type: 'richtext', trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(services[0].server.log()).not.toContain(user);
    expect(services[0].server.log()).not.toContain('a@example.invalid');
  });

  test('one replica computes the key figures of all, and any one can read them', async () => {
    await waitFor('the key figures', async () => (await sum('sightedit_active_users{window="day"}')) === 1);
    expect(await query('sightedit_active_users{window="day"}')).toHaveLength(1);
    expect(await sum('sightedit_active_users{window="week"}')).toBe(2);
    expect(await sum('sightedit_user_retention_ratio{cohort="week_1"}')).toBe(1);
    expect(await sum('sightedit_user_retention_ratio{cohort="week_4"}')).toBe(0);
    const age = await query('time() - sightedit_business_metrics_last_success_timestamp_seconds');
    expect(age).toHaveLength(2);
    for (const { value } of age) {
      expect(value).toBeLessThan(30);
    }
    const kpis = await getJson<Record<string, number>>(`${services[1].url}/api/kpis`);
    expect(kpis).toMatchObject({
      dailyActiveUsers: 1,
      weeklyActiveUsers: 2,
      monthlyActiveUsers: 2,
      userRetentionRate: 1,
    });
  });
});

test('The load generator plays editors and attackers', async () => {
  const load = join(ROOT, 'examples', 'sightedit-backend', 'load.ts');
  const args = [
    '--import',
    'tsx',
    load,
    '--url',
    services[1].url,
    '--rate',
    '10',
    '--seconds',
    '5',
    '--attackers',
    '0.3',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  expect(stdout).toMatch(/'200': \d+/);
  expect(stdout).toMatch(/'400': \d+/);
  expect(stdout).toContain('unreachable: 0');
});

describe('A service that starts before everything else', () => {
  test('is alive, not ready, and ready once the database comes; spans, denylist and key figures follow', async () => {
    const [databasePort, redisPort, collectorPort] = (await freePorts(3)) as [number, number, number];
    const proxies = [databasePort, redisPort, collectorPort].map(lateProxy);
    const service = await startService(directory, {
      ...environment(),
      DATABASE_URL: databaseUrl(databasePort, DATABASE),
      REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}`,
    });
    const ready = async () => (await fetch(`${service.url}/health/ready`)).status;
    expect(await ready()).toBe(503);
    expect((await send(service, '/api/batch', { from: '198.51.100.7' })).status).toBe(200);

    await Promise.all(
      [postgres.port, redis.port, Number(new URL(sink.url).port)].map((port, index) => proxies[index]!.open(port)),
    );
    await waitFor('the service to be ready', async () => (await ready()) === 200);
    await waitFor(
      'the denylist',
      async () => (await send(service, '/api/batch', { from: '198.51.100.7' })).status === 403,
    );
    const before = sink.spans.length;
    await waitFor('spans', async () => {
      await send(service, '/api/batch');
      return sink.spans.length > before;
    });

    await Promise.all(proxies.map((proxy) => proxy.close()));
    await waitFor('the service to be unready', async () => (await ready()) === 503);
    expect((await send(service, '/api/batch', { from: '198.51.100.7' })).status).toBe(200);
    await service.server.stop();
    expect(await service.server.ended).toBe(0);
  });
});

test('SIGTERM sends the last spans, and ends the service with 0', async () => {
  const before = sink.spans.length;
  await send(services[1], '/api/batch');
  services[1].server.stop('SIGTERM');
  expect(await services[1].server.ended).toBe(0);
  expect(sink.spans.slice(before).some(({ name }) => name === 'batch')).toBe(true);
});
