import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { AlertmanagerConfig } from '../../../constructs';
import { writeInto } from '../../../testing/files';

/** A notification that a channel has received. */
export interface Notification {
  /** Where it arrived, e.g. `slack #alerts-critical`. */
  readonly channel: string;
  /** Names of its alerts. */
  readonly alerts: readonly string[];
  readonly status: 'firing' | 'resolved';
  /** The whole message. */
  readonly text: string;
  /** When it arrived. */
  readonly time: Date;
}

/** Stand-ins for the channels: they speak the real protocols and store what they receive. */
export interface Sinks {
  readonly httpUrl: string;
  readonly smtpAddress: string;
  readonly received: Notification[];
  stop(): Promise<void>;
}

/** Name of test alerts, which the sinks search for. */
const ALERT = /Sample[A-Za-z0-9]+/g;

/** Fake credentials that the mail server accepts. */
export const SMTP_LOGIN = { username: 'monitoring@sightedit.com', password: 'not-a-real-password' };

/** Fake bot token that Slack's method chat.postMessage accepts. */
export const SLACK_TOKEN = 'not-a-real-bot-token';

/** Starts Slack, PagerDuty, SMS gateway, webhook, dead man's switch and mail server on loopback. */
export async function startSinks(): Promise<Sinks> {
  const received: Notification[] = [];
  const keep = (channel: string, status: string, text: string) => {
    received.push({
      channel,
      status: status === 'resolved' ? 'resolved' : 'firing',
      alerts: [...new Set(text.match(ALERT) ?? [])].sort(),
      text,
      time: new Date(),
    });
  };

  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const path = request.url ?? '';
      if (path === '/slack' && request.headers.authorization !== `Bearer ${SLACK_TOKEN}`) {
        // Slack answers 200 to a rejected message too, with the error in the body.
        answerJson(response, 200, { ok: false, error: 'invalid_auth' });
        return;
      }
      const { channel, status, answer } = readHttp(path, JSON.parse(text));
      keep(channel, status, text);
      answerJson(response, answer, { ok: true, ts: '1', channel: 'C0' });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

  const smtp = new SMTPServer({
    // smtp-server has a well-known default certificate. On loopback that is fine.
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      username === SMTP_LOGIN.username && password === SMTP_LOGIN.password
        ? done(null, { user: username })
        : done(new Error('wrong login')),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        // Quoted-printable breaks long lines, also within a name.
        const text = Buffer.concat(chunks).toString().replaceAll('=\r\n', '');
        const status = /^Subject: .*RESOLVED/im.test(text) ? 'resolved' : 'firing';
        for (const { address } of session.envelope.rcptTo) {
          keep(`email ${address}`, status, text);
        }
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));

  return {
    httpUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    smtpAddress: `127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
    received,
    stop: async () => {
      await new Promise((resolve) => smtp.close(() => resolve(undefined)));
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** The configuration with the sinks as channels. */
export function towards({ smtpAddress, httpUrl }: Sinks, config: AlertmanagerConfig): AlertmanagerConfig {
  const global = {
    ...config.global,
    smtp_smarthost: smtpAddress,
    smtp_tls_config: { insecure_skip_verify: true },
    slack_app_url: `${httpUrl}/slack`,
    pagerduty_url: `${httpUrl}/pagerduty`,
  };
  return { ...config, global };
}

/** Files of the Secret, with the addresses of the sinks. */
export function layOutCredentials(root: string, sinks: Sinks): void {
  const secrets = {
    SLACK_BOT_TOKEN: SLACK_TOKEN,
    PAGERDUTY_INTEGRATION_KEY: 'not-a-real-routing-key',
    SMTP_PASSWORD: SMTP_LOGIN.password,
    SMS_GATEWAY_URL: `${sinks.httpUrl}/sms`,
    ALERT_WEBHOOK_URL: `${sinks.httpUrl}/webhook`,
    DEAD_MANS_SWITCH_URL: `${sinks.httpUrl}/dead-mans-switch`,
  };
  for (const [key, value] of Object.entries(secrets)) {
    writeInto(root, `etc/alertmanager/credentials/${key}`, value);
  }
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

// biome-ignore lint/suspicious/noExplicitAny: each protocol has a body of its own
function readHttp(path: string, body: any): { channel: string; status: string; answer: number } {
  switch (path) {
    case '/slack':
      return {
        channel: `slack ${body.channel}`,
        // The remediation webhook sends plain text.
        status: /RESOLVED/.test(body.attachments?.[0].title ?? '') ? 'resolved' : 'firing',
        answer: 200,
      };
    case '/pagerduty':
      return {
        channel: `pagerduty ${body.payload?.severity ?? ''}`.trim(),
        status: body.event_action === 'resolve' ? 'resolved' : 'firing',
        answer: 202,
      };
    default:
      return { channel: path.slice(1), status: body.status, answer: 200 };
  }
}
