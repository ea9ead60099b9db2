import fc from 'fast-check';
import { PayloadError, parsePayload } from '../../remediation/intake/payload';

/** Strings as they come, and such as break things. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', '\ud800', '\udfff\ud800', '__proto__', 'constructor', '..', '$&', '{}', 'null'),
);
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'alertname', 'labels'));
/** JSON whose keys are own properties, `__proto__` too, as `JSON.parse()` makes them. */
const values = fc.jsonValue({ maxDepth: 4, noUnicodeString: false });

const labels = fc.dictionary(key, text).map((made) => ({ ...made, alertname: 'SampleAlert' }));

const alerts = fc.record(
  {
    status: fc.constantFrom('firing', 'resolved'),
    labels,
    annotations: fc.dictionary(key, text),
    startsAt: fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map(String),
    endsAt: text,
    generatorURL: text,
    fingerprint: fc.stringMatching(/^[0-9a-f]{16}$/),
    later: values,
  },
  { requiredKeys: ['status', 'labels', 'startsAt', 'fingerprint'] },
);

const notifications = fc.record(
  {
    version: fc.constant('4'),
    groupKey: text,
    receiver: text,
    alerts: fc.array(
      alerts.map((alert) => ({ ...alert, startsAt: new Date(alert.startsAt).toISOString() })),
      { maxLength: 5 },
    ),
    truncatedAlerts: fc.nat(),
    later: values,
  },
  { requiredKeys: ['version', 'groupKey', 'receiver', 'alerts'] },
);

/** What becomes of a body: its alerts, or the reason why there are none. Anything else that is thrown gets through. */
function outcomeOf(body: string) {
  try {
    return { payload: parsePayload(new TextEncoder().encode(body)) };
  } catch (error) {
    if (error instanceof PayloadError) {
      return { error };
    }
    throw error;
  }
}

describe('a notification', () => {
  test('that is any text is read, or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          values.map((value) => JSON.stringify(value)),
        ),
        (body) => {
          const { payload, error } = outcomeOf(body);
          expect(payload === undefined).toBe(error !== undefined);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('that is sound is read, whatever is in its strings', () => {
    fc.assert(
      fc.property(notifications, (notification) => {
        const { payload, error } = outcomeOf(JSON.stringify(notification));
        expect(error?.message).toBeUndefined();
        expect(payload?.alerts.map(({ fingerprint }) => fingerprint)).toEqual(
          notification.alerts.map(({ fingerprint }) => fingerprint),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('that was cut, or in which a character was changed, is read, or refused', () => {
    fc.assert(
      fc.property(notifications, fc.nat(), fc.nat(), fc.string(), (notification, at, length, instead) => {
        const whole = JSON.stringify(notification);
        const start = at % whole.length;
        outcomeOf(`${whole.slice(0, start)}${instead}${whole.slice(start + (length % 20))}`);
        expect(outcomeOf(whole.slice(0, start)).error).toBeInstanceOf(PayloadError);
      }),
      { numRuns: 1000 },
    );
  });

  test('in which a part has another type is read, or refused with the name of a field', () => {
    const paths = ['version', 'groupKey', 'receiver', 'truncatedAlerts', 'alerts'] as const;
    fc.assert(
      fc.property(notifications, fc.constantFrom(...paths), values, (notification, path, value) => {
        const { error } = outcomeOf(JSON.stringify({ ...notification, [path]: value }));
        expect(error?.message ?? path).toContain(path);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['__proto__', 'constructor', 'prototype'])('with a key %s at every level changes no prototype', (name) => {
    const evil = `{"${name}":{"polluted":"yes","remediation":"restart-workload"},"alertname":"SampleAlert"}`;
    const flat = `{"${name}":"polluted","alertname":"SampleAlert"}`;
    const body = (labelText: string) =>
      `{"version":"4","groupKey":"","receiver":"","${name}":{"polluted":"yes"},"alerts":[{"${name}":{"polluted":"yes"},` +
      `"status":"firing","labels":${labelText},"annotations":${flat},"startsAt":"2026-01-02T03:04:05Z","fingerprint":"00"}]}`;
    // A label whose value is an object is none; whose value is a text is one of a name that nothing asks for.
    outcomeOf(body(evil));
    const { payload } = outcomeOf(body(flat));
    const [alert] = payload?.alerts ?? [];
    expect(alert?.labels.remediation).toBeUndefined();
    expect(Object.getPrototypeOf(alert?.labels)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(alert)).toBe(Object.prototype);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  test('that is nested more deeply than a stack is refused', () => {
    const deep = 200_000;
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = `${open.repeat(deep)}0${close.repeat(deep)}`;
      expect(outcomeOf(nested).error).toBeInstanceOf(PayloadError);
      expect(outcomeOf(open.repeat(deep)).error).toBeInstanceOf(PayloadError);
      const within = `{"version":"4","groupKey":"","receiver":"","alerts":[],"later":${nested}}`;
      expect(outcomeOf(within).error?.message).toContain('within each other');
    }
  });

  const around = (later: string) => `{"version":"4","groupKey":"","receiver":"","alerts":[],"later":${later}}`;
  const alertWith = (change: object) =>
    JSON.stringify({
      ...{ version: '4', groupKey: '', receiver: '' },
      alerts: [
        {
          ...{ status: 'firing', labels: { alertname: 'A' }, startsAt: '2026-01-02T03:04:05Z', fingerprint: '00' },
          ...change,
        },
      ],
    });
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`label_${index}`, 'x']));

  test.each([
    ['16 levels', around(`${'['.repeat(15)}${']'.repeat(15)}`), undefined],
    ['17 levels', around(`${'['.repeat(16)}${']'.repeat(16)}`), 'more than 16 arrays or objects'],
    ['brackets in texts', around(JSON.stringify(`"${'[{,'.repeat(100_000)}\\`)), undefined],
    ['100000 entries', around(`[${'0,'.repeat(99_993)}0]`), undefined],
    ['100001 entries', around(`[${'0,'.repeat(99_994)}0]`), 'more than 100000 entries'],
    ['100000 objects', around(`[${'{},'.repeat(50_000)}{}]`), 'more than 100000 entries'],
    ['1000 annotations', alertWith({ annotations: many(1_000) }), undefined],
    ['1001 annotations', alertWith({ annotations: many(1_001) }), 'alerts.0.annotations'],
    ['1001 labels', alertWith({ labels: { alertname: 'A', ...many(1_000) } }), 'alerts.0.labels'],
    ['5001 alerts', around('0').replace('[]', `[${'0,'.repeat(5_000)}0]`), 'alerts'],
  ])('that has %s is read, or refused before it takes memory', (_what, body, reason) => {
    const { error } = outcomeOf(body);
    expect(error?.message).toEqual(reason && expect.stringContaining(reason));
  });

  test('is refused for its first wrong field, however many there are', () => {
    const { error } = outcomeOf(around('0').replace('[]', `[${'0,'.repeat(4_000)}0]`));
    expect(error?.message.match(/alerts\.\d+/g)).toEqual(['alerts.0']);
  });
});
