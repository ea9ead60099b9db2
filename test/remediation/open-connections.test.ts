import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { OpenConnections } from '../../remediation/open-connections';
import { waitFor } from '../../testing/server';

const clients = new Set<Socket>();
let server: ReturnType<typeof createServer>;
let answers: ServerResponse[];

beforeEach(async () => {
  answers = [];
  server = createServer((_request, response) => void answers.push(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const client of clients) {
    client.destroy();
  }
  server.close();
});

/** Connects, and sends a text. */
async function connected(open: OpenConnections, text = ''): Promise<Socket> {
  const before = open.size;
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  clients.add(client);
  client.write(text);
  await waitFor('a connection', async () => client.destroyed || open.size > before || text === '' || before > 1);
  return client.resume();
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const HALF = 'GET / HTTP/1.1\r\nX-Half: ';
const closed = (client: Socket) => waitFor('the end of a connection', async () => client.destroyed);

test('the connection that has been idle longest makes room for a new one', async () => {
  const open = new OpenConnections(server, 2);
  const first = await connected(open, HALF);
  const second = await connected(open, HALF);
  const third = await connected(open, REQUEST);
  await closed(first);
  await waitFor('the request', async () => answers.length === 1);
  expect([second.destroyed, third.destroyed, open.size]).toEqual([false, false, 2]);
});

test('a running request is not cut off', async () => {
  const open = new OpenConnections(server, 2);
  const working = await connected(open, REQUEST);
  await waitFor('the request', async () => answers.length === 1);
  const idle = await connected(open, HALF);
  await connected(open, HALF);
  await closed(idle);
  expect(working.destroyed).toBe(false);
  answers[0]!.end('done');
  await waitFor('the response', async () => working.bytesRead > 0);
});

test('at the end, idle and half-open connections are closed at once, and those with a request later', async () => {
  const open = new OpenConnections(server, 10);
  const working = await connected(open, REQUEST);
  const half = await connected(open, HALF);
  await waitFor('the request', async () => answers.length === 1);
  open.closeIdle();
  await closed(half);
  expect(working.destroyed).toBe(false);
  open.closeAll();
  await closed(working);
  await waitFor('no connection', async () => open.size === 0);
});
