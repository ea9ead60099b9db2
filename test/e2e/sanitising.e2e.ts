import { waitFor } from '../../testing/server';
import { LOOK_ALIKES, leaks, SECRETS } from '../sanitising/corpus';
import { attributes, startMasking } from '../sanitising/otlp';
import { type StoredScore, storedScore } from '../sanitising/stored';
import { describeLoki, LOKI, reportSkipped } from './support/loki';

let score: StoredScore;

beforeAll(async () => {
  if (LOKI) {
    score = await storedScore();
  }
});
afterAll(reportSkipped);

describeLoki('the corpus of secrets, through the agent into Loki', (check) => {
  check('leaves no secret in a line, a label or structured metadata', async () => {
    expect(score.secrets).toBeGreaterThanOrEqual(200);
    expect(score.leaking).toEqual([]);
  });

  check('keeps 99 of 100 look-alikes', async () => {
    expect(score.lookAlikes).toBeGreaterThanOrEqual(200);
    expect(score.changed.length).toBeLessThanOrEqual(score.lookAlikes / 100);
  });

  check('is counted by kind', async () => {
    const kinds = [
      'api_key',
      'authorization',
      'card',
      'cookie',
      'email',
      'iban',
      'password',
      'phone',
      'private_key',
      'token',
    ];
    expect([...score.counted.keys()].sort()).toEqual(kinds);
  });

  check('makes no statement of the agent fail', async () => {
    expect(score.complaints).toEqual([]);
  });
});

const RECORD = (logRecords: readonly object[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });

describe('records that applications send', () => {
  test('lose every secret of the corpus, in the body and in attributes', async () => {
    const collector = await startMasking('records');
    const texts = [...SECRETS.map(({ text }) => text), ...LOOK_ALIKES];
    const written = await collector.send(
      RECORD(texts.map((text) => ({ body: { stringValue: text }, attributes: attributes({ note: text }) }))),
    );
    const [{ logRecords }] = JSON.parse(written).resourceLogs[0].scopeLogs;
    const leaking = SECRETS.filter((each, index) => leaks(each, JSON.stringify(logRecords[index])).length > 0);
    expect(leaking.map(({ title }, index) => `${title}: ${JSON.stringify(logRecords[index])}`)).toEqual([]);
    const changed = LOOK_ALIKES.filter((text, index) => logRecords[SECRETS.length + index].body.stringValue !== text);
    expect(changed.length).toBeLessThanOrEqual(LOOK_ALIKES.length / 100);
    await collector.server.stop();
  });

  test('lose attributes whose name is that of a secret; maps are searched too', async () => {
    const collector = await startMasking('records');
    const body = { kvlistValue: { values: attributes({ user: 'u-7', password: 'hunter2' }) } };
    const nested = { key: 'http', value: { kvlistValue: { values: attributes({ api_key: 'ak-1234', path: '/a' }) } } };
    const written = await collector.send(
      RECORD([{ body, attributes: [...attributes({ token: 'abc', n: 7 }), nested] }]),
    );
    expect(written).not.toMatch(/hunter2|"abc"|ak-1234/);
    expect(written).toContain('/a');
    expect(written).toContain('password,token,api_key');
    await waitFor('the counter', async () => (await collector.counts()).includes('kind="api_key"'));
    expect(await collector.counts()).not.toMatch(/hunter2|ak-1234/);
    expect(collector.server.log()).not.toMatch(/"level":"(?:warn|error)"/);
    await collector.server.stop();
  });

  test('have hashes of addresses with a key', async () => {
    const options = { hashAddressesWithKey: 'LOG_HASH_KEY' };
    const collector = await startMasking('records', options, { LOG_HASH_KEY: 'notarealkey' });
    const of = async (text: string) => {
      const written = await collector.send(RECORD([{ body: { stringValue: text } }]));
      return JSON.parse(written).resourceLogs[0].scopeLogs[0].logRecords[0].body.stringValue as string;
    };
    const first = await of('from 192.0.2.1 192.0.2.2');
    expect(first).toMatch(/^from \[ip:[0-9a-f]{16}\] \[ip:[0-9a-f]{16}\]$/);
    expect(await of('from 192.0.2.1 192.0.2.2')).toBe(first);
    expect(await of('version 1.2.3 at 10:00:00')).toBe('version 1.2.3 at 10:00:00');
    await collector.server.stop();
  });
});

test('spans lose secrets in their name, status message, attributes and events', async () => {
  const collector = await startMasking('spans');
  const span = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    name: 'GET /login?password=hunter2',
    startTimeUnixNano: '1796058818000000000',
    endTimeUnixNano: '1796058818000000001',
    status: { code: 2, message: 'no user jane.doe@example.org' },
    attributes: attributes({ 'db.password': 'hunter3', 'http.url': 'https://a.example/?token=abcdef99', size: 7 }),
    events: [
      { name: 'exception', attributes: attributes({ 'exception.message': 'card 4111 1111 1111 1111 refused' }) },
    ],
  };
  const written = await collector.send({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  expect(written).not.toMatch(/hunter[23]|jane\.doe|abcdef99|4111 1111/);
  expect(written).toContain('GET /login?password=[masked:password]');
  expect(written).toContain('card [masked:card] refused');
  expect(written).toContain('0af7651916cd43dd8448eb211c80319c');
  expect(collector.server.log()).not.toMatch(/"level":"(?:warn|error)"/);
  await collector.server.stop();
});
