import { makeApp } from '../../../remediation/intake/app';
import { Authenticator } from '../../../remediation/intake/authenticator';
import { Intake } from '../../../remediation/intake/intake';
import { MAX_BODY_BYTES } from '../../../remediation/intake/middleware/body-limit';
import { KubernetesError } from '../../../remediation/kubernetes';
import { alert, notification } from '../../../testing/webhook';
import { NOW } from '../sample';
import { Bench, LIMITS } from '../support/bench';
import { standStill } from '../support/clock';
import { tokenOf } from '../support/tokens';

standStill();

const ALERTMANAGER = 'system:serviceaccount:sightedit-monitoring:alertmanager';
/** Tokens that claim to be Alertmanager's. */
const tokenNamed = (jti: string) =>
  tokenOf({ aud: ['remediation-webhook'], sub: ALERTMANAGER, exp: NOW.getTime() / 1000 + 600, jti });
const STATUSES: { readonly [token: string]: object } = {
  good: { authenticated: true, user: { username: ALERTMANAGER }, audiences: ['remediation-webhook'] },
  other: { authenticated: true, user: { username: 'system:admin' }, audiences: ['remediation-webhook'] },
};

let bench: Bench;
let ending: boolean;
let reasons: string[];
let app: ReturnType<typeof makeApp>;
let appWithoutIntake: ReturnType<typeof makeApp>;

beforeEach(() => {
  bench = new Bench();
  ending = false;
  reasons = [];
  bench.api.tokenReview = ({ token }) =>
    Object.entries(STATUSES).find(([name]) => tokenNamed(name) === token)?.[1] ?? {};
  const { api, metrics, logged, props, context } = bench;
  const log = (level: string, message: string, fields = {}) => void logged.push({ level, message, fields });
  const { policies } = props;
  const appProps = {
    authenticator: new Authenticator({ first: api, again: api }, 'remediation-webhook', [ALERTMANAGER]),
    intake: new Intake({
      policies,
      store: context.store,
      metrics,
      log,
      repeatSeconds: LIMITS.repeatSeconds,
      now: context.clients.now,
    }),
    metrics,
    runbookPages: {
      index: () => 'all of them',
      page: (name: string) => (name === 'RemediationCircuitOpen' ? 'this one' : undefined),
      missing: () => 'no such runbook',
    },
    log,
    notReadyReasons: () => reasons,
    isEnding: () => ending,
  };
  app = makeApp(appProps);
  appWithoutIntake = makeApp(appProps, { intake: false });
});

const BODY = JSON.stringify(notification([alert({ remediation: 'restart' })]));
const PATHS = ['/api/v1/alerts', '/api/v1/heartbeat'];
interface Sent {
  readonly path?: string;
  readonly token?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const post = ({ path = PATHS[0]!, token = 'good', body = BODY, headers = {} }: Sent = {}, on = app) =>
  on.request(path, {
    method: 'POST',
    body,
    headers: {
      ...(token ? { authorization: `Bearer ${tokenNamed(token)}` } : {}),
      'content-type': 'application/json',
      ...headers,
    },
  });
const records = () => bench.context.store.list({});
const counted = (code: number) => bench.metric('webhook_requests_total', { code: String(code) });

describe('A notification', () => {
  it('is answered with 202 and a receipt when every record is stored', async () => {
    const response = await post();
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: 1, duplicates: 0, ignored: 0 });
    expect(await records()).toHaveLength(1);
    expect(await counted(202)).toBe(1);
  });

  it.each([
    ['', 401],
    ['unknown', 401],
    ['other', 403],
  ])('with the token "%s" is answered with %d, and nothing is stored', async (token, status) => {
    const response = await post({ token });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message: expect.any(String) });
    expect(await records()).toEqual([]);
    expect(await counted(status)).toBe(1);
    expect(await counted(202)).toBe(0);
    expect(bench.logged).toMatchObject([{ level: 'warn', message: expect.stringContaining('notification') }]);
  });

  it('is answered with 503 while the API server cannot review its token', async () => {
    bench.api.failOn((_verb, resource) =>
      resource === 'tokenreviews' ? new KubernetesError(0, '', 'ECONNREFUSED') : undefined,
    );
    const response = await post();
    expect(response.status).toBe(503);
    // The sender need not know where the API server is.
    expect(await response.text()).not.toContain('ECONNREFUSED');
    expect(bench.logged).toMatchObject([{ level: 'error', message: expect.stringContaining('ECONNREFUSED') }]);
    expect(await counted(503)).toBe(1);
    expect(await records()).toEqual([]);
  });

  it('is answered with 503 when it cannot be stored, so that Alertmanager sends it again', async () => {
    bench.api.failOn((_verb, resource) =>
      resource === 'remediations' ? new KubernetesError(500, '', 'etcd is down') : undefined,
    );
    const response = await post();
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('etcd');
    expect(bench.logged).toMatchObject([{ level: 'error', message: expect.stringContaining('etcd is down') }]);
    expect(await counted(503)).toBe(1);
  });

  it.each(['', '{', '[]', '{"version":"3"}', JSON.stringify(notification([{ status: 'firing' }]))])(
    'that is invalid is answered with 400 and the reason: %s',
    async (body) => {
      const response = await post({ body });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ message: expect.stringMatching(/./) });
      expect(await counted(400)).toBe(1);
      expect(bench.logged).toMatchObject([{ level: 'warn' }]);
      expect(await records()).toEqual([]);
    },
  );

  it.each(['', '{', 'nothing'])('that is not JSON is answered with that reason: "%s"', async (body) => {
    expect(await (await post({ body })).json()).toEqual({ message: expect.stringMatching(/not JSON/) });
  });

  it('may be as large as the limit', async () => {
    const padded = BODY + ' '.repeat(MAX_BODY_BYTES - BODY.length);
    expect((await post({ body: padded })).status).toBe(202);
  });

  it.each<Readonly<Record<string, string>>>([{}, { 'content-length': String(MAX_BODY_BYTES + 1) }])(
    'that is larger than the limit is answered with 413 (%j)',
    async (headers) => {
      const padded = BODY + ' '.repeat(MAX_BODY_BYTES - BODY.length + 1);
      const response = await post({ body: padded, headers });
      expect(response.status).toBe(413);
      expect(await response.json()).toEqual({ message: expect.stringContaining(String(MAX_BODY_BYTES)) });
      expect(await records()).toEqual([]);
      expect(await counted(413)).toBe(1);
    },
  );

  it('from an unknown sender is not read, however large it is', async () => {
    const response = await post({ token: '', body: ' '.repeat(MAX_BODY_BYTES + 1) });
    expect(response.status).toBe(401);
  });

  it.each(PATHS)('is answered with 503 while the server shuts down, without a TokenReview: %s', async (path) => {
    ending = true;
    const asked = jest.spyOn(bench.api, 'create');
    const response = await post({ path });
    expect(response.status).toBe(503);
    expect(await counted(503)).toBe(1);
    expect(asked).not.toHaveBeenCalled();
    expect(await records()).toEqual([]);
  });

  it.each(PATHS)('is accepted only by the app with the intake: %s', async (path) => {
    expect((await post({ path }, appWithoutIntake)).status).toBe(404);
    expect((await app.request(path)).status).toBe(404);
  });

  it('carries its trace into the record', async () => {
    await post({ headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } });
    // Nobody traces here, so nothing is carried; it is not refused either.
    expect((await records())[0]!.spec.traceparent).toBe('');
  });
});

describe('A heartbeat', () => {
  it('updates the time of the last Watchdog', async () => {
    const response = await post({ path: '/api/v1/heartbeat' });
    expect(response.status).toBe(202);
    expect(await bench.metric('watchdog_last_received_timestamp_seconds')).toBe(NOW.getTime() / 1000);
    expect(await counted(202)).toBe(1);
    expect(await records()).toEqual([]);
  });

  it.each([
    ['', 401],
    ['other', 403],
  ])('with the token "%s" is answered with %d, and does not count', async (token, status) => {
    expect((await post({ path: '/api/v1/heartbeat', token })).status).toBe(status);
    expect(await bench.metric('watchdog_last_received_timestamp_seconds')).toBe(0);
  });
});

describe('The server', () => {
  it.each([() => app, () => appWithoutIntake])('answers probes and metrics without authentication', async (of) => {
    expect((await of().request('/healthz')).status).toBe(200);
    expect((await of().request('/readyz')).status).toBe(200);
    const metrics = await of().request('/metrics');
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=/);
    expect(await metrics.text()).toContain('remediation_build_info{version="test"} 1');
  });

  it('is not ready while there are reasons, and lists them', async () => {
    reasons = ['the records were not listed yet', 'RBAC does not allow get pods'];
    const response = await app.request('/readyz');
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('the records were not listed yet\nRBAC does not allow get pods\n');
    expect((await app.request('/healthz')).status).toBe(200);
  });

  it.each(['/runbooks', '/runbooks/NoSuchAlert', '/metrics', '/no-such-path'])(
    'forbids browsers to run scripts, to guess types and to be framed: %s',
    async (path) => {
      const { headers } = await app.request(path);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[^ ]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('strict-transport-security')).toBeNull();
    },
  );

  it('shows the runbooks', async () => {
    const home = await app.request('/');
    expect([home.status, home.headers.get('location')]).toEqual([302, '/runbooks']);
    const shown = async (path: string) => {
      const response = await app.request(path);
      return [response.status, response.headers.get('content-type'), await response.text()];
    };
    const HTML = 'text/html; charset=UTF-8';
    expect(await shown('/runbooks')).toEqual([200, HTML, 'all of them']);
    expect(await shown('/runbooks/RemediationCircuitOpen')).toEqual([200, HTML, 'this one']);
    expect(await shown('/runbooks/NoSuchAlert')).toEqual([404, HTML, 'no such runbook']);
  });
});
