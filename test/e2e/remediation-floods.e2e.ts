import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { openIncident } from '../../remediation';
import { isOpen } from '../../remediation/record';
import { peakMemory } from '../../testing/process-usage';
import { waitFor } from '../../testing/server';
import { ALERTMANAGER, alert, MONITORING, notification, notify, token } from '../../testing/webhook';
import { type ApiProxy, startApiProxy } from './support/api-proxy';
import { alertAbout, inPhase, recordsOf, restarts, Stage, VERIFICATIONS, WEBHOOK } from './support/remediation';

const MEBIBYTE = 1024 * 1024;
/** Memory of the pod. */
const LIMIT_MIB = 192;
const CLIENTS = 300;

let stage: Stage;
let proxy: ApiProxy;

beforeAll(async () => {
  stage = await Stage.set([
    restarts('restart-now'),
    restarts('restart-slowly', {}, { ...VERIFICATIONS.healthy, stabilisationSeconds: 2 }),
    openIncident({ queries: {}, budgetPerHour: 5 }),
  ]);
  proxy = await startApiProxy(stage.kubernetes);
  await stage.restart({ kubernetes: { ...proxy.connection, tokenFile: stage.deployed.tokenFile } });
});

const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) {
    socket.destroy();
  }
  sockets.clear();
});

const json = (value: unknown) => JSON.stringify(value);
const port = () => Number(new URL(stage.webhook.url).port);
const pid = () => stage.webhook.server.pid;
/** Largest resident memory of the replica, in MiB. */

/** Opens a connection, and sends a text. */
function open(text: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port(), '127.0.0.1', () => socket.write(text, () => resolve(socket)));
    socket.on('error', () => resolve(socket)).resume();
    sockets.add(socket);
  });
}

/** A client that sends an empty notification. */
function sending(bearer: string) {
  const headers = { authorization: `Bearer ${bearer}` };
  const state: { status?: number; retryAfter?: string; leave: () => void } = { leave: () => {} };
  const outgoing = request(
    `${stage.webhook.url}/api/v1/alerts`,
    { method: 'POST', headers, agent: false },
    (response) => {
      Object.assign(state, { status: response.statusCode, retryAfter: response.headers['retry-after'] });
      response.resume();
    },
  );
  outgoing.on('error', () => {});
  outgoing.end(json(notification([])));
  state.leave = () => outgoing.destroy();
  return state;
}

/** Sends a body with Alertmanager's token. */
const send = async (body: string) => {
  const response = await fetch(`${stage.webhook.url}/api/v1/alerts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stage.deployed.notifierToken}` },
    body,
  });
  return { status: response.status, text: await response.text() };
};

/** A token that claims what Alertmanager's claims, with a signature that nobody has made. */
function forged(): string {
  const [header, payload] = stage.deployed.notifierToken.split('.') as [string, string];
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const body = Buffer.from(json({ ...claims, jti: randomBytes(8).toString('hex') })).toString('base64url');
  return `${header}.${body}.${randomBytes(256).toString('base64url')}`;
}

const reviews = () =>
  stage.kubernetes
    .audited()
    .filter(({ user, objectRef }) => user.username === WEBHOOK && objectRef.resource === 'tokenreviews').length;

describe('a flood of tokens', () => {
  test('that are none is rejected without a TokenReview', async () => {
    const before = reviews();
    const flood = Array.from({ length: CLIENTS }, () => sending(randomBytes(32).toString('hex')));
    await waitFor('the answers', async () => flood.every(({ status }) => status !== undefined));
    expect(new Set(flood.map(({ status }) => status))).toEqual(new Set([401]));
    expect(reviews()).toBe(before);
  });

  test('that could be valid does not hold up what is known, nor a running repair, while reviews hang', async () => {
    const deployment = await stage.newDeployment();
    const running = alertAbout(deployment, 'restart-slowly');
    await stage.ask(running);
    await inPhase(stage.kubernetes, [running], 'an effect to be verified', (phase) => phase === 'verifying');

    const held = proxy.holdEvery({ method: 'POST', path: /tokenreviews/ });
    const flood = Array.from({ length: CLIENTS }, () => sending(forged()));
    const answered = () => flood.filter(({ status }) => status !== undefined);
    await waitFor('the reviews that fit', async () => held.count() === 4);
    // Those beyond the bound are told to come back, and the others wait.
    await waitFor('the rejections', async () => answered().length === CLIENTS - 16);
    expect(new Set(answered().map(({ status, retryAfter }) => `${status} ${retryAfter}`))).toEqual(new Set(['503 5']));

    const asked = alertAbout(await stage.newDeployment(), 'restart-now');
    expect((await notify(stage.webhook, stage.deployed, [asked])).status).toBe(202);
    const ended = await inPhase(stage.kubernetes, [running, asked], 'both repairs', (phase) => !isOpen(phase));
    expect(ended.map(({ status }) => status.phase)).toEqual(['succeeded', 'succeeded']);
    expect(held.most()).toBeLessThanOrEqual(6);

    // Clients that leave cancel their reviews, so the next token is reviewed at once.
    for (const client of flood) {
      client.leave();
    }
    await waitFor('the reviews to be cancelled', async () => held.count() === 0);
    held.end();
    const fresh = await token(stage.kubernetes, ALERTMANAGER, '--audience=remediation-webhook');
    const next = sending(fresh);
    await waitFor('the next review', async () => next.status !== undefined);
    expect(next.status).toBe(202);
  });

  test('that hangs is answered after a time, waiting for a connection included', async () => {
    const held = proxy.holdEvery({ method: 'POST', path: /tokenreviews/ });
    const flood = Array.from({ length: 16 }, () => sending(forged()));
    await waitFor('the deadline of all', async () => flood.every(({ status }) => status !== undefined), {
      timeoutSeconds: 30,
    });
    expect(new Set(flood.map(({ status }) => status))).toEqual(new Set([503]));
    // Most of them never got a connection.
    expect(held.most()).toBe(4);
    held.end();
  });
});

describe('a body', () => {
  const firing = () => alert({}, { annotations: {} });
  const whole = (change: object) => json({ ...notification([]), ...change });
  const filled = (text: string, piece: string) =>
    text.replace('"@"', piece.repeat((4 * MEBIBYTE - text.length) / piece.length));
  const entries = (count: number, value = 'x') =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`label_${index}`, value]));

  test.each<[string, () => string]>([
    ['of brackets', () => '['.repeat(4 * MEBIBYTE)],
    [
      'that is deep in an unknown field',
      () => whole({ later: '@' }).replace('"@"', `${'['.repeat(MEBIBYTE)}${']'.repeat(MEBIBYTE)}`),
    ],
    ['with two million numbers for alerts', () => filled(whole({ alerts: '@' }).replace('"@"', '["@"0]'), '0,')],
    ['with an alert of 200000 labels', () => whole({ alerts: [{ ...firing(), labels: entries(200_000, '') }] })],
    ['with 4 MiB of commas', () => filled(whole({ later: '@' }), ',')],
    ['with a million objects', () => filled(whole({ later: '@' }).replace('"@"', '["@"0]'), '{},')],
  ])('%s is rejected, and the replica survives', async (_what, body) => {
    expect(await send(body())).toMatchObject({ status: 400, text: expect.stringMatching(/message/) });
    expect((await fetch(`${stage.webhook.url}/healthz`)).status).toBe(200);
  });

  test('of the largest kind that is accepted, eight times at the same time, fits into the memory of the pod', async () => {
    const many = whole({
      alerts: Array.from({ length: 4_000 }, () => ({ ...firing(), labels: { alertname: 'A', ...entries(12) } })),
    });
    const wide = whole({ alerts: [{ ...firing(), labels: { alertname: 'A', ...entries(999, 'y'.repeat(4_000)) } }] });
    const long = whole({ groupKey: 'ä'.repeat(2 * MEBIBYTE - 1_000) });
    const bodies = [many, wide, long, many, wide, long, many, long];
    for (const body of bodies) {
      expect(Buffer.byteLength(body)).toBeGreaterThan(1.25 * MEBIBYTE);
      expect(Buffer.byteLength(body)).toBeLessThan(4 * MEBIBYTE);
    }
    // A busy machine tells some of them to come back.
    const sendUntilTaken = async (body: string): Promise<number> => {
      const { status } = await send(body);
      return status === 503 ? sendUntilTaken(body) : status;
    };
    expect(await Promise.all(bodies.map(sendUntilTaken))).toEqual(Array(8).fill(202));
    expect(peakMemory(pid())).toBeLessThan(LIMIT_MIB);
  });

  test('that makes the largest records leaves lists of them that fit, too', async () => {
    const control = entries(64, '\u0001'.repeat(1024));
    const alerts = Array.from({ length: 60 }, () =>
      alert({ remediation: 'open-incident', ...control }, { annotations: control }),
    );
    for (let first = 0; first < alerts.length; first += 4) {
      expect(await send(whole({ alerts: alerts.slice(first, first + 4) }))).toMatchObject({ status: 202 });
    }
    // A new replica lists all of them.
    await stage.restart({ kubernetes: { ...proxy.connection, tokenFile: stage.deployed.tokenFile } });
    expect(peakMemory(pid())).toBeLessThan(LIMIT_MIB);
  });
});

describe('a flood of connections', () => {
  const HALF = 'POST /api/v1/alerts HTTP/1.1\r\nHost: webhook\r\nX-Half: ';

  test('leaves room for others, and takes bounded memory', async () => {
    const opened = await Promise.all(Array.from({ length: 3_000 }, () => open(HALF)));
    await waitFor('the oldest to be closed', async () => opened.filter(({ destroyed }) => destroyed).length >= 1_900);
    expect((await fetch(`${stage.webhook.url}/healthz`)).status).toBe(200);
    expect((await notify(stage.webhook, stage.deployed, [])).status).toBe(202);
    const links = readdirSync(`/proc/${pid()}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid()}/fd/${fd}`);
      } catch {
        return '';
      }
    });
    expect(links.filter((link) => link.startsWith('socket:')).length).toBeLessThan(1_200);
    expect(peakMemory(pid())).toBeLessThan(LIMIT_MIB);
  });

  test('that never end their request does not delay the end of the replica', async () => {
    const ending = stage.webhook;
    for (let index = 0; index < 5; index += 1) {
      await open(HALF);
    }
    process.kill(ending.server.pid, 'SIGTERM');
    let code: number | string | undefined;
    void ending.server.ended.then((ended) => {
      code = ended;
    });
    // The grace period of the pod.
    await waitFor('the replica to end', async () => code !== undefined, { timeoutSeconds: 36 });
    expect(code).toBe(0);
    await stage.restart({ kubernetes: { ...proxy.connection, tokenFile: stage.deployed.tokenFile } });
  });
});

describe('a storm of incidents', () => {
  test('does not hold up a repair that is asked for after it', async () => {
    const deployment = await stage.newDeployment();
    const incidents = Array.from({ length: 150 }, () => alert({ remediation: 'open-incident' }));
    expect((await notify(stage.webhook, stage.deployed, incidents)).status).toBe(202);
    const repair = alertAbout(deployment, 'restart-now');
    await stage.ask(repair);
    await inPhase(stage.kubernetes, [repair], 'the repair', (phase) => phase === 'verifying' || phase === 'succeeded');
    const waiting = (await recordsOf(stage.kubernetes, incidents)).filter(
      (record) => record?.status.phase === 'accepted',
    );
    expect(waiting.length).toBeGreaterThan(0);
    await stage.kubernetes.kubectl('delete', 'remediations', '--all', `--namespace=${MONITORING}`, '--wait=false');
  });
});
