import { readFileSync, statSync } from 'node:fs';
import { createServer, type Server as HttpsServer } from 'node:https';
import { hostname } from 'node:os';
import { type ServerType, serve } from '@hono/node-server';
import { actionOf, type Clients } from './actions';
import { Audit, Escalation, Events, type Log, Metrics, startTracing } from './audit';
import { AwsClient, Connections, PrometheusClient } from './clients';
import { type Configuration, inClusterConnection } from './configuration';
import { Controller, expireRecords, measure } from './controller';
import type { GateContext } from './gates';
import { makeApp } from './intake/app';
import { Authenticator } from './intake/authenticator';
import { Intake } from './intake/intake';
import { checkRights } from './intake/readiness';
import { RunbookPages } from './intake/runbook-pages';
import { KillSwitch } from './kill-switch';
import { KubernetesClient, Leases } from './kubernetes';
import { RecordStore } from './record';

export interface ServerProps {
  readonly configuration: Configuration;
  readonly log: Log;
  readonly version: string;
  /** Name of this replica. @default - the host's */
  readonly replica?: string;
}

export interface RunningServer {
  /** Takes nothing new, finishes what it is doing, and ends. */
  stop(): Promise<void>;
}

const EVERY = { certificate: 5_000, measure: 15_000, minute: 60_000, rights: 300_000, expire: 600_000 } as const;
/** A right that was just given is seen this soon. */
const RIGHTS_RETRY_MS = 5_000;

/** Long enough for Kubernetes to take the address out of the Service before the port closes. */
const DRAIN_MS = 3_000;
const GRACE_MS = 20_000;

/** Puts the server together and starts it. */
export async function startServer(props: ServerProps): Promise<RunningServer> {
  const { configuration, log, version } = props;
  const { namespace, policies, limits } = configuration;
  const replica = props.replica ?? hostname();
  const now = () => new Date();
  const dryRun = configuration.mode === 'dry-run';

  const client = new KubernetesClient(configuration.kubernetes ?? inClusterConnection(process.env));
  const connections = new Connections(configuration.connections);
  const clients: Clients = {
    kubernetes: client,
    prometheus: new PrometheusClient(configuration.prometheus),
    database: (name) => connections.database(name),
    cache: (name) => connections.cache(name),
    aws: new AwsClient(process.env),
    now,
  };
  const metrics = new Metrics(policies, version);
  metrics.dryRun.set(dryRun ? 1 : 0);
  for (const policy of policies) {
    for (const target of actionOf(policy).targets(policy.parameters)) {
      metrics.expectAttempts(policy.action, policy.name, target);
    }
  }
  const store = new RecordStore(client, namespace, now);
  const leases = new Leases(client, namespace, now);
  const killSwitch = new KillSwitch(client, namespace, configuration.killSwitch);
  const context: GateContext = { clients, store, leases, killSwitch, limits, holder: replica };
  const events = new Events(client, replica, log);
  const escalation = new Escalation({ ...configuration, metrics, log });
  const audit = new Audit({ log, metrics, events, escalation });
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  const controller = new Controller({
    client,
    log,
    policies: byName,
    context,
    audit,
    metrics,
    dryRun,
  });
  const endTracing = startTracing(configuration.otlp, version);

  let ending = false;
  let rights: readonly string[] = ['the rights were not checked yet'];
  const appProps = {
    authenticator: new Authenticator(
      client,
      configuration.authentication.audience,
      configuration.authentication.subjects,
    ),
    intake: new Intake({ policies: byName, store, metrics, log, repeatSeconds: limits.repeatSeconds, now }),
    metrics,
    runbookPages: new RunbookPages(configuration.runbooks),
    log,
    isEnding: () => ending,
    notReadyReasons: () => [
      ...(ending ? ['the server is ending'] : []),
      ...(controller.isSynced ? [] : ['the records were not read yet']),
      ...rights,
    ],
  };
  const servers = await listen(configuration, appProps);
  controller.start();

  const housekeeping = { policies, context, metrics, retention: configuration.retention, log };
  const stopRepeating = [
    ...(configuration.tls ? [renewing(servers.at(-1) as HttpsServer, configuration.tls, log)] : []),
    repeatedly(EVERY.measure, log, () => measure(housekeeping)),
    repeatedly(EVERY.minute, log, async () => {
      await events.flush();
      await escalation.summarise();
    }),
    repeatedly(EVERY.expire, log, () => expireRecords(housekeeping)),
    repeatedly(EVERY.rights, log, async () => {
      const found = await checkRights(client, configuration).catch((error: Error) => [error.message]);
      for (const problem of found.filter((line) => !rights.includes(line))) {
        log('error', problem);
      }
      rights = found;
      return found.length === 0 ? undefined : RIGHTS_RETRY_MS;
    }),
  ];
  log('info', `ready to repair${dryRun ? ', as a dry run' : ''}`, { version, replica, policies: [...byName.keys()] });

  return {
    stop: async () => {
      ending = true;
      log('info', 'ending');
      await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
      for (const stop of stopRepeating) {
        stop();
      }
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      await controller.stop(GRACE_MS);
      await events.flush();
      await connections.close();
      await endTracing().catch((error: Error) => log('warn', `spans were lost: ${error.message}`));
      client.close();
    },
  };
}

/** With a certificate, notifications are taken over TLS alone; probes, metrics and runbooks stay on the plain port. */
async function listen({ port, tls }: Configuration, props: Parameters<typeof makeApp>[0]): Promise<ServerType[]> {
  const started: Promise<ServerType>[] = [start(makeApp(props, { intake: !tls }).fetch, port)];
  if (tls) {
    started.push(start(makeApp(props).fetch, tls.port, readCertificate(tls)));
  }
  return Promise.all(started);
}

type Tls = NonNullable<Configuration['tls']>;

function readCertificate({ certificateFile, keyFile }: Tls) {
  return { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
}

/** Serves a new certificate once it is there: cert-manager renews it long before the pods are replaced. */
function renewing(server: HttpsServer, tls: Tls, log: Log): () => void {
  let known = statSync(tls.certificateFile).mtimeMs;
  return repeatedly(EVERY.certificate, log, async () => {
    const newest = statSync(tls.certificateFile).mtimeMs;
    if (newest !== known) {
      server.setSecureContext(readCertificate(tls));
      known = newest;
      log('info', 'the certificate was renewed');
    }
  });
}

function start(
  fetch: ReturnType<typeof makeApp>['fetch'],
  port: number,
  certificate?: { readonly cert: Buffer; readonly key: Buffer },
): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const options = certificate ? { createServer, serverOptions: certificate } : {};
    const server = serve({ fetch, port, ...options }, () => resolve(server));
    server.once('error', reject);
  });
}

/**
 * Does something now and then every so often, one after the other, until it is stopped.
 *
 * @param work can say in how many milliseconds it wants to be done again
 */
function repeatedly(milliseconds: number, log: Log, work: () => Promise<unknown>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const round = async () => {
    const next = await work().catch((error: Error) => log('warn', `housekeeping failed: ${error.message}`));
    if (!stopped) {
      timer = setTimeout(round, typeof next === 'number' ? next : milliseconds);
    }
  };
  void round();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
