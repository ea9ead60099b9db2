import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createSign, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { dirname, join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { bundledServer } from '../../constructs/remediation-webhook/bundle';
import { restartWorkload } from '../../remediation';
import { KEYS, type Remediation, SKIP_REASONS } from '../../remediation/record';
import { temporaryDirectory } from '../../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes, WORKLOAD_CONTROLLERS } from '../../testing/kubernetes';
import { peakMemory } from '../../testing/process-usage';
import { freePorts, waitFor } from '../../testing/server';
import {
  ALERTMANAGER,
  alert,
  type Deployed,
  deployWebhook,
  MONITORING,
  notification,
  notify,
  type Overrides,
  type Replica,
  startWebhook,
  token,
} from '../../testing/webhook';
import { BIN } from '../../tools/catalogue';
import { openGate } from './support/gate';
import { readyPods } from './support/pods';

const APPLICATION = 'sightedit';
const WEBHOOK = `system:serviceaccount:${MONITORING}:remediation-webhook`;
const MEBIBYTE = 1024 * 1024;

/** Resources of the webhook itself. */
const OWN = ['remediations', 'leases', 'events', 'tokenreviews', 'selfsubjectaccessreviews'];

const POLICIES = ['restart-workload', 'ask-first'].map((name) =>
  restartWorkload({
    name,
    namespace: APPLICATION,
    deployments: ['sightedit-backend'],
    approval: name === 'ask-first',
    // The tests send alerts that no rule raises.
    requireFiring: false,
    minimumAgeSeconds: 0,
    verification: { query: 'vector(1)' },
  }),
);

let kubernetes: Kubernetes;
let deployed: Deployed;
let replica: Replica;
const logs: (() => string)[] = [];
/** Texts that must never be in a log. */
const secrets = new Set<string>();

beforeAll(async () => {
  kubernetes = await startKubernetes(WORKLOAD_CONTROLLERS);
  await makeNamespace(kubernetes, APPLICATION);
  readyPods(kubernetes, APPLICATION);
  deployed = await deployWebhook(kubernetes, POLICIES);
  secrets.add(deployed.notifierToken).add(readFileSync(deployed.tokenFile, 'utf8').trim());
  replica = await start();
});
afterAll(() => kubernetes?.stop());

async function start(overrides: Overrides = {}, server = kubernetes): Promise<Replica> {
  const started = await startWebhook(server, deployed, overrides);
  logs.push(started.server.log);
  return started;
}

/** A token that must not be in a log. */
async function secretToken(account: string, ...options: readonly string[]): Promise<string> {
  const made = await token(kubernetes, account, ...options);
  secrets.add(made);
  return made;
}

interface Sent {
  readonly authorization?: string;
  readonly path?: string;
  readonly to?: Replica;
}

/** Sends a raw body. */
function send(body: string | Uint8Array<ArrayBuffer>, { authorization, path = 'alerts', to = replica }: Sent = {}) {
  return fetch(`${to.url}/api/v1/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization === '' ? {} : { authorization: authorization ?? `Bearer ${deployed.notifierToken}` }),
    },
    body,
  });
}

const json = (value: unknown) => JSON.stringify(value);

/** An alert that triggers a restart. */
const asking = (labels: Readonly<Record<string, string>> = {}, changes: object = {}) =>
  alert({ remediation: 'restart-workload', namespace: APPLICATION, deployment: 'not-there', ...labels }, changes);

async function records(): Promise<readonly Remediation[]> {
  const { stdout } = await kubernetes.kubectl('get', 'remediations', `--namespace=${MONITORING}`, '--output=json');
  return (JSON.parse(stdout) as { items: Remediation[] }).items;
}

/** The records of alerts. */
async function recordsOf(alerts: readonly { readonly fingerprint: string }[]): Promise<readonly Remediation[]> {
  const fingerprints = alerts.map(({ fingerprint }) => fingerprint);
  return (await records()).filter(({ spec }) => fingerprints.includes(spec.alert.fingerprint));
}

/** The value of a series on `/metrics`. */
async function metric(series: string, { url } = replica): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  if (!line) {
    throw new Error(`there is no series ${series}`);
  }
  return Number(line.slice(series.length + 1));
}

/** Requests of the webhook that changed, or tried to change, objects of others. */
function changes() {
  return kubernetes
    .audited()
    .filter(({ user, objectRef }) => user.username === WEBHOOK && !OWN.includes(objectRef.resource));
}

describe('who may notify', () => {
  const statusFor = async (authorization: string, to = replica) =>
    (await send(json(notification([asking()])), { authorization, to })).status;
  const bearer = (value: string) => `Bearer ${value}`;

  test('Alertmanager, with its token for the webhook', async () => {
    expect(await statusFor(bearer(deployed.notifierToken))).toBe(202);
  });

  test.each([
    ['no header', ''],
    ['another scheme', 'Basic YWxlcnRtYW5hZ2VyOm5vdC1hLXJlYWwtcGFzc3dvcmQ='],
    ['no token', 'Bearer '],
    ['a word', 'Bearer x'],
    ['something like a token', `Bearer ${randomBytes(32).toString('hex')}`],
    ['a token of great length', `Bearer ${'a'.repeat(10_000)}`],
    ['two tokens', 'Bearer one two'],
  ])('not %s: 401', async (_what, authorization) => {
    expect(await statusFor(authorization)).toBe(401);
  });

  test('not a token that was cut, lengthened or changed: 401', async () => {
    const { notifierToken } = deployed;
    const last = notifierToken.at(-10) === 'A' ? 'B' : 'A';
    for (const forged of [
      notifierToken.slice(0, -1),
      `${notifierToken}A`,
      `${notifierToken.slice(0, -10)}${last}${notifierToken.slice(-9)}`,
    ]) {
      expect(await statusFor(bearer(forged))).toBe(401);
    }
  });

  test('not a token for another audience, or for the API server: 401', async () => {
    expect(await statusFor(bearer(await secretToken(ALERTMANAGER, '--audience=another-webhook')))).toBe(401);
    expect(await statusFor(bearer(await secretToken(ALERTMANAGER)))).toBe(401);
    expect(await statusFor(bearer(readFileSync(kubernetes.connection.tokenFile, 'utf8')))).toBe(401);
  });

  test('not an expired token: 401', async () => {
    const now = Math.floor(Date.now() / 1000);
    expect(await statusFor(bearer(signedAnew({ iat: now - 60, nbf: now - 60, exp: now + 600 })))).toBe(202);
    expect(await statusFor(bearer(signedAnew({ iat: now - 7200, nbf: now - 7200, exp: now - 3600 })))).toBe(401);
    expect(await statusFor(bearer(signedAnew({ nbf: now + 3600, exp: now + 7200 })))).toBe(401);
  });

  test('not a token of a deleted ServiceAccount: 401', async () => {
    await kubernetes.kubectl('create', 'serviceaccount', 'leaver', `--namespace=${MONITORING}`);
    const authorization = bearer(await secretToken('leaver', '--audience=remediation-webhook'));
    const { authentication } = deployed.configuration;
    const subjects = [`system:serviceaccount:${MONITORING}:leaver`];
    const overrides = { authentication: { ...authentication, subjects } };
    const [before, after] = [await start(overrides), await start(overrides)];
    expect(await statusFor(authorization, before)).toBe(202);
    await kubernetes.kubectl('delete', 'serviceaccount', 'leaver', `--namespace=${MONITORING}`);
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview' };
    await waitFor('the API server to forget the token', async () => {
      const spec = { token: authorization.slice('Bearer '.length), audiences: ['remediation-webhook'] };
      const { stdout } = await kubernetes.kubectlWith({ ...review, spec }, 'create', '--output=json');
      return JSON.parse(stdout).status.authenticated !== true;
    });
    // The first replica has cached the answer, for at most a minute; the second one asks the API server.
    expect(await statusFor(authorization, before)).toBe(202);
    expect(await statusFor(authorization, after)).toBe(401);
    await Promise.all([before.server.stop(), after.server.stop()]);
  });

  test('not another ServiceAccount: 403', async () => {
    await kubernetes.kubectl('create', 'serviceaccount', 'somebody', `--namespace=${MONITORING}`);
    const authorization = bearer(await secretToken('somebody', '--audience=remediation-webhook'));
    const response = await send(json(notification([])), { authorization });
    expect([response.status, await response.json()]).toEqual([
      403,
      { message: `system:serviceaccount:${MONITORING}:somebody may not notify` },
    ]);
  });

  test('and the same holds for the heartbeat', async () => {
    expect((await send('', { authorization: '', path: 'heartbeat' })).status).toBe(401);
    expect(await metric('remediation_watchdog_last_received_timestamp_seconds')).toBe(0);
  });

  /** A token of Alertmanager with other claims, signed with the API server's own key. */
  function signedAnew(claims: object): string {
    const [header, payload] = deployed.notifierToken.split('.') as [string, string];
    const known = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const body = `${header}.${Buffer.from(json({ ...known, ...claims })).toString('base64url')}`;
    const key = readFileSync(join(dirname(kubernetes.connection.tokenFile), 'service-account.key'));
    const made = `${body}.${createSign('RSA-SHA256').update(body).sign(key).toString('base64url')}`;
    secrets.add(made);
    return made;
  }
});

describe('accepted notifications', () => {
  const receiptOf = async (body: unknown) => {
    const response = await send(json(body));
    return [response.status, await response.json()];
  };
  const taken = (accepted: number, rest = {}) => [202, { accepted, duplicates: 0, ignored: 0, ...rest }];

  test.each(['0.27.0', '0.32.0', '0.34.2'])('of Alertmanager %s', async (version) => {
    const { status, ...firing } = asking();
    const body = {
      receiver: 'remediation-webhook',
      status: 'firing',
      alerts: [{ status, ...firing }],
      groupLabels: { alertname: 'SampleAlert' },
      commonLabels: firing.labels,
      commonAnnotations: firing.annotations,
      externalURL: 'http://alertmanager:9093',
      version: '4',
      groupKey: '{}/{remediation!=""}:{alertname="SampleAlert"}',
      truncatedAlerts: 0,
      // Later versions have more fields.
      ...(version >= '0.32.0' ? { notification_reason: 'first notification' } : {}),
      ...(version >= '0.34.0' ? { routeLabels: { route: 'remediation' } } : {}),
    };
    expect(await receiptOf(body)).toEqual(taken(1));
    const [record] = await recordsOf([firing]);
    expect(record?.spec.alert).toEqual({
      name: 'SampleAlert',
      fingerprint: firing.fingerprint,
      startsAt: firing.startsAt,
      labels: firing.labels,
      annotations: firing.annotations,
      generatorUrl: firing.generatorURL,
    });
  });

  test('with unknown fields, at every level', async () => {
    const known = notification([{ ...asking(), score: 7, nested: { deeply: [1, { too: null }] } }]);
    expect(await receiptOf({ ...known, later: true, more: { a: [] } })).toEqual(taken(1));
  });

  test('of which only the firing alerts count', async () => {
    const group = [asking(), asking({}, { status: 'resolved' }), asking(), asking({}, { status: 'resolved' })];
    expect(await receiptOf(notification(group))).toEqual(taken(2, { ignored: 2 }));
    const kept = (await recordsOf(group)).map(({ spec }) => spec.alert.fingerprint);
    expect(kept.sort()).toEqual([group[0]!.fingerprint, group[2]!.fingerprint].sort());
  });

  test('create one record for the same alert', async () => {
    const group = notification([asking()]);
    expect(await receiptOf(group)).toEqual(taken(1));
    expect(await receiptOf(group)).toEqual(taken(0, { duplicates: 1 }));
    expect(await receiptOf({ ...group, alerts: [group.alerts[0], group.alerts[0]] })).toEqual(
      taken(0, { duplicates: 2 }),
    );
  });

  test('create no record for alerts without a policy, or with an unknown one', async () => {
    const { remediation: _, ...labels } = asking().labels as Readonly<Record<string, string>>;
    const group = [{ ...asking(), labels }, asking({ remediation: 'make-coffee' }), asking({ remediation: '' })];
    expect(await receiptOf(notification(group))).toEqual(taken(0, { ignored: 3 }));
    expect(replica.server.log()).toContain(
      'the label remediation of SampleAlert is make-coffee, which is not a policy',
    );
  });

  test('count the alerts that Alertmanager left out', async () => {
    const before = await metric('remediation_alerts_truncated_total');
    expect(await receiptOf({ ...notification([]), truncatedAlerts: 17 })).toEqual(taken(0));
    expect(await metric('remediation_alerts_truncated_total')).toBe(before + 17);
  });

  test('include the heartbeat', async () => {
    const before = Date.now() / 1000;
    expect((await send(json(notification([])), { path: 'heartbeat' })).status).toBe(202);
    const heard = await metric('remediation_watchdog_last_received_timestamp_seconds');
    expect(heard).toBeGreaterThanOrEqual(before);
    expect(heard).toBeLessThanOrEqual(Date.now() / 1000);
  });
});

describe('rejected notifications', () => {
  const firing = asking();
  const whole = notification([firing]);

  test.each<[string, string, string]>([
    ['nothing', '', 'the body is not JSON'],
    ['text', 'not JSON', 'the body is not JSON'],
    ['half of it', json(whole).slice(0, -100), 'the body is not JSON'],
    ['a list', '[]', 'version'],
    ['a word', '"alerts"', 'body'],
    ['null', 'null', 'body'],
    ['another version', json({ ...whole, version: '5' }), 'version'],
    ['a version that is a number', json({ ...whole, version: 4 }), 'version'],
    ['no version', json({ ...whole, version: undefined }), 'version'],
    ['no alerts', json({ ...whole, alerts: undefined }), 'alerts'],
    ['alerts that are none', json({ ...whole, alerts: {} }), 'alerts'],
    ['an alert that is none', json({ ...whole, alerts: [null] }), 'alerts.0'],
    ['no fingerprint', json(notification([{ ...firing, fingerprint: undefined }])), 'alerts.0.fingerprint'],
    ['a fingerprint that is a path', json(notification([{ ...firing, fingerprint: '../x' }])), 'alerts.0.fingerprint'],
    ['a time that is none', json(notification([{ ...firing, startsAt: 'yesterday' }])), 'alerts.0.startsAt'],
    ['a day that is none', json(notification([{ ...firing, startsAt: '2026-13-41T00:00:00Z' }])), 'alerts.0.startsAt'],
    ['a far year', json(notification([{ ...firing, startsAt: '+123456-01-01T00:00:00Z' }])), 'alerts.0.startsAt'],
    [
      'the end of years',
      json(notification([{ ...firing, startsAt: '9999-12-31T23:59:59-23:00' }])),
      'alerts.0.startsAt',
    ],
    ['a status that is none', json(notification([{ ...firing, status: 'maybe' }])), 'alerts.0.status'],
    ['an alert without a name', json(notification([{ ...firing, labels: { alertname: '' } }])), 'alerts.0.labels'],
    [
      'a label that is a number',
      json(notification([{ ...firing, labels: { alertname: 'A', n: 1 } }])),
      'alerts.0.labels',
    ],
  ])('%s: 400, with the field', async (_what, body, field) => {
    const before = (await records()).length;
    const response = await send(body);
    expect([response.status, ((await response.json()) as { message: string }).message]).toEqual([
      400,
      expect.stringContaining(field),
    ]);
    expect(await records()).toHaveLength(before);
  });

  test('include all alerts of a group when one of them is invalid', async () => {
    const group = [asking(), { ...asking(), startsAt: 'yesterday' }];
    expect((await send(json(notification(group)))).status).toBe(400);
    expect(await recordsOf(group)).toEqual([]);
  });

  test('include other methods and paths', async () => {
    expect((await fetch(`${replica.url}/api/v1/alerts`)).status).toBe(404);
    expect((await send('{}', { path: 'alerts/more' })).status).toBe(404);
    expect((await send('{}', { path: '../../metrics' })).status).toBe(404);
  });
});

describe('a large notification', () => {
  const sized = (bytes: number, count: number) => {
    const alerts = Array.from({ length: count }, () => asking({}, { annotations: { text: '' } }));
    const text = 'x'.repeat(Math.ceil((bytes - json(notification(alerts)).length) / count));
    return alerts.map((one) => ({ ...one, annotations: { text } }));
  };

  test('of 2 MiB is accepted', async () => {
    const alerts = sized(2 * MEBIBYTE, 20);
    const body = json(notification(alerts));
    expect(body.length).toBeGreaterThanOrEqual(2 * MEBIBYTE);
    expect((await send(body)).status).toBe(202);
    expect(await recordsOf(alerts)).toHaveLength(20);
  });

  test('of one alert that is too large for a record is accepted and truncated', async () => {
    const one = sized(2 * MEBIBYTE, 1)[0]!;
    const labels = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`label_${index}`, 'y'.repeat(2000)]));
    const body = json(notification([{ ...one, labels: { ...one.labels, ...labels } }]));
    expect((await send(body)).status).toBe(202);
    const [record] = await recordsOf([one]);
    expect(record?.spec.alert.annotations.text).toHaveLength(1024);
    expect(record?.spec.alert.labels).toMatchObject(one.labels);
    expect(json(record).length).toBeLessThan(200_000);
  });

  test('of 10 MiB is rejected by its length or by its content, and the server survives', async () => {
    const body = Buffer.alloc(10 * MEBIBYTE, 'x');
    for (const chunked of [false, true]) {
      const statuses = await Promise.all(Array.from({ length: 8 }, () => sendRaw(body, chunked)));
      expect(statuses).toEqual(Array(8).fill(413));
    }
    expect((await send(json(notification([asking()])))).status).toBe(202);
    expect(await metric('remediation_webhook_requests_total{code="413"}')).toBe(16);
    // The memory limit of its container.
    expect(peakMemory(replica.server.pid)).toBeLessThan(192);
  });

  test('of an unknown sender is not read', async () => {
    expect(await sendRaw(Buffer.alloc(10 * MEBIBYTE, 'x'), false, 'Bearer nobody')).toBe(401);
  });

  /** Sends a body as Go does: the response may come before the body was sent. */
  function sendRaw(body: Buffer, chunked: boolean, authorization = `Bearer ${deployed.notifierToken}`) {
    return new Promise<number>((resolve, reject) => {
      const headers = { authorization, ...(chunked ? {} : { 'content-length': body.length }) };
      const outgoing = plainRequest(`${replica.url}/api/v1/alerts`, { method: 'POST', headers }, (response) => {
        resolve(response.statusCode ?? 0);
        response.resume();
        outgoing.destroy();
      });
      outgoing.once('error', reject);
      for (let offset = 0; offset < body.length; offset += MEBIBYTE) {
        outgoing.write(body.subarray(offset, offset + MEBIBYTE));
      }
      outgoing.end();
    });
  }
});

describe('invalid targets', () => {
  test.each<[string, Record<string, string>, (typeof SKIP_REASONS)[number]]>([
    ['an empty target', { namespace: '', deployment: '' }, 'target-unknown'],
    ['no name', { deployment: '' }, 'target-unknown'],
    ['a protected namespace', { namespace: 'kube-system', deployment: 'coredns' }, 'target-protected'],
    ['another namespace', { namespace: 'default', deployment: 'sightedit-backend' }, 'target-not-allowed'],
    ['the monitoring itself', { namespace: MONITORING, deployment: 'remediation-webhook' }, 'target-not-allowed'],
    ['another Deployment', { deployment: 'not-there' }, 'target-not-allowed'],
    ['a command', { deployment: 'sightedit-backend; rm -rf /' }, 'target-not-allowed'],
    ['an address with a command', { deployment: '', ip: '203.0.113.7; rm -rf /' }, 'target-unknown'],
    ['a pod that is a path', { deployment: '', pod: '../../../kube-system/secrets/x' }, 'target-unknown'],
    ['a pod called as the way up', { deployment: '', pod: '..' }, 'target-unknown'],
    ['a pod called as here', { deployment: '', pod: '.' }, 'target-unknown'],
    ['a pod with a query', { deployment: '', pod: 'x?dryRun=All&fieldManager=evil#' }, 'target-unknown'],
    ['a pod of lines', { deployment: '', pod: 'x\r\nHost: evil\r\n\r\n' }, 'target-unknown'],
    ['a pod of zeros', { deployment: '', pod: '\u0000\u0000' }, 'target-unknown'],
    ['half a character', { deployment: '', pod: '\ud800' }, 'target-unknown'],
    ['a long name', { deployment: '', pod: 'x'.repeat(5000) }, 'target-unknown'],
    ['an autoscaler that is not there', { deployment: '', horizontalpodautoscaler: '*' }, 'target-unknown'],
  ])('%s: 202, skipped, and nothing is changed', async (_what, labels, reason) => {
    const firing = asking(labels);
    expect((await notify(replica, deployed, [firing])).status).toBe(202);
    let record: Remediation | undefined;
    await waitFor('the decision', async () => {
      [record] = await recordsOf([firing]);
      return record?.status.phase === 'skipped';
    });
    expect(record?.status.reason).toBe(reason);
    expect(changes()).toEqual([]);
  });
});

describe('a resolved alert', () => {
  test('ends a remediation that waits for approval', async () => {
    await deploy('sightedit-backend');
    const firing = asking({ remediation: 'ask-first', deployment: 'sightedit-backend' });
    expect((await notify(replica, deployed, [firing])).status).toBe(202);
    const phase = async () => (await recordsOf([firing]))[0]?.status;
    await waitFor('a request for approval', async () => (await phase())?.phase === 'awaiting-approval');
    expect((await notify(replica, deployed, [{ ...firing, status: 'resolved' }])).status).toBe(202);
    const [marked] = await recordsOf([firing]);
    expect(marked?.metadata.annotations?.[KEYS.resolved]).toMatch(/^\d{4}-.*Z$/);
    await waitFor('the end', async () => (await phase())?.phase === 'skipped', { timeoutSeconds: 20 });
    expect((await phase())?.reason).toBe('alert-resolved');
    expect(changes()).toEqual([]);
  });
});

describe('without the API server', () => {
  test('nothing is accepted and nothing is lost', async () => {
    const gate = await openGate(Number(new URL(kubernetes.url).port));
    const url = `https://127.0.0.1:${gate.port}`;
    const cutOff = await start({}, { ...kubernetes, connection: { ...kubernetes.connection, url } });
    const fresh = await secretToken(ALERTMANAGER, '--audience=remediation-webhook');
    const [first, ...later] = Array.from({ length: 12 }, () => asking());
    expect((await notify(cutOff, deployed, [first!])).status).toBe(202);

    await gate.shut();
    const refused = await notify(cutOff, deployed, later);
    expect([refused.status, await refused.json()]).toEqual([
      503,
      { message: 'the alerts could not be stored: send again' },
    ]);
    // The token cannot be reviewed now. It must be neither 401, after which Alertmanager gives up, nor accepted.
    const unknown = await send(json(notification(later)), { authorization: `Bearer ${fresh}`, to: cutOff });
    expect(unknown.status).toBe(503);
    expect((await fetch(`${cutOff.url}/healthz`)).status).toBe(200);
    expect(await recordsOf(later)).toEqual([]);

    await gate.open();
    expect((await notify(cutOff, deployed, later)).status).toBe(202);
    expect(await recordsOf(later)).toHaveLength(later.length);
    await waitFor('the decisions', async () =>
      (await recordsOf(later)).every(({ status }) => status.phase === 'skipped'),
    );
    await cutOff.server.stop();
  });
});

describe('the shutdown of a replica', () => {
  test('is announced, and comes after the running requests are done', async () => {
    const ending = await start();
    const alerts = Array.from({ length: 300 }, () => asking());
    const inFlight = notify(ending, deployed, alerts);
    await waitFor('the first record', async () => (await recordsOf(alerts)).length > 0);
    process.kill(ending.server.pid, 'SIGTERM');
    await waitFor(
      'the replica to announce its shutdown',
      async () => (await fetch(`${ending.url}/readyz`)).status === 503,
      {
        timeoutSeconds: 3,
      },
    );
    expect((await notify(ending, deployed, [asking()])).status).toBe(503);
    expect((await send('', { path: 'heartbeat', to: ending })).status).toBe(503);
    expect((await inFlight).status).toBe(202);
    expect(await ending.server.ended).toBe(0);
    expect(await recordsOf(alerts)).toHaveLength(alerts.length);
  });
});

describe('the start', () => {
  /** Runs the server with a configuration until it exits by itself. */
  const startWith = (configuration: object) =>
    new Promise<{ code: number; lines: { level: string; message: string }[] }>((resolve) => {
      const directory = temporaryDirectory();
      const [bundle, file] = [join(directory, 'server.cjs'), join(directory, 'remediation.json')];
      writeFileSync(bundle, bundledServer());
      writeFileSync(file, json(configuration));
      execFile(process.execPath, [bundle, file], { timeout: 10_000 }, (error, stdout) => {
        const lines = stdout.trim().split('\n').filter(Boolean);
        resolve({ code: Number(error?.code ?? 0), lines: lines.map((line) => JSON.parse(line)) });
      });
    });
  const complete = () => ({ ...deployed.configuration, kubernetes: kubernetes.connection });

  test.each([
    ['no authentication', { authentication: undefined }, 'authentication'],
    ['no audience', { authentication: { subjects: ['x'] } }, 'authentication.audience'],
    ['an empty audience', { authentication: { audience: '', subjects: ['x'] } }, 'authentication.audience'],
    ['nobody who may notify', { authentication: { audience: 'x', subjects: [] } }, 'authentication.subjects'],
    ['no mode', { mode: undefined }, 'mode'],
    ['no namespace', { namespace: undefined }, 'namespace'],
    ['no kill switch', { killSwitch: undefined }, 'killSwitch'],
    ['no Prometheus', { prometheus: [] }, 'prometheus'],
    ['no policies', { policies: undefined }, 'policies'],
    ['a setting that nobody knows', { authentification: {} }, 'authentification'],
  ])('with %s fails, with the name of the setting', async (_what, change, setting) => {
    const { code, lines } = await startWith({ ...complete(), ...change });
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [expect.objectContaining({ level: 'error', message: expect.stringMatching(`\n  ${setting}: `) })],
    });
  });

  test('outside a pod, without the address of the API server, fails', async () => {
    const { code, lines } = await startWith(deployed.configuration);
    expect([code, lines.map(({ message }) => message)]).toEqual([
      1,
      ['KUBERNETES_SERVICE_HOST is not set: run in a pod, or set "kubernetes" in the configuration'],
    ]);
  });
});

describe('its HTTP interface', () => {
  test('serves metrics without findings of promtool', async () => {
    const text = await (await fetch(`${replica.url}/metrics`)).text();
    const check = (input: string) => {
      const { status, stdout, stderr } = spawnSync(join(BIN, 'promtool'), ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      });
      return { status, said: `${stdout}${stderr}` };
    };
    expect(check(text)).toEqual({ status: 0, said: '' });
    // A control: promtool has findings about bad metrics.
    expect(
      check('# HELP bad_seconds_count x\n# TYPE bad_seconds_count counter\nbad_seconds_count 1\n').status,
    ).not.toBe(0);
  });

  test('serves counters that start at 0, because increase() misses the first increment of a new series', async () => {
    const fresh = await start();
    const of = (policy: string) => `action="restart-workload",policy="${policy}"`;
    for (const policy of ['restart-workload', 'ask-first']) {
      for (const reason of SKIP_REASONS) {
        const series = `remediation_decisions_total{${of(policy)},decision="skipped",reason="${reason}"}`;
        expect([series, await metric(series, fresh)]).toEqual([series, expect.any(Number)]);
      }
      for (const outcome of ['succeeded', 'ineffective', 'inconclusive', 'failed', 'timed-out']) {
        const target = 'target_kind="Deployment",target_namespace="sightedit",target_name="sightedit-backend"';
        expect(await metric(`remediation_actions_total{${of(policy)},outcome="${outcome}",${target}}`, fresh)).toBe(0);
      }
    }
    for (const code of [202, 400, 401, 403, 413, 503]) {
      expect(await metric(`remediation_webhook_requests_total{code="${code}"}`, fresh)).toBe(0);
    }
    await fresh.server.stop();
  });

  test('serves runbooks, and no other file', async () => {
    const root = temporaryDirectory();
    const runbooks = join(root, 'runbooks');
    mkdirSync(runbooks);
    writeFileSync(join(runbooks, 'SampleAlert.md'), '# SampleAlert\n\nSee [the other](OtherAlert.md).\n');
    writeFileSync(join(runbooks, 'OtherAlert.md'), '# OtherAlert\n');
    writeFileSync(join(runbooks, 'notes.txt'), 'outside');
    writeFileSync(join(root, 'outside.md'), '# outside\n');
    const library = await start({ runbooks });
    const page = (path: string) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        // fetch() would normalise the path.
        plainRequest(`${library.url}/`, { path }, async (response) => {
          let text = '';
          for await (const chunk of response) {
            text += chunk;
          }
          resolve({ status: response.statusCode ?? 0, text });
        })
          .once('error', reject)
          .end();
      });
    expect(await page('/runbooks')).toEqual({
      status: 200,
      text: expect.stringContaining('href="/runbooks/SampleAlert"'),
    });
    const { status, text } = await page('/runbooks/SampleAlert');
    expect([status, text]).toEqual([200, expect.stringContaining('<h1>SampleAlert</h1>')]);
    expect(text).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(text).toContain('<a href="OtherAlert">');
    for (const path of [
      ...['/runbooks/NoAlert', '/runbooks/notes', '/runbooks/notes.txt', '/runbooks/SampleAlert.md', '/runbooks/'],
      ...['/runbooks/../outside', '/runbooks/..%2Foutside', '/runbooks/..%2foutside.md', '/runbooks/%2e%2e/outside'],
      ...['/runbooks/%2e%2e%2foutside', '/runbooks/..%5Coutside', '/runbooks/....//outside', '/runbooks//etc/passwd'],
      ...['/runbooks/%2Fetc%2Fpasswd', '/runbooks/SampleAlert%00', '/runbooks/%ff', '/runbooks/.'],
      `/runbooks/${'../'.repeat(12)}etc/passwd`,
    ]) {
      const answer = await page(path);
      expect([path, answer.status, answer.text.includes('outside</h1>')]).toEqual([path, 404, false]);
    }
    await library.server.stop();
  });
});

describe('over TLS', () => {
  test('notifications are accepted on the TLS port only, and a renewed certificate is served', async () => {
    const directory = temporaryDirectory();
    const first = makeCertificate(directory, 'first');
    const [certificateFile, keyFile] = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
    copyFileSync(first.certificate, certificateFile);
    copyFileSync(first.key, keyFile);
    const [port] = (await freePorts(1)) as [number];
    const secured = await start({ tls: { port, certificateFile, keyFile } });
    const firing = asking();
    expect((await notify(secured, deployed, [firing])).status).toBe(404);
    expect((await send('', { path: 'heartbeat', to: secured })).status).toBe(404);
    expect(await recordsOf([firing])).toEqual([]);
    expect(await notifyOverTls(port, first.certificate, [firing])).toBe(202);
    expect(await recordsOf([firing])).toHaveLength(1);
    expect((await fetch(`${secured.url}/healthz`)).status).toBe(200);

    const second = makeCertificate(directory, 'second');
    copyFileSync(second.key, keyFile);
    copyFileSync(second.certificate, certificateFile);
    await waitFor('the new certificate', async () => (await subject(port)) === 'second', { timeoutSeconds: 20 });
    expect(await notifyOverTls(port, second.certificate, [asking()])).toBe(202);
    await expect(notifyOverTls(port, first.certificate, [asking()])).rejects.toThrow(/self-signed|verif/);
    await secured.server.stop();
  });

  function notifyOverTls(port: number, authority: string, alerts: readonly object[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${deployed.notifierToken}` };
      const options = { method: 'POST', headers, ca: readFileSync(authority), agent: false };
      tlsRequest(`https://127.0.0.1:${port}/api/v1/alerts`, options, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .once('error', reject)
        .end(json(notification(alerts)));
    });
  }

  /** Common name of the served certificate. */
  function subject(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      }).once('error', reject);
    });
  }

  function makeCertificate(directory: string, name: string) {
    const [key, certificate] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
        ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
      ],
      { stdio: 'pipe' },
    );
    return { key, certificate };
  }
});

test('no token was logged, nor a part of one', () => {
  const text = logs.map((log) => log()).join('\n');
  expect(text).toContain('a notification was rejected');
  expect(text).toContain('which is not a policy');
  for (const secret of secrets) {
    // A signature alone is useless, and still must not be logged.
    for (const part of [secret, ...secret.split('.').filter((piece) => piece.length > 100)]) {
      expect(text.includes(part)).toBe(false);
    }
  }
});

async function deploy(name: string): Promise<void> {
  const labels = { 'app.kubernetes.io/name': 'sightedit', component: name };
  await kubernetes.kubectlWith(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: APPLICATION, labels: { ...labels, [KEYS.optIn]: 'enabled' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'server', image: 'sightedit/backend:1' }] } },
      },
    },
    'apply',
  );
  await kubernetes.kubectl('rollout', 'status', `deployment/${name}`, `--namespace=${APPLICATION}`, '--timeout=30s');
}
