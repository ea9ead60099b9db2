import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { LokiClient } from '../../../remediation/clients';

const RANGE = { from: new Date('2026-03-04T11:30:00Z'), to: new Date('2026-03-04T12:00:00Z'), limit: 3 };
const at = (time: string, extra = '000000') => `${Date.parse(time)}${extra}`;
const streams = (...result: unknown[]) => ({ status: 'success', data: { resultType: 'streams', result } });
const stream = (...values: unknown[]) => ({ stream: { app: 'shop' }, values });

/** Lets each server give an answer, and records what it was asked. */
function answering(answers: Readonly<Record<string, readonly [number, unknown]>>) {
  const asked: URL[] = [];
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, options) => {
    const parsed = new URL(String(url));
    asked.push(parsed);
    expect(options).toMatchObject({ redirect: 'error' });
    const [status, body] = answers[parsed.hostname]!;
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  });
  const urls = Object.keys(answers).map((host) => `http://${host}:3100`);
  return { client: new LokiClient({ queries: urls, rules: urls }), asked };
}

describe('Lines of Loki', () => {
  const linesOf = (...result: unknown[]) =>
    answering({ one: [200, streams(...result)] }).client.lines('{a="b"}', RANGE);

  it('are those of every stream, the newest, oldest first', async () => {
    const lines = await linesOf(
      stream([at('2026-03-04T11:59:00Z'), 'third'], [at('2026-03-04T11:31:00Z'), 'first']),
      stream([at('2026-03-04T11:59:00Z', '000001'), 'fourth'], [at('2026-03-04T11:58:00Z'), 'second', {}]),
    );
    expect(lines.map(({ text }) => text)).toEqual(['second', 'third', 'fourth']);
    expect(lines[0]!.time).toEqual(new Date('2026-03-04T11:58:00Z'));
  });

  it('are asked for with a range and a limit', async () => {
    const { client, asked } = answering({ one: [200, streams()] });
    expect(await client.lines('{a="b"} |= "x&y"', RANGE)).toEqual([]);
    expect(asked[0]!.pathname).toBe('/loki/api/v1/query_range');
    expect(Object.fromEntries(asked[0]!.searchParams)).toEqual({
      query: '{a="b"} |= "x&y"',
      start: '2026-03-04T11:30:00.000Z',
      end: '2026-03-04T12:00:00.000Z',
      limit: '3',
      direction: 'backward',
    });
  });

  it('come from the next replica when one does not answer', async () => {
    const { client } = answering({
      one: [503, 'starting'],
      two: [200, streams(stream([at('2026-03-04T11:59:00Z'), 'here']))],
    });
    expect(await client.lines('{a="b"}', RANGE)).toMatchObject([{ text: 'here' }]);
  });

  it.each<[string, number, unknown, RegExp]>([
    ['an error', 400, 'parse error at line 1', /it answered 400: parse error at line 1/],
    ['HTML', 200, '<html>', /malformed/],
    [
      'the result of a metric query',
      200,
      { status: 'success', data: { resultType: 'matrix', result: [] } },
      /malformed/,
    ],
    ['a time that is none', 200, streams(stream(['soon', 'x'])), /malformed/],
    ['a line that is none', 200, streams(stream([at('2026-03-04T11:59:00Z'), 5])), /malformed/],
    [
      'more than 4 MiB',
      200,
      streams(stream([at('2026-03-04T11:59:00Z'), 'x'.repeat(5e6)])),
      /larger than 4194304 bytes/,
    ],
  ])('are refused when every replica answers with %s', async (_what, status, body, message) => {
    const { client } = answering({ one: [status, body], two: [status, body] });
    await expect(client.lines('{a="b"}', RANGE)).rejects.toThrow(/^no Loki answered: http:\/\/one:3100: .*two:3100: /s);
    await expect(client.lines('{a="b"}', RANGE)).rejects.toThrow(message);
  });

  it('are counted after decompression', async () => {
    jest.restoreAllMocks();
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const server = createServer((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as { port: number };
      const urls = [`http://127.0.0.1:${port}`];
      await expect(new LokiClient({ queries: urls, rules: urls }).lines('{a="b"}', RANGE)).rejects.toThrow(
        'larger than 4194304 bytes',
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('Alerts of the ruler', () => {
  const alerts = (...list: unknown[]) => ({ status: 'success', data: { alerts: list } });
  const alert = (state: string, labels: object) => ({ state, labels, annotations: {}, value: '1e+00' });

  it('are those of the name that fire', async () => {
    const { client, asked } = answering({
      one: [
        200,
        alerts(
          alert('firing', { alertname: 'SqlInjection', source_ip: '203.0.113.7' }),
          alert('pending', { alertname: 'SqlInjection', source_ip: '203.0.113.8' }),
          alert('firing', { alertname: 'Other', source_ip: '203.0.113.9' }),
        ),
      ],
    });
    expect(await client.firing('SqlInjection')).toEqual([{ alertname: 'SqlInjection', source_ip: '203.0.113.7' }]);
    expect(asked[0]!.pathname).toBe('/prometheus/api/v1/alerts');
  });

  it('are unknown when the answer is none', async () => {
    await expect(answering({ one: [200, { status: 'success', data: {} }] }).client.firing('A')).rejects.toThrow(
      'no Loki answered: http://one:3100: the answer is malformed: data.alerts',
    );
  });
});
