import { execFileSync } from 'node:child_process';
import { Agent, request } from 'node:http';
import { restartWorkload } from '../remediation';
import { KubernetesClient } from '../remediation/kubernetes';
import { REMEDIATION, type RecordedAlert, RecordStore } from '../remediation/record';
import { cleanUp } from '../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes } from '../testing/kubernetes';
import { cpuSeconds, peakMemory } from '../testing/process-usage';
import { waitFor } from '../testing/server';
import {
  alert,
  type Deployed,
  deployWebhook,
  MONITORING,
  notification,
  type Replica,
  startWebhook,
} from '../testing/webhook';
import { node } from '../tools/packages';
import { progress, runCommand } from './command';

const USAGE = `Measures the throughput, the latency and the memory of one replica of the remediation webhook on one CPU core.

  npm run bench:webhook

Takes five minutes. Exit code 1 when a record is missing, when the replica needed more
than 128 MiB, or when it accepted alerts at less than 60 % of the rate at which the API server alone creates records.
Requires etcd, kube-apiserver, kube-controller-manager, kubectl and node: npm run tools`;

const DELIVERIES = 1000;
const POLICY = 'restart-workload';
/** Records that are created at the API server directly. */
const OWN_CREATES = 4000;
/** More than the replica, which has 16 connections for this. */
const CONCURRENT_CREATES = 32;
/** Share of the API server's own rate of creates that the replica must reach. */
const LEAST_SHARE = 0.6;
const ALERTS_PER_DELIVERY = 20;
const ALERTS = DELIVERIES * ALERTS_PER_DELIVERY;
const CONCURRENT_DELIVERIES = 8;
const LIMIT_MIB = 128;
/** Deployments that the alerts are about. */
const TARGETS = ['backend', 'frontend', 'worker', 'search', 'mailer'];
const NAMESPACE = 'sightedit';

/** CPU core that is pinned to the replica. */
const CORE = '0';

async function main(): Promise<number> {
  progress('starting etcd, kube-apiserver and kube-controller-manager');
  const kubernetes = await startKubernetes();
  await makeNamespace(kubernetes, NAMESPACE);
  const deployed = await deployWebhook(kubernetes, [
    restartWorkload({ namespace: NAMESPACE, deployments: TARGETS, verification: { query: 'vector(1)' } }),
  ]);
  const ownRate = await createRate(kubernetes, deployed);
  // All records are counted in the end, so none may expire.
  const replica = await startWebhook(kubernetes, deployed, { retention: { days: 90, records: 10 * ALERTS } });
  const { pid } = replica.server;
  const pinned = pin(pid);
  const memoryIdle = peakMemory(pid);
  const cpuIdle = cpuSeconds(pid);

  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const latencies = await deliverAll(replica, deployed);
  const acceptedSeconds = seconds();
  const memoryAccepted = peakMemory(pid);
  const cpuAccepted = cpuSeconds(pid) - cpuIdle;
  const records = await countRecords(kubernetes);
  await decided(replica, records);
  const decidedSeconds = seconds();
  const memoryDecided = peakMemory(pid);
  const cpuDecided = cpuSeconds(pid) - cpuIdle;

  const rate = ALERTS / acceptedSeconds;
  console.log(
    `one replica ${pinned ? `on core ${CORE} alone` : 'NOT on one core: taskset is missing'}, Node ${node.version}, ${deployed.nodeOptions}`,
  );
  console.log(`${DELIVERIES} deliveries of ${ALERTS_PER_DELIVERY} alerts, ${CONCURRENT_DELIVERIES} at the same time:`);
  row('accepted within', `${acceptedSeconds.toFixed(1)} s`);
  row('deliveries per second', (DELIVERIES / acceptedSeconds).toFixed(1));
  row('alerts per second', rate.toFixed(0));
  row("the API server's own creates per second", ownRate.toFixed(0));
  row('share of that rate', `${Math.round((rate / ownRate) * 100)} %`);
  row('latency, median', percentile(latencies, 0.5));
  row('latency, 99th percentile', percentile(latencies, 0.99));
  row('records in the API afterwards', `${records} of ${ALERTS}`);
  row('all decided within', `${decidedSeconds.toFixed(0)} s`);
  row('CPU time, all accepted', `${cpuAccepted.toFixed(1)} s`);
  row('CPU time, all decided', `${cpuDecided.toFixed(1)} s`);
  row('peak memory, idle', `${memoryIdle} MiB`);
  row('peak memory, all accepted', `${memoryAccepted} MiB`);
  row('peak memory, all decided', `${memoryDecided} MiB`);
  return records === ALERTS && memoryDecided < LIMIT_MIB && rate >= LEAST_SHARE * ownRate ? 0 : 1;
}

/**
 * Creates records at the API server directly, with the rights of the replica, before it runs. Returns creates per second.
 */
async function createRate({ connection, send }: Kubernetes, { tokenFile }: Deployed): Promise<number> {
  progress('measuring the API server alone');
  const client = new KubernetesClient({ ...connection, tokenFile }, { sockets: CONCURRENT_CREATES });
  const store = new RecordStore(client, MONITORING, () => new Date());
  let next = 0;
  const creator = async () => {
    for (let index = next++; index < OWN_CREATES; index = next++) {
      const { labels, annotations, startsAt, fingerprint, generatorURL } = alertAbout(index);
      const recorded: RecordedAlert = {
        ...{ name: labels.alertname!, labels, annotations, startsAt, fingerprint, generatorUrl: generatorURL },
      };
      const spec = { policy: POLICY, action: POLICY, alert: recorded, attempt: 1, traceparent: '' };
      await store.create(spec, fingerprint);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: CONCURRENT_CREATES }, creator));
  const rate = (OWN_CREATES / (performance.now() - start)) * 1000;
  client.close();
  const { group, version, plural } = REMEDIATION;
  await send('DELETE', `/apis/${group}/${version}/namespaces/${MONITORING}/${plural}`);
  return rate;
}

function alertAbout(index: number) {
  const deployment = TARGETS[index % TARGETS.length]!;
  return alert({ remediation: POLICY, namespace: NAMESPACE, deployment });
}

/** Sends every notification. Returns the latencies in milliseconds, in ascending order. */
async function deliverAll(replica: Replica, { notifierToken }: Deployed): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT_DELIVERIES });
  const headers = { authorization: `Bearer ${notifierToken}` };
  const deliver = (body: string) =>
    new Promise<number>((resolve, reject) => {
      request(`${replica.url}/api/v1/alerts`, { method: 'POST', agent, headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', reject)
        .end(body);
    });
  const latencies: number[] = [];
  let next = 0;
  const sender = async () => {
    for (let delivery = next++; delivery < DELIVERIES; delivery = next++) {
      const alerts = Array.from({ length: ALERTS_PER_DELIVERY }, (_, index) => alertAbout(index));
      const sent = performance.now();
      const status = await deliver(JSON.stringify(notification(alerts)));
      if (status !== 202) {
        throw new Error(`delivery ${delivery} was answered ${status}:\n${replica.server.log().slice(-2000)}`);
      }
      latencies.push(performance.now() - sent);
      if (latencies.length % 50 === 0) {
        progress(`${latencies.length} of ${DELIVERIES} deliveries, peak memory ${peakMemory(replica.server.pid)} MiB`);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_DELIVERIES }, sender));
  agent.destroy();
  return latencies.sort((one, other) => one - other);
}

async function countRecords(kubernetes: Kubernetes): Promise<number> {
  const { group, version, plural } = REMEDIATION;
  const path = `/apis/${group}/${version}/namespaces/${MONITORING}/${plural}?limit=1`;
  const { stdout } = await kubernetes.kubectl('get', '--raw', path);
  const { items, metadata } = JSON.parse(stdout);
  return items.length + (metadata.remainingItemCount ?? 0);
}

/** Waits until the replica has decided about all records. */
async function decided(replica: Replica, records: number): Promise<void> {
  progress('waiting until the replica has decided about all records');
  await waitFor(
    'the decisions',
    async () => {
      const metrics = await (await fetch(`${replica.url}/metrics`)).text();
      const skipped = metrics
        .split('\n')
        .filter((line) => line.startsWith('remediation_decisions_total') && line.includes('decision="skipped"'))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
      progress(`${skipped} of ${records} decided, peak memory ${peakMemory(replica.server.pid)} MiB`);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      return skipped >= records;
    },
    { timeoutSeconds: 1800 },
  );
}

/** Pins a process and its threads to one core. Returns whether `taskset` exists. */
function pin(pid: number): boolean {
  try {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', CORE, String(pid)], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

function percentile(sorted: readonly number[], share: number): string {
  return `${Math.round(sorted[Math.ceil(share * sorted.length) - 1]!)} ms`;
}

function row(title: string, value: string): void {
  console.log(`  ${title.padEnd(40)}${value.padStart(14)}`);
}

runCommand({ usage: USAGE, run: main, finish: cleanUp });
