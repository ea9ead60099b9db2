import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Log } from '../audit/log';
import type { ThreatsConfiguration } from './configuration';
import { FeedStore } from './store';

/** A server that listens on both ports. */
export interface ThreatsServer {
  stop(): Promise<void>;
}

/** Times in which a client must send the header and the whole of its request. */
const TIMEOUTS = { headersTimeout: 5_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 } as const;
const MOST_CONNECTIONS = 200;

/** Longest JSON of one range, with its quotes and comma: the largest body is that many for each entry. */
const RANGE_BYTES = 52;

/**
 * Answers look-ups on one port and takes feeds on another, so that a NetworkPolicy can tell the clients apart:
 *
 * - `GET /v1/addresses/<address>` → `Verdict`
 * - `PUT /v1/feeds/<name>`, a `KeptFeed` → 204
 */
export async function startThreatsServer(configuration: ThreatsConfiguration, log: Log): Promise<ThreatsServer> {
  const { ports, limits } = configuration;
  const store = new FeedStore({ ...configuration, log });
  const servers = await Promise.all([
    listen(ports.lookup, (request, response) => answerLookup(store, request, response)),
    listen(ports.feeds, (request, response) => {
      takeFeed(store, limits.entries * RANGE_BYTES + 1_000, request, response).catch((error: Error) => {
        log('warn', `a feed was refused: ${error.message}`, { path: request.url });
        answer(response, 400, { error: error.message });
      });
    }),
  ]);
  return {
    stop: async () => {
      await Promise.all(
        servers.map(
          (server) =>
            new Promise((resolve) => {
              server.close(resolve);
              server.closeAllConnections();
            }),
        ),
      );
    },
  };
}

function listen(port: number, handle: RequestListener): Promise<Server> {
  const server = createServer(TIMEOUTS, (request, response) =>
    request.url === '/healthz' ? answer(response, 200, {}) : handle(request, response),
  );
  server.maxConnections = MOST_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => resolve(server));
  });
}

function answerLookup(store: FeedStore, { method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const [, given] = /^\/v1\/addresses\/([0-9a-fA-F:.]{2,45})$/.exec(url) ?? [];
  if (method !== 'GET' || given === undefined || !isIP(given)) {
    answer(response, 404, { error: 'ask for GET /v1/addresses/<address>' });
    return;
  }
  answer(response, 200, store.verdict(given));
}

async function takeFeed(
  store: FeedStore,
  mostBytes: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, name] = /^\/v1\/feeds\/([-a-z0-9]{1,40})$/.exec(request.url ?? '') ?? [];
  if (request.method !== 'PUT' || name === undefined || !store.knows(name)) {
    answer(response, 404, { error: 'send PUT /v1/feeds/<name> with the name of a configured feed' });
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) {
      throw new Error(`it is larger than ${mostBytes} bytes`);
    }
    chunks.push(chunk);
  }
  store.replace(name, JSON.parse(Buffer.concat(chunks).toString('utf8')));
  response.writeHead(204).end();
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
