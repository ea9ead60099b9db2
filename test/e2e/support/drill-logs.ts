import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { REDIS_RIGHTS } from '../../../remediation/actions/redis-rights';
import type { Configuration } from '../../../remediation/configuration';
import type { Remediation } from '../../../remediation/record';
import { temporaryDirectory } from '../../../testing/cleanup';
import { kubeconfigOf } from '../../../testing/deployed';
import { writeInto } from '../../../testing/files';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../../testing/kubernetes';
import { type Agent, addPod, appendLog, criLine, startAgent } from '../../../testing/log-collector';
import { readManifests, WORKLOAD_KINDS } from '../../../testing/manifests';
import { answers, freePorts, getJson, startServer } from '../../../testing/server';
import type { Replica } from '../../../testing/webhook';
import { apply, FACTOR, hostOf, recordsIn, startAlertmanager, startWebhooks } from './drill';
import { type Config, type Loki, layOutRules, startLoki } from './loki';
import { startOtlpSink } from './otlp-sink';
import { quickenRules } from './quicken';
import { REDIS_PASSWORD, type RunningRedis, startRedis } from './redis';
import { type Sinks, startSinks } from './sinks';

const APPLICATION = 'sightedit';
const AGENTS = 'sightedit-monitoring-node';

/** Files of rules over logs that are loaded. Those on silence would rightly report that other workloads say nothing. */
const RULE_FILES = ['authentication.yaml'];

/** Time for which an address is blocked. */
export const BLOCKED_SECONDS = 25;

/** From the log file of a pod to the answer that an attacker gets. */
export interface LogDrill {
  readonly redis: RunningRedis;
  readonly sinks: Sinks;
  readonly loki: Loki;
  readonly agent: Agent;
  readonly replicas: readonly Replica[];
  /** Logs in at the application, through its load balancer. Returns the status of the answer. */
  logIn(from: string, user: string, password: string): Promise<number>;
  /** Labels of the alerts of a name that fire in Loki. */
  firing(alert: string): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Records of the webhook, oldest first. */
  records(): Promise<readonly Remediation[]>;
  stop(): Promise<void>;
}

/** Starts everything on loopback. */
export async function startLogDrill(): Promise<LogDrill> {
  const root = temporaryDirectory();
  const manifests = readManifests();
  const [traces, sinks, redis] = await Promise.all([
    startOtlpSink(),
    startSinks(),
    startRedis({ remediation: REDIS_RIGHTS.denylist }),
  ]);
  const kubernetes = await startKubernetes();
  await makeNamespace(kubernetes, APPLICATION);
  await apply(kubernetes, ...manifests.filter(({ kind }) => !WORKLOAD_KINDS.includes(kind)));

  const [prometheusPort, alertmanagerPort, lokiPort] = (await freePorts(3)) as [number, number, number];
  const [prometheus, alertmanager, lokiUrl] = [prometheusPort, alertmanagerPort, lokiPort].map(
    (port) => `http://127.0.0.1:${port}`,
  ) as [string, string, string];
  await startEmptyPrometheus(root, prometheus);
  const change = webhookChanges(lokiUrl, redis, root);
  const replicas = await startWebhooks(kubernetes, manifests, { prometheus, alertmanager, sinks, traces }, change);
  await startAlertmanager(kubernetes, manifests, root, { url: alertmanager, webhook: replicas[0]!, sinks, traces });

  for (const file of layOutRules(manifests, root)) {
    const isWanted = RULE_FILES.some((name) => file.endsWith(`/${name}`));
    writeFileSync(file, isWanted ? quickenRules(readFileSync(file, 'utf8'), FACTOR) : 'groups: []\n');
  }
  const [grpcPort, gossipPort] = (await freePorts(2)) as [number, number];
  const loki = await startLoki('loki', {
    manifests,
    root,
    ports: [lokiPort, grpcPort, gossipPort],
    change: (config: Config) => ({
      ...config,
      ruler: { ...config.ruler, alertmanager_url: alertmanager, evaluation_interval: '1s', poll_interval: '1s' },
    }),
  });
  const kubeconfig = await kubeconfigOf(kubernetes, 'log-collector', root, AGENTS);
  const agent = await startAgent('log-collector', { manifests, root, kubeconfig, lokiPort });
  const application = await startApplication(kubernetes, root, redis);

  return {
    redis,
    sinks,
    loki,
    agent,
    replicas,
    logIn: application.logIn,
    firing: async (alert) => {
      const { data } = await getJson<{
        data: { alerts: { state: string; labels: { alertname: string; [label: string]: string } }[] };
      }>(`${loki.url}/prometheus/api/v1/alerts`);
      return data.alerts
        .filter(({ state, labels }) => state === 'firing' && labels.alertname === alert)
        .map(({ labels }) => labels);
    },
    records: () => recordsIn(kubernetes),
    stop: async () => {
      application.stop();
      await Promise.all([traces.stop(), sinks.stop()]);
      await kubernetes.stop();
    },
  };
}

/** The alerts of this story have no series in Prometheus: it only says so when the webhook asks. */
async function startEmptyPrometheus(root: string, url: string): Promise<void> {
  await startServer('prometheus', {
    command: 'prometheus',
    args: [
      `--config.file=${writeInto(root, 'etc/prometheus.yml', 'global: {}\n')}`,
      `--storage.tsdb.path=${join(root, 'prometheus')}`,
      `--web.listen-address=${hostOf(url)}`,
    ],
    ready: () => answers(`${url}/-/ready`),
  });
}

/** Real addresses and credentials of the servers, a short time for a block, and addresses that nobody has. */
function webhookChanges(loki: string, { port }: RunningRedis, root: string) {
  const passwordFile = writeInto(root, 'etc/redis-password', REDIS_PASSWORD);
  return ({ policies, connections }: Configuration): Partial<Configuration> => ({
    loki: { queries: [loki], rules: [loki] },
    connections: {
      ...connections,
      redis: { kind: 'redis', host: '127.0.0.1', port, user: 'remediation', passwordFile },
    },
    policies: policies.map((policy) =>
      policy.action === 'block-address'
        ? {
            ...policy,
            parameters: { ...(policy.parameters as object), rehearsal: true, ttlSeconds: BLOCKED_SECONDS },
          }
        : policy,
    ),
  });
}

/** The password of every account. */
export const RIGHT_PASSWORD = 'correct-horse-battery-staple';

/**
 * The application: it refuses addresses of the denylist, checks passwords, and writes what happened into the log file of
 * its pod. Its peer is the load balancer, which appends the address of the client to `X-Forwarded-For`.
 */
async function startApplication(kubernetes: Kubernetes, root: string, redis: RunningRedis) {
  const pod = await addPod(kubernetes, {
    namespace: APPLICATION,
    name: 'sightedit-backend-1',
    container: 'backend',
    labels: { 'app.kubernetes.io/name': 'sightedit', 'app.kubernetes.io/component': 'backend' },
  });
  const server = createServer(async (request, response) => {
    const address = `${request.headers['x-forwarded-for']}`.split(',').at(-1)!.trim();
    if ((await redis.admin.exists(`denylist:${address}/32`)) > 0) {
      response.writeHead(403).end();
      return;
    }
    const { user, password } = Object.fromEntries(new URL(request.url!, 'http://localhost').searchParams);
    const isRight = password === RIGHT_PASSWORD;
    const event = {
      timestamp: new Date().toISOString(),
      log_type: 'security',
      level: isRight ? 'info' : 'warn',
      event_type: isRight ? 'auth_success' : 'auth_failure',
      user_id: user,
      source_ip: address,
      result: isRight ? 'success' : 'failure',
      // What an application must not write, and the agent masks.
      message: `login with password=${password}`,
    };
    appendLog(root, `${pod.directory}/0.log`, criLine(JSON.stringify(event)));
    response.writeHead(isRight ? 200 : 401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    logIn: async (from: string, user: string, password: string) => {
      const query = new URLSearchParams({ user, password });
      const headers = { 'x-forwarded-for': `10.0.0.1, ${from}` };
      return (await fetch(`http://127.0.0.1:${port}/api/auth/login?${query}`, { method: 'POST', headers })).status;
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
