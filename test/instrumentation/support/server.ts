import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Middleware } from '../../../instrumentation';

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A server of node:http with middleware, as Express calls it. */
export interface TestServer {
  send(path: string, options?: { method?: string; headers?: Record<string, string>; body?: string }): Promise<Answer>;
  close(): void;
}

/** @param answer @default - 200 without a body */
export async function serve(
  middleware: readonly Middleware[],
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end('ok'),
): Promise<TestServer> {
  const server = createServer((incoming, response) => {
    const next = (index: number) => {
      const handle = middleware[index];
      if (handle) {
        handle(incoming, response, () => next(index + 1));
      } else {
        answer(incoming, response);
      }
    };
    next(0);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    // fetch() would normalize the path.
    send: (path, { method = 'GET', headers = {}, body } = {}) =>
      new Promise((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => server.close(),
  };
}
