import { ErrorTracking } from '../../instrumentation/errors/error-tracking';
import { identifier } from '../../instrumentation/log/identities';

const DSN = 'https://not-a-real-key@sentry.example.com/1';

/** Records what reaches Sentry. */
function sentry() {
  const calls: unknown[][] = [];
  const record =
    (name: string, result: unknown = undefined) =>
    (...values: unknown[]) => {
      calls.push([name, ...values]);
      return result;
    };
  return {
    calls,
    init: record('init'),
    captureException: record('captureException', 'event-1') as () => string,
    captureMessage: record('captureMessage', 'event-2') as () => string,
    captureFeedback: record('captureFeedback', 'event-3') as () => string,
    addBreadcrumb: record('addBreadcrumb') as () => void,
    setUser: record('setUser') as () => void,
    setTag: record('setTag') as () => void,
    setExtra: record('setExtra') as () => void,
    flush: record('flush', Promise.resolve(true)) as () => Promise<boolean>,
    close: record('close', Promise.resolve(true)) as () => Promise<boolean>,
  };
}

function tracking(load?: () => ReturnType<typeof sentry> | undefined) {
  const told: string[] = [];
  return { told, errors: new ErrorTracking(identifier('hashed', 'k'), (message) => told.push(message), load) };
}

test('Without a DSN nothing is loaded, and every call does nothing', async () => {
  const { errors } = tracking(() => {
    throw new Error('loaded');
  });
  expect(errors.init({})).toBe(false);
  expect(errors.captureException(new Error('x'))).toBeUndefined();
  expect(errors.captureMessage('x', 'warning')).toBeUndefined();
  errors.addBreadcrumb({ message: 'x' });
  errors.setUser({ id: 'ada' });
  errors.setTag('a', 'b');
  errors.setExtra('a', 1);
  expect(await errors.flush(10)).toBe(true);
  expect(await errors.close(10)).toBe(true);
});

test('With a DSN but without the package, that is said, and tracking is off', () => {
  const { errors, told } = tracking();
  expect(errors.init({ dsn: DSN })).toBe(false);
  expect(told).toEqual([
    'Errors are not sent to Sentry: the package @sentry/node is missing. Run "npm install @sentry/node".',
  ]);
});

test('Errors arrive with context, without secrets, and with hashed users', async () => {
  const client = sentry();
  const { errors } = tracking(() => client);
  const settings = { environment: 'test', release: 'v1', tracesSampleRate: 0.1, tags: { tier: 'backend' } };
  expect(errors.init({ dsn: DSN, ...settings, user: { id: 'ada' } })).toBe(true);
  const id = errors.captureException(new Error('x'), {
    tags: { a: 'b' },
    extra: { password: 'p' },
    user: { id: 'ada' },
  });
  expect(errors.captureMessage('mail ada@example.com')).toBe('event-2');
  expect(errors.captureFeedback({ message: 'it broke', associatedEventId: id })).toBe('event-3');
  errors.addBreadcrumb({ message: 'opened', data: { token: 't' } });
  errors.setUser(null);
  expect(await errors.flush()).toBe(true);
  const [[, options], [, , hint], ...rest] = client.calls as [
    [string, Record<string, unknown>],
    [string, Error, object],
  ];
  const { tags, ...passed } = settings;
  expect(options).toMatchObject({ dsn: DSN, ...passed, sendDefaultPii: false });
  const user = { id: expect.stringMatching(/^[0-9a-f]{16}$/) };
  expect(options.initialScope).toEqual({ tags, user });
  expect(id).toBe('event-1');
  expect(hint).toEqual({ tags: { a: 'b' }, extra: { password: '[redacted]' }, level: undefined, user });
  expect(rest).toEqual([
    ['captureMessage', 'mail [e-mail]', 'info'],
    ['captureFeedback', { message: 'it broke', associatedEventId: 'event-1' }],
    ['addBreadcrumb', { message: 'opened', data: { token: '[redacted]' } }],
    ['setUser', null],
    ['flush', 2_000],
  ]);
});

test('Requests lose their body, headers and query before they are sent', () => {
  const client = sentry();
  tracking(() => client).errors.init({ dsn: DSN });
  const { beforeSend } = client.calls[0]![1] as { beforeSend(event: object): object };
  const request = { url: 'https://a.example/b?token=x', method: 'POST', data: 'secret', cookies: {}, headers: {} };
  const exception = { values: [{ value: 'no user ada@example.com' }] };
  expect(beforeSend({ request, exception })).toEqual({
    request: { url: 'https://a.example/b', method: 'POST' },
    exception: { values: [{ value: 'no user [e-mail]' }] },
  });
});
