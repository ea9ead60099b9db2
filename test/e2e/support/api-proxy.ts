import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryDirectory } from '../../../testing/cleanup';
import type { Kubernetes } from '../../../testing/kubernetes';

/** Which request to hold, before it reaches the API server or before its response reaches the client. */
export interface Hold {
  readonly method: string;
  readonly path: RegExp;
  readonly when: 'before' | 'after';
  /** Matching requests to pass first. @default 0 */
  readonly skip?: number;
}

/** A proxy of the API server that can hold a request, so that a test can kill the client at that point. */
export interface ApiProxy {
  readonly connection: { readonly url: string; readonly caFile: string };
  /** Holds the next matching request forever. Resolves once it is held. */
  hold(hold: Hold): Promise<void>;
  /** Holds every matching request before it reaches the API server, until its client leaves. */
  holdEvery(request: Pick<Hold, 'method' | 'path'>): HeldRequests;
}

/** Requests that a proxy holds. */
export interface HeldRequests {
  /** How many are held now. */
  count(): number;
  /** Largest number that was held at the same time. */
  most(): number;
  /** Holds no further request. Those that are held stay held. */
  end(): void;
}

const servers = new Set<ReturnType<typeof createServer>>();
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts a proxy on loopback that passes every request, watches included. */
export async function startApiProxy({ connection }: Kubernetes): Promise<ApiProxy> {
  const directory = temporaryDirectory();
  const [key, cert] = [join(directory, 'proxy.key'), join(directory, 'proxy.crt')];
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  ]);
  const ca = readFileSync(connection.caFile);
  const target = new URL(connection.url);
  let waiting: { readonly hold: Hold; readonly held: () => void; skip: number } | undefined;
  const matches = (when: Hold['when'], method = '', path = '') => {
    if (waiting?.hold.when !== when || waiting.hold.method !== method || !waiting.hold.path.test(path)) {
      return false;
    }
    if (waiting.skip-- > 0) {
      return false;
    }
    waiting.held();
    waiting = undefined;
    return true;
  };

  const held = new Set<IncomingMessage>();
  let holding: Pick<Hold, 'method' | 'path'> | undefined;
  let most = 0;

  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    if (holding && holding.method === method && holding.path.test(url ?? '')) {
      held.add(incoming);
      most = Math.max(most, held.size);
      outgoing.on('close', () => held.delete(incoming));
      return;
    }
    if (matches('before', method, url)) {
      return; // Neither passed nor answered: the client waits until it dies.
    }
    const forwarded = request(
      { host: target.hostname, port: target.port, path: url, method, headers, ca, agent: false },
      (answer) => {
        if (matches('after', method, url)) {
          answer.resume();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    connection: { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, caFile: cert },
    holdEvery: (request) => {
      holding = request;
      most = 0;
      return {
        count: () => held.size,
        most: () => most,
        end: () => {
          holding = undefined;
        },
      };
    },
    hold: (hold) =>
      new Promise((held) => {
        waiting = { hold, held, skip: hold.skip ?? 0 };
      }),
  };
}
