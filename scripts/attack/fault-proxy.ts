import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { stopAtEnd, temporaryDirectory } from '../../testing/cleanup';
import type { Kubernetes } from '../../testing/kubernetes';
import type { Random } from './random';

/** Shares of the requests that go wrong, from 0 to 1. */
export interface Faults {
  /** Answered with 429 or 503 instead of being passed. */
  readonly rejected: number;
  /** Passed, and then the connection breaks before the answer arrives. */
  readonly cut: number;
  /** Passed after up to two seconds. */
  readonly delayed: number;
}

export const NO_FAULTS: Faults = { rejected: 0, cut: 0, delayed: 0 };

/** A proxy of the API server through which the replicas reach it. */
export interface FaultProxy {
  readonly connection: { readonly url: string; readonly caFile: string };
  faults: Faults;
}

/** Starts a proxy on loopback. Watches are passed as they are. */
export async function startFaultProxy({ connection }: Kubernetes, random: Random): Promise<FaultProxy> {
  const directory = temporaryDirectory();
  const [key, cert] = [join(directory, 'proxy.key'), join(directory, 'proxy.crt')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
      ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ],
    { stdio: 'pipe' },
  );
  const ca = readFileSync(connection.caFile);
  const target = new URL(connection.url);
  const agent = new Agent({ keepAlive: true, ca });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    const { rejected, cut, delayed } = url.includes('watch=true') ? NO_FAULTS : proxy.faults;
    const [isRejected, isCut, isDelayed] = [random.chance(rejected), random.chance(cut), random.chance(delayed)];
    if (isRejected) {
      const code = random.pick([429, 503]);
      incoming.resume();
      outgoing
        .writeHead(code, { 'content-type': 'application/json' })
        .end(JSON.stringify({ code, reason: 'Injected' }));
      return;
    }
    const forwarded = request(
      { host: target.hostname, port: target.port, path: url, method, headers, agent },
      (answer) => {
        if (isCut) {
          answer.resume();
          outgoing.destroy();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    setTimeout(() => incoming.pipe(forwarded), isDelayed ? random.below(2000) : 0);
  });
  const proxy: FaultProxy = { connection: { url: '', caFile: cert }, faults: NO_FAULTS };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stopAtEnd(async () => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, { connection: { url: `https://127.0.0.1:${port}`, caFile: cert } });
}
