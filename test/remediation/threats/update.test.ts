import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ThreatsClient } from '../../../remediation/clients';
import type { Feed, ThreatsConfiguration } from '../../../remediation/threats/configuration';
import { download } from '../../../remediation/threats/download';
import { startThreatsServer, type ThreatsServer } from '../../../remediation/threats/server';
import { updateFeeds } from '../../../remediation/threats/update';
import { freePorts } from '../../../testing/server';

const LOOPBACK = ['127.0.0.0/8'];
const LIMITS = { bytes: 1_000_000, entries: 5_000, seconds: 2 };

/** A server of feeds, which answers as each test says. */
let answer: RequestListener;
let feeds: Server;
let port: number;
beforeAll(async () => {
  feeds = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => feeds.listen(0, '127.0.0.1', resolve));
  port = (feeds.address() as AddressInfo).port;
});
afterAll(() => {
  feeds.closeAllConnections();
  feeds.close();
});

const text =
  (body: string | Buffer, headers = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(200, headers).end(body);
const source = (cidrs: readonly string[] | null = LOOPBACK, host = '127.0.0.1') => ({
  url: `http://${host}:${port}/feed.txt`,
  cidrs: cidrs ? [...cidrs] : undefined,
});

describe('A download', () => {
  it('is the text of the feed', async () => {
    answer = text('198.51.100.7\n');
    expect(await download(source(), LIMITS)).toBe('198.51.100.7\n');
  });

  it('asks for no compression', async () => {
    answer = (request, response) => response.end(request.headers['accept-encoding']);
    expect(await download(source(), LIMITS)).toBe('identity');
  });

  it.each<[string, RequestListener, string]>([
    ['an error', (_, response) => response.writeHead(404).end('198.51.100.7'), 'it answered 404'],
    [
      'a redirect to the metadata service',
      (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
      'it answered 302, to "http://169.254.169.254/latest/meta-data/"',
    ],
    ['a part', (_, response) => response.writeHead(206).end('198.51'), 'it answered 206'],
    [
      'a bomb of gzip',
      text(gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }),
      'it is compressed: gzip',
    ],
    ['more than the limit', text(Buffer.alloc(2_000_000, '1')), 'it is larger than 1000000 bytes'],
    [
      'an endless body',
      (_, response) => {
        const more = () => response.write(Buffer.alloc(100_000, '1')) || true;
        const timer = setInterval(more, 1);
        response.once('close', () => clearInterval(timer));
      },
      'it is larger than 1000000 bytes',
    ],
    [
      'one byte after the other',
      (_, response) => {
        const timer = setInterval(() => response.write('1'), 100);
        response.once('close', () => clearInterval(timer));
      },
      'it was not there within 2 seconds',
    ],
    ['nothing', () => {}, 'it was not there within 2 seconds'],
    [
      'a connection that breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('198.51.100.7\n');
        setTimeout(() => response.destroy(), 50);
      },
      'aborted',
    ],
  ])('of %s is refused', async (_what, listener, message) => {
    answer = listener;
    await expect(download(source(), LIMITS)).rejects.toThrow(message);
  });

  it.each<[string, string, readonly string[] | null, string | RegExp]>([
    ['an address of the cluster', '127.0.0.1', null, '127.0.0.1 is not on the Internet'],
    ['a name of one', 'localhost', null, /localhost leads to (127\.0\.0\.1|::1), which is not on the Internet/],
    ['an address outside cidrs', '127.0.0.1', ['10.0.0.0/8'], '127.0.0.1 is not on the Internet'],
    ['the metadata service', '169.254.169.254', null, '169.254.169.254 is not on the Internet'],
  ])('from %s is refused before a byte is sent', async (_what, host, cidrs, message) => {
    let asked = false;
    answer = (_, response) => {
      asked = true;
      response.end('198.51.100.7');
    };
    await expect(download(source(cidrs, host), LIMITS)).rejects.toThrow(message);
    expect(asked).toBe(false);
  });
});

describe('Threat intelligence', () => {
  let directory: string;
  let server: ThreatsServer;
  let configuration: ThreatsConfiguration;
  const logged: { readonly level: string; readonly message: string }[] = [];
  const log = (level: string, message: string) => void logged.push({ level, message });
  const feed = (name: string, fields: Partial<Feed> = {}): Feed => ({
    ...{ name, format: 'list', level: 'medium', url: `http://127.0.0.1:${port}/${name}`, cidrs: LOOPBACK },
    ...fields,
  });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'threats-'));
    logged.length = 0;
    const [lookup, sent] = (await freePorts(2)) as [number, number];
    configuration = {
      feeds: [feed('botnet', { level: 'high' }), feed('scanners', { level: 'low' })],
      limits: LIMITS,
      directory,
      ports: { lookup, feeds: sent },
      server: `http://127.0.0.1:${sent}`,
    };
    server = await startThreatsServer(configuration, log);
  });
  afterEach(async () => {
    await server.stop();
    rmSync(directory, { recursive: true });
  });

  const url = () => `http://127.0.0.1:${configuration.ports.lookup}`;
  const verdict = (address: string) => new ThreatsClient(url()).verdict(address);
  const levels = async (...addresses: readonly string[]) =>
    (await Promise.all(addresses.map(verdict))).map(({ level }) => level);
  /** Serves a text for each feed. */
  const serve = (texts: Readonly<Record<string, string>>): void => {
    answer = (request, response) => {
      const found = texts[request.url!.slice(1)];
      response.writeHead(found === undefined ? 500 : 200).end(found);
    };
  };
  const GOOD = { botnet: '198.51.100.0/24\n', scanners: '198.51.100.7\n203.0.113.9\n' };

  it('knows nothing before the first feed', async () => {
    expect(await verdict('198.51.100.7')).toEqual({ level: 'unknown', feeds: [] });
  });

  it('gives an address the highest level of its feeds, and names them', async () => {
    serve(GOOD);
    expect(await updateFeeds(configuration, log)).toBe(0);
    expect(await verdict('198.51.100.7')).toMatchObject({
      level: 'high',
      feeds: [{ name: 'botnet' }, { name: 'scanners' }],
    });
    expect(await levels('203.0.113.9', '203.0.113.10', '2001:db8::1')).toEqual(['low', 'none', 'none']);
  });

  it.each<[string, string | undefined]>([
    ['is gone', undefined],
    ['is an error page', '<html>\n<body>try again</body>'],
    ['is empty', ''],
    ['names everybody', '0.0.0.0/0\n10.0.0.0/8\n'],
    ['is too large', '203.0.113.1\n'.repeat(6000)],
  ])('keeps the last good feed when it %s, and takes the other one', async (_what, broken) => {
    serve(GOOD);
    await updateFeeds(configuration, log);
    serve({ ...(broken === undefined ? {} : { botnet: broken }), scanners: '192.0.2.1\n' });
    expect(await updateFeeds(configuration, log)).toBe(1);
    const errors = logged.filter(({ level }) => level === 'error').map(({ message }) => message);
    expect(errors).toEqual([expect.stringMatching(/^the last good feed stays: /)]);
    expect(await levels('198.51.100.7', '203.0.113.9', '192.0.2.1', '10.1.2.3')).toEqual([
      'high',
      'none',
      'low',
      'none',
    ]);
  });

  it('has the last good feeds after a restart', async () => {
    serve(GOOD);
    await updateFeeds(configuration, log);
    await server.stop();
    server = await startThreatsServer(configuration, log);
    expect(await levels('198.51.100.7', '203.0.113.9')).toEqual(['high', 'low']);
  });

  it('starts without a file that is damaged', async () => {
    serve(GOOD);
    await updateFeeds(configuration, log);
    await server.stop();
    const path = join(directory, 'botnet.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40));
    server = await startThreatsServer(configuration, log);
    expect(await levels('198.51.100.9', '198.51.100.7')).toEqual(['none', 'low']);
    expect(logged.some(({ message }) => message.startsWith('the kept feed is not used: '))).toBe(true);
  });

  const send = (path: string, body: string, base = configuration.server) =>
    fetch(`${base}${path}`, { method: 'PUT', body }).then(({ status }) => status);
  const kept = (...ranges: string[]) => JSON.stringify({ fetched: new Date().toISOString(), ranges });

  it.each<[string, string, string, number]>([
    ['a feed that is not configured', '/v1/feeds/other', kept('198.51.100.7/32'), 404],
    ['a path that leaves the directory', '/v1/feeds/..%2fbotnet', kept('198.51.100.7/32'), 404],
    ['a range that no feed may name', '/v1/feeds/botnet', kept('0.0.0.0/0'), 400],
    ['a private range', '/v1/feeds/botnet', kept('10.0.0.0/8'), 400],
    ['a range that is not in its canonical form', '/v1/feeds/botnet', kept('198.51.100.7/24'), 400],
    ['no range', '/v1/feeds/botnet', kept(), 400],
    ['no JSON', '/v1/feeds/botnet', '198.51.100.7', 400],
    ['another time', '/v1/feeds/botnet', '{"fetched":"now","ranges":["198.51.100.7/32"]}', 400],
    ['more than it holds', '/v1/feeds/botnet', kept(...Array(5001).fill('198.51.100.7/32')), 400],
    ['a huge body', '/v1/feeds/botnet', ' '.repeat(400_000), 400],
  ])('refuses %s', async (_what, path, body, status) => {
    expect(await send('/v1/feeds/botnet', kept('192.0.2.5/32'))).toBe(204);
    expect(await send(path, body)).toBe(status);
    expect(await levels('192.0.2.5', '198.51.100.7')).toEqual(['high', 'none']);
  });

  it('takes feeds on their own port only, and answers look-ups on the other', async () => {
    expect(await send('/v1/feeds/botnet', kept('192.0.2.5/32'), url())).toBe(404);
    expect((await fetch(`${configuration.server}/v1/addresses/192.0.2.5`)).status).toBe(404);
  });

  it.each(['/v1/addresses/', '/v1/addresses/999.1.1.1', '/v1/addresses/example.com', '/v1/addresses/::1%25eth0', '/'])(
    'has no answer to %s',
    async (path) => {
      expect((await fetch(`${url()}${path}`)).status).toBe(404);
    },
  );
});
