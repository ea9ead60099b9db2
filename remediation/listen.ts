import { readFileSync, statSync } from 'node:fs';
import { createServer, type Server as HttpsServer } from 'node:https';
import { type ServerType, serve } from '@hono/node-server';
import type { Log } from './audit';
import type { Configuration } from './configuration';
import { type AppProps, makeApp } from './intake/app';
import { repeat } from './repeat';

type Tls = NonNullable<Configuration['tls']>;

const CERTIFICATE_CHECK_MS = 5_000;

/** Starts the HTTP server. With a certificate, notifications are accepted over HTTPS only, on a port of its own. */
export async function listen(
  { port, tls }: Pick<Configuration, 'port' | 'tls'>,
  props: AppProps,
): Promise<{ close(): Promise<void> }> {
  const http = start(makeApp(props, { intake: !tls }).fetch, port);
  const https = tls && start(makeApp(props).fetch, tls.port, readCertificate(tls));
  const servers = await Promise.all(https ? [http, https] : [http]);
  const stopRenewing = tls && renewCertificate(servers.at(-1) as HttpsServer, tls, props.log);
  return {
    close: async () => {
      stopRenewing?.();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function start(
  fetch: ReturnType<typeof makeApp>['fetch'],
  port: number,
  certificate?: ReturnType<typeof readCertificate>,
): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const options = certificate ? { createServer, serverOptions: certificate } : {};
    const server = serve({ fetch, port, ...options }, () => resolve(server));
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
