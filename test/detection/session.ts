import type { Labels } from '../../testing/logql/lines';
import type { SENDERS } from '../../testing/logql/rule-tests';

/** A line of a session, and which of the senders writes it. */
export interface SessionLine {
  readonly from: keyof typeof SENDERS;
  readonly text: string;
  /** Times that the line is written. @default 1 */
  readonly times?: number;
}

/** Addresses and accounts of one session. No other session has them. */
export interface Actor {
  /** An address. @param n @default 0 */
  readonly ip: (n?: number) => string;
  /** An account. @param n @default 0 */
  readonly account: (n?: number) => string;
}

/** What one visitor does, or one attacker. */
export interface Session {
  /** What it is, e.g. `SQL injection`. */
  readonly kind: string;
  /** How this one differs from others of the kind. */
  readonly name: string;
  readonly lines: (actor: Actor) => readonly SessionLine[];
  /** An alert that names no address and no account: its name, and labels that it must have. @default - none */
  readonly found?: { readonly alert: string; readonly labels: Labels };
}

/** The addresses and accounts of the session with a number. Every fifth session comes by IPv6. */
export function actorOf(number: number): Actor {
  return {
    ip: (n = 0) =>
      number % 5 === 4 ? `2001:db8:${number.toString(16)}::${(n + 1).toString(16)}` : `198.18.${number}.${n + 1}`,
    account: (n = 0) => `account-${number}-${n}`,
  };
}

/** Most addresses and accounts that a session uses. */
export const MOST_ACTORS = 200;

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';

/** A request, as nginx logs it. nginx writes a quote, a backslash and what is not ASCII as \xNN. */
export function request(
  ip: string,
  uri: string,
  { status = 200, method = 'GET', agent = FIREFOX, bytes = 1234 } = {},
): SessionLine {
  const escaped = (text: string) =>
    [...Buffer.from(text, 'utf8')]
      .map((byte) =>
        byte === 0x22 || byte === 0x5c || byte < 0x20 || byte > 0x7e
          ? `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
          : String.fromCharCode(byte),
      )
      .join('');
  const line = `${ip} - - [01/Dec/2026:02:00:00 +0000] "${method} ${escaped(uri)} HTTP/1.1" ${status} ${bytes} "-" "${escaped(agent)}" 0.003`;
  return { from: 'access', text: line };
}

/** An event of the security log. */
export function securityEvent(event_type: string, fields: { readonly [field: string]: unknown }): SessionLine {
  return {
    from: 'security',
    text: JSON.stringify({
      timestamp: '2026-12-01T02:00:00Z',
      log_type: 'security',
      level: 'info',
      event_type,
      ...fields,
    }),
  };
}

/** A login. */
export function login(source_ip: string, user_id: string, result: 'success' | 'failure'): SessionLine {
  return securityEvent(`auth_${result}`, {
    user_id,
    source_ip,
    user_agent: FIREFOX,
    action: 'login',
    resource: '/api/auth/login',
    result,
  });
}

/** As many lines as `count`, made from their numbers. */
export function many(count: number, line: (n: number) => SessionLine): readonly SessionLine[] {
  return Array.from({ length: count }, (_, n) => line(n));
}
