import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { actionOf, type Clients } from './actions';
import { apiClients } from './api-clients';
import { Audit, Escalation, Events, type Log, Metrics, startTracing } from './audit';
import { AwsClient, Connections, LokiClient, PrometheusClient, ThreatsClient } from './clients';
import { type Configuration, inClusterConnection } from './configuration';
import { Controller, expireRecords, measure, Sweep } from './controller';
import type { GateContext } from './gates';
import type { AppProps } from './intake/app';
import { Authenticator } from './intake/authenticator';
import { Intake } from './intake/intake';
import { RightsCheck } from './intake/readiness';
import { RunbookPages } from './intake/runbook-pages';
import { KillSwitch } from './kill-switch';
import { Leases } from './kubernetes';
import { listen } from './listen';
import { RecordStore } from './record';
import { repeat } from './repeat';

export interface ServerProps {
  readonly configuration: Configuration;
  readonly log: Log;
  readonly version: string;
  /** Name of this replica. @default - the host's */
  readonly replica?: string;
}

export interface RunningServer {
  /** Accepts nothing new, finishes the running steps, and closes every connection. */
  stop(): Promise<void>;
}

const INTERVAL_MS = { measure: 15_000, flush: 60_000, sweep: 60_000, rights: 300_000, expire: 600_000 } as const;
/** Interval while a right is missing, so that a new Role is noticed soon. */
const RIGHTS_RETRY_MS = 5_000;

/** Time for Kubernetes to remove the pod from the Service before the port closes. */
const DRAIN_MS = 3_000;
/** Time for the running requests and steps. */
const GRACE_MS = 20_000;
/** Time for what is sent last: counts of Events, and spans. All three together are less than the pod's grace period. */
const FAREWELL_MS = 8_000;

/** Builds the server from its configuration and starts it. */
export async function startServer(props: ServerProps): Promise<RunningServer> {
  const { configuration, log, version } = props;
  const services = makeServices(props);
  const { api, connections, events } = services;
  const endTracing = startTracing(configuration.otlp, version);
  const controller = new Controller(services);
  const rights = new RightsCheck(api.events, configuration, log);
  let ending = false;
  const app: AppProps = {
    ...services,
    isEnding: () => ending,
    notReadyReasons: () => [
      ...(ending ? ['the server is shutting down'] : []),
      ...(controller.isSynced ? [] : ['the records were not listed yet']),
      ...rights.problems,
    ],
  };
  const server = await listen(configuration, app);
  controller.start();
  const stopHousekeeping = startHousekeeping(props, services, rights);
  log('info', `started${services.dryRun ? ', as a dry run' : ''}`, {
    version,
    replica: services.context.holder,
    policies: [...services.policies.keys()],
  });

  return {
    stop: async () => {
      ending = true;
      log('info', 'shutting down');
      await sleep(DRAIN_MS);
      stopHousekeeping();
      await Promise.all([server.close(GRACE_MS), controller.stop(GRACE_MS)]);
      const farewell = async () => {
        await events.flush();
        await endTracing().catch((error: Error) => log('warn', `spans were lost: ${error.message}`));
      };
      await Promise.race([farewell(), sleep(FAREWELL_MS)]);
      await connections.close();
      for (const client of Object.values(api)) {
        client.close();
      }
    },
  };
}

type Services = ReturnType<typeof makeServices>;

function makeServices({ configuration, log, version, replica = hostname() }: ServerProps) {
  const { namespace, limits, authentication } = configuration;
  const now = () => new Date();
  const api = apiClients(configuration.kubernetes ?? inClusterConnection(process.env));
  const connections = new Connections(configuration.connections);
  const clients: Clients = {
    kubernetes: api.actions,
    prometheus: new PrometheusClient(configuration.prometheus),
    loki: configuration.loki && new LokiClient(configuration.loki),
    threats: configuration.threats === undefined ? undefined : new ThreatsClient(configuration.threats),
    database: (name) => connections.database(name),
    cache: (name) => connections.cache(name),
    aws: new AwsClient(process.env),
    now,
  };
  const store = new RecordStore(api.records, namespace, now);
  const context: GateContext = {
    clients,
    store,
    leases: new Leases(api.leases, namespace, now),
    killSwitch: new KillSwitch(api.leases, namespace, configuration.killSwitch),
    limits,
    alertLabels: { external: configuration.externalLabels, relabelled: configuration.relabelledLabels ?? [] },
    holder: replica,
  };
  const dryRun = configuration.mode === 'dry-run';
  const policies = new Map(configuration.policies.map((policy) => [policy.name, policy]));
  const metrics = makeMetrics(configuration, version);
  const events = new Events(api.events, replica, log);
  const escalation = new Escalation({ ...configuration, metrics, log });
  return {
    api,
    client: api.records,
    connections,
    context,
    dryRun,
    policies,
    metrics,
    events,
    escalation,
    log,
    audit: new Audit({ log, metrics, events, escalation }),
    authenticator: new Authenticator(
      { first: api.reviews, again: api.renewals },
      authentication.audience,
      authentication.subjects,
    ),
    intake: new Intake({
      ...{ policies, metrics, log, repeatSeconds: limits.repeatSeconds, now },
      store: new RecordStore(api.intake, namespace, now),
    }),
    runbookPages: new RunbookPages(configuration.runbooks),
  };
}

function makeMetrics({ policies, mode }: Configuration, version: string): Metrics {
  const metrics = new Metrics(policies, version);
  metrics.dryRun.set(mode === 'dry-run' ? 1 : 0);
  for (const policy of policies) {
    for (const target of actionOf(policy).targets(policy.parameters)) {
      metrics.expectAttempts(policy.action, policy.name, target);
    }
  }
  return metrics;
}

/** @returns a function that stops it */
function startHousekeeping({ configuration }: ServerProps, services: Services, rights: RightsCheck): () => void {
  const { context, metrics, events, escalation, log } = services;
  const { policies, retention } = configuration;
  const props = { policies, context, metrics, retention, log };
  const sweep = new Sweep(props);
  const stops = [
    repeat(INTERVAL_MS.measure, log, () => measure(props)),
    repeat(INTERVAL_MS.flush, log, async () => {
      await events.flush();
      await escalation.summarise();
    }),
    repeat(INTERVAL_MS.expire, log, () => expireRecords(props)),
    repeat(INTERVAL_MS.sweep, log, () => sweep.run()),
    repeat(INTERVAL_MS.rights, log, async () => ((await rights.check()) ? undefined : RIGHTS_RETRY_MS)),
  ];
  return () => {
    for (const stop of stops) {
      stop();
    }
  };
}
