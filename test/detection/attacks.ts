import { PROBES } from './probes';
import { login, many, request, type Session, securityEvent } from './session';

const probes: readonly Session[] = Object.entries(PROBES).flatMap(([kind, sessions]) =>
  Object.entries(sessions).map(([name, uris]) => ({
    kind,
    name,
    lines: ({ ip }) => [request(ip(), '/'), ...uris.map((uri, n) => request(ip(), uri, { status: n % 2 ? 403 : 200 }))],
  })),
);

const SCANNED = [
  '/.env',
  '/.git/HEAD',
  '/wp-login.php',
  '/phpmyadmin/index.php',
  '/xmlrpc.php',
  '/actuator/env',
  '/server-status',
];

const scans: readonly Session[] = [
  ...[
    'sqlmap/1.9.4#stable (https://sqlmap.org)',
    'Mozilla/5.00 (Nikto/2.5.0) (Evasions:None)',
    'Nuclei - Open-source project',
    'gobuster/3.6',
  ].map(
    (agent) =>
      ({
        kind: 'scanner',
        name: agent.split(/[ /]/)[0] === 'Mozilla' ? 'Nikto' : agent.split(/[ /]/)[0]!,
        lines: ({ ip }) => many(5, (n) => request(ip(), `/page-${n}`, { agent, status: 404 })),
      }) satisfies Session,
  ),
  {
    kind: 'scanner',
    name: 'files of other software',
    lines: ({ ip }) => SCANNED.map((uri) => request(ip(), uri, { status: 404 })),
  },
  {
    kind: 'scanner',
    name: 'a list of words',
    lines: ({ ip }) => many(40, (n) => request(ip(), `/${'abcdefghij'[n % 10]}${n}/`, { status: 404 })),
  },
  {
    kind: 'scanner',
    name: 'backups',
    lines: ({ ip }) =>
      ['/backup.zip', '/old/dump.sql', '/config.php.bak', '/site/.git/config'].map((uri) =>
        request(ip(), uri, { status: 404 }),
      ),
  },
  { kind: 'rate abuse', name: 'a copy of the site', lines: ({ ip }) => many(420, (n) => request(ip(), `/docs/${n}`)) },
  {
    kind: 'rate abuse',
    name: 'one page without end',
    lines: ({ ip }) => many(300, () => request(ip(), '/api/schema/hero', { status: 429 })),
  },
];

const logins: readonly Session[] = [
  {
    kind: 'password guessing',
    name: 'one account, fast',
    lines: ({ ip, account }) => many(30, () => login(ip(), account(), 'failure')),
  },
  {
    kind: 'password guessing',
    name: 'one account, just at the limit',
    lines: ({ ip, account }) => many(5, () => login(ip(), account(), 'failure')),
  },
  {
    kind: 'password guessing',
    name: 'between logins of an account of its own',
    lines: ({ ip, account }) =>
      many(16, (n) => (n % 2 ? login(ip(), account(1), 'success') : login(ip(), account(), 'failure'))),
  },
  {
    kind: 'password guessing',
    name: 'behind the address of an office',
    lines: ({ ip, account }) => [
      ...many(6, (n) => login(ip(), account(n + 1), 'success')),
      ...many(14, () => login(ip(), account(), 'failure')),
    ],
  },
  {
    kind: 'credential stuffing',
    name: 'forty accounts once',
    lines: ({ ip, account }) => many(40, (n) => login(ip(), account(n), 'failure')),
  },
  {
    kind: 'credential stuffing',
    name: 'ten accounts twice',
    lines: ({ ip, account }) => many(20, (n) => login(ip(), account(n % 10), 'failure')),
  },
  {
    kind: 'credential stuffing',
    name: 'with two that work',
    lines: ({ ip, account }) => [
      ...many(20, (n) => login(ip(), account(n), 'failure')),
      login(ip(), account(50), 'success'),
      login(ip(), account(51), 'success'),
    ],
  },
  {
    kind: 'guessing from many addresses',
    name: 'one account',
    lines: ({ ip, account }) => many(12, (n) => login(ip(n), account(), 'failure')),
  },
  {
    kind: 'guessing from many addresses',
    name: 'one account, thrice from each',
    lines: ({ ip, account }) => many(18, (n) => login(ip(n % 6), account(), 'failure')),
  },
  {
    kind: 'guessing from many addresses',
    name: 'many accounts, once from each',
    lines: ({ ip, account }) => many(MANY, (n) => login(ip(n), account(n), 'failure')),
    found: { alert: 'DistributedLoginGuessing', labels: {} },
  },
  {
    kind: 'account takeover',
    name: 'a login after guessing',
    lines: ({ ip, account }) => [
      ...many(9, () => login(ip(), account(), 'failure')),
      login(ip(), account(), 'success'),
    ],
  },
  {
    kind: 'account takeover',
    name: 'a login during stuffing',
    lines: ({ ip, account }) => [
      ...many(9, (n) => login(ip(), account(n), 'failure')),
      login(ip(), account(30), 'success'),
    ],
  },
];

/** More than log in, in the other sessions. */
const MANY = 180;

const inside: readonly Session[] = [
  ...['sql_injection', 'xss_attempt', 'unauthorized_access', 'suspicious_api_usage'].map(
    (event) =>
      ({
        kind: 'attacks in bodies',
        name: event,
        lines: ({ ip, account }) =>
          many(4, () =>
            securityEvent(event, { source_ip: ip(), user_id: account(), action: 'save', result: 'blocked' }),
          ),
      }) satisfies Session,
  ),
  {
    kind: 'malicious upload',
    name: 'one file',
    lines: ({ ip, account }) => [
      securityEvent('malicious_file_upload', {
        source_ip: ip(),
        user_id: account(),
        action: 'upload',
        resource: 'logo.php.png',
        result: 'blocked',
      }),
    ],
  },
  {
    kind: 'malicious upload',
    name: 'several files',
    lines: ({ ip, account }) =>
      many(5, (n) =>
        securityEvent('malicious_file_upload', {
          source_ip: ip(),
          user_id: account(),
          action: 'upload',
          resource: `x${n}.svg`,
          result: 'blocked',
        }),
      ),
  },
  {
    kind: 'export',
    name: 'a large file',
    lines: ({ ip }) => [request(ip(), '/api/export/all.zip', { bytes: 900_000_000 })],
  },
  {
    kind: 'export',
    name: 'many files',
    lines: ({ ip }) => many(12, (n) => request(ip(), `/api/export?page=${n}`, { bytes: 60_000_000 })),
  },
  {
    kind: 'export',
    name: 'rows',
    lines: ({ account }) =>
      many(3, () => ({
        from: 'business',
        text: JSON.stringify({ log_type: 'business', event_name: 'content_export', user_id: account(), value: 40_000 }),
      })),
  },
  {
    kind: 'privileges',
    name: 'a role for oneself',
    lines: ({ ip, account }) => [
      securityEvent('admin_action', {
        source_ip: ip(),
        user_id: account(),
        action: 'role.grant',
        resource: 'user/self',
        result: 'success',
      }),
    ],
  },
  {
    kind: 'privileges',
    name: 'another administrator',
    lines: ({ ip, account }) => [
      securityEvent('admin_action', {
        source_ip: ip(),
        user_id: account(),
        action: 'user.promote_admin',
        resource: 'user/x',
        result: 'success',
      }),
    ],
  },
  {
    kind: 'audit',
    name: 'the log of the database',
    lines: () => [
      {
        from: 'postgres',
        text: "2026-12-01 02:00:00.000 UTC [71] LOG:  statement: ALTER SYSTEM SET log_statement = 'none'",
      },
    ],
    found: { alert: 'AuditDisabled', labels: { app: 'postgres' } },
  },
  {
    kind: 'audit',
    name: 'the log of the application',
    lines: ({ ip, account }) => [
      securityEvent('admin_action', {
        source_ip: ip(),
        user_id: account(),
        action: 'disable_audit_log',
        result: 'success',
      }),
    ],
    found: { alert: 'AuditDisabled', labels: { app: 'sightedit' } },
  },
];

/** Sessions of attackers. */
export const ATTACKS: readonly Session[] = [...probes, ...scans, ...logins, ...inside];
