import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer, type Server as HttpsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import type { Log } from './audit';
import type { Configuration } from './configuration';
import { type AppProps, makeApp } from './intake/app';
import { OpenConnections } from './open-connections';
import { repeat } from './repeat';

type Tls = NonNullable<Configuration['tls']>;

const CERTIFICATE_CHECK_MS = 5_000;
const CLOSE_CHECK_MS = 50;

/** Open connections of a port. A thousand take about 12 MiB. */
const MAX_CONNECTIONS = 1_000;

/** Times in which a client must send the header and the whole of its request. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 2_000 } as const;

/** A server that listens. */
export interface Listening {
  /** Accepts no new connection, waits up to `graceMs` for the running requests, and closes every connection. */
  close(graceMs: number): Promise<void>;
}

/** Starts the HTTP server. With a certificate, notifications are accepted over HTTPS only, on a port of its own. */
export async function listen({ port, tls }: Pick<Configuration, 'port' | 'tls'>, props: AppProps): Promise<Listening> {
  const http = start(makeApp(props, { intake: !tls }).fetch, port);
  const https = tls && start(makeApp(props).fetch, tls.port, readCertificate(tls));
  const servers = await Promise.all(https ? [http, https] : [http]);
  const stopRenewing = tls && renewCertificate(servers.at(-1)!.server as HttpsServer, tls, props.log);
  return {
    close: async (graceMs) => {
      stopRenewing?.();
      await Promise.all(servers.map((started) => close(started, graceMs)));
    },
  };
}

interface Started {
  readonly server: Server;
  readonly connections: OpenConnections;
}

/** `Server.close()` alone waits for clients that have sent half of a request, for as long as they like. */
async function close({ server, connections }: Started, graceMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const end = Date.now() + graceMs;
  while (connections.size > 0 && Date.now() < end) {
    connections.closeIdle();
    await sleep(CLOSE_CHECK_MS);
  }
  connections.closeAll();
  await closed;
}

function start(
  fetch: ReturnType<typeof makeApp>['fetch'],
  port: number,
  certificate?: ReturnType<typeof readCertificate>,
): Promise<Started> {
  return new Promise((resolve, reject) => {
    const options = certificate ? { createServer } : {};
    const serverOptions = { ...certificate, ...TIMEOUTS, handshakeTimeout: TIMEOUTS.headersTimeout };
    // Both kinds of server have the methods and events of http.Server.
    const server = serve({ fetch, port, ...options, serverOptions }, () => resolve({ server, connections })) as Server;
    const connections = new OpenConnections(server, MAX_CONNECTIONS);
    server.once('error', reject);
  });
}

function readCertificate({ certificateFile, keyFile }: Tls) {
  return { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
}

/** Serves a renewed certificate without a restart: cert-manager renews it while the pods keep running. */
function renewCertificate(server: HttpsServer, tls: Tls, log: Log): () => void {
  let known = statSync(tls.certificateFile).mtimeMs;
  return repeat(CERTIFICATE_CHECK_MS, log, async () => {
    const newest = statSync(tls.certificateFile).mtimeMs;
    if (newest !== known) {
      server.setSecureContext(readCertificate(tls));
      known = newest;
      log('info', 'the certificate was renewed');
    }
  });
}
