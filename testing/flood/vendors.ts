import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A notification that a vendor has accepted. */
export interface Delivery {
  /** Where it arrived, e.g. `slack #alerts-critical`. */
  readonly channel: string;
  readonly bytes: number;
  /** Number of alerts that the message speaks of, in its text or as a field. */
  readonly alerts: number;
  /** The whole message; mails are decoded. */
  readonly text: string;
  readonly resolved: boolean;
}

/** A notification that a vendor has refused, and why. */
export interface Rejection {
  readonly channel: string;
  readonly reason: string;
}

/** Stand-ins for the vendors. They speak the real protocols and enforce the published limits. */
export interface Vendors {
  readonly httpUrl: string;
  readonly smtpAddress: string;
  readonly deliveries: Delivery[];
  readonly rejections: Rejection[];
  stop(): Promise<void>;
}

/**
 * Published limits.
 *
 * - Slack: https://docs.slack.dev/changelog/2018-truncating-really-long-messages (characters of a message)
 * - PagerDuty: https://developer.pagerduty.com/docs/send-alert-event (512 KB, a summary of 1,024 characters)
 * - Amazon SNS: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html (256 KB, a subject of 100 ASCII characters)
 * - A text message: 160 characters of GSM 03.38
 * - SMTP: RFC 5321 4.5.3.1.6 (a line of 998 octets); Postfix's `message_size_limit` (10,240,000)
 */
export const LIMITS = {
  slackCharacters: 40_000,
  pagerDutyBytes: 512_000,
  pagerDutySummary: 1024,
  snsBytes: 262_144,
  snsSubject: 100,
  smsCharacters: 160,
  mailBytes: 10_240_000,
  mailLine: 998,
  // A gateway or a webhook has no published limit: 1 MB is the default of nginx (client_max_body_size).
  bodyBytes: 1_048_576,
} as const;

/** Characters of a text message that count once. */
const GSM = /^[\n\r @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]*$/;

/** Fake credentials that the mail server accepts. */
export const SMTP_PASSWORD = 'not-a-real-password';

type Message = { readonly channel: string; readonly alerts: number; readonly resolved: boolean };
type Verdict = Message & { readonly problem?: string };

/** Starts Slack, PagerDuty, Amazon SNS, a text-message gateway, a webhook and a mail server on loopback. */
export async function startVendors(): Promise<Vendors> {
  const deliveries: Delivery[] = [];
  const rejections: Rejection[] = [];
  const decide = ({ problem, ...message }: Verdict, text: string): string | undefined => {
    if (problem) {
      rejections.push({ channel: message.channel, reason: problem });
    } else {
      deliveries.push({ ...message, text, bytes: Buffer.byteLength(text) });
    }
    return problem;
  };

  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const path = request.url ?? '';
      const problem = decide(verdictOf(path, text, request.headers), text);
      if (path === '/sns/') {
        const body = problem ? error(problem) : PUBLISHED;
        response.writeHead(problem ? 400 : 200, { 'content-type': 'text/xml' }).end(body);
        return;
      }
      // Slack answers 200 to a rejected message too, with the error in the body.
      const status = path === '/slack' || !problem ? (path === '/pagerduty' && 202) || 200 : 400;
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ok: !problem, error: problem, ts: '1', channel: 'C0' }));
    });
  });
  // Node closes idle connections after 5 s, and Alertmanager would log the notification that it has to send again.
  http.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

  const smtp = new SMTPServer({
    logger: false,
    size: LIMITS.mailBytes,
    onAuth: ({ username, password }, _session, done) =>
      password === SMTP_PASSWORD ? done(null, { user: username }) : done(new Error('wrong login')),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString();
        const longest = Math.max(...raw.split('\r\n').map((line) => Buffer.byteLength(line)));
        const problem = stream.sizeExceeded
          ? `552 message of ${raw.length} bytes`
          : longest > LIMITS.mailLine
            ? `500 line of ${longest} octets`
            : undefined;
        const text = decoded(raw);
        const subject = /^Subject: (.*)$/m.exec(raw)?.[1]?.trim() ?? '';
        const message = { alerts: countOf(subject), resolved: subject.includes('RESOLVED'), problem };
        for (const { address } of session.envelope.rcptTo) {
          decide({ channel: `email ${address}`, ...message }, text);
        }
        done(problem ? new Error(problem) : null);
      });
    },
  });
  // A member that ends closes its connections.
  smtp.on('error', () => {});
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));

  return {
    httpUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    smtpAddress: `127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
    deliveries,
    rejections,
    stop: async () => {
      await new Promise((resolve) => smtp.close(() => resolve(undefined)));
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const PUBLISHED =
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId>' +
  '</PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>';

const error = (problem: string) =>
  '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>' +
  `<Code>InvalidParameter</Code><Message>${problem}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;

function verdictOf(path: string, text: string, headers: IncomingHttpHeaders): Verdict {
  switch (path) {
    case '/slack':
      return slack(JSON.parse(text), headers);
    case '/pagerduty':
      return pagerDuty(JSON.parse(text), Buffer.byteLength(text));
    case '/sns/':
      return sns(new URLSearchParams(text));
    default:
      return payload(path.slice(1), JSON.parse(text), Buffer.byteLength(text));
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the body of Slack's method chat.postMessage
function slack(body: any, { authorization }: IncomingHttpHeaders): Verdict {
  const [{ title, text, fallback }] = body.attachments;
  const characters = [body.text ?? '', title, text, fallback].join('').length;
  // What Slack would read as a mention, as a link of somebody else, or as a broken entity.
  const markup =
    /<(?!https?:\/\/[^>|\s]+\|(?:Runbook|Dashboard|Consequences|Silence|all alerts)>)|&(?!amp;|lt;|gt;)/.exec(
      `${title}${text}`,
    );
  const problem = !authorization
    ? 'not_authed'
    : characters > LIMITS.slackCharacters
      ? `msg_too_long: ${characters} characters`
      : markup
        ? `markup from a label: ${`${title}${text}`.slice(markup.index, markup.index + 40)}`
        : undefined;
  return { channel: `slack ${body.channel}`, alerts: countOf(title), resolved: title.includes('RESOLVED'), problem };
}

// biome-ignore lint/suspicious/noExplicitAny: an event of PagerDuty
function pagerDuty({ payload: event, event_action, dedup_key }: any, bytes: number): Verdict {
  const { summary, severity, custom_details: details } = event;
  const problem =
    bytes > LIMITS.pagerDutyBytes
      ? `event of ${bytes} bytes`
      : [...summary].length > LIMITS.pagerDutySummary
        ? 'summary too long'
        : !['critical', 'error', 'warning', 'info'].includes(severity) || !dedup_key || dedup_key.length > 255
          ? 'invalid event'
          : details.error;
  return {
    channel: `pagerduty ${severity}`,
    alerts: Number(details.num_firing),
    resolved: event_action === 'resolve',
    problem,
  };
}

function sns(parameters: URLSearchParams): Verdict {
  const [message, subject] = [parameters.get('Message') ?? '', parameters.get('Subject') ?? ''];
  const problem =
    Buffer.byteLength(message) > LIMITS.snsBytes
      ? 'Message too long'
      : !/^[!-~][ -~]*$/.test(subject) || subject.length >= LIMITS.snsSubject
        ? `Subject ${subject}`
        : message.length > LIMITS.smsCharacters || !GSM.test(message)
          ? `more than one text message: ${message}`
          : undefined;
  return { channel: 'sns', alerts: countOf(message), resolved: message.includes('RESOLVED'), problem };
}

// biome-ignore lint/suspicious/noExplicitAny: the payload of Alertmanager's webhook
function payload(channel: string, { alerts, truncatedAlerts, status }: any, bytes: number): Verdict {
  const problem =
    bytes > LIMITS.bodyBytes
      ? `413 body of ${bytes} bytes`
      : channel === 'sms' && alerts.length > 1
        ? `${alerts.length} text messages`
        : undefined;
  return { channel, alerts: alerts.length + (truncatedAlerts ?? 0), resolved: status === 'resolved', problem };
}

/** The number in `[FIRING:20]` or `FIRING 20:`. */
function countOf(title: string): number {
  return Number(/FIRING[: ](\d+)/.exec(title)?.[1] ?? 0);
}

function decoded(mail: string): string {
  return mail
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
