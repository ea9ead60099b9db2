import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { restartWorkload } from '../remediation';
import { REMEDIATION } from '../remediation/record';
import { cleanUp } from '../testing/cleanup';
import { makeNamespace, startKubernetes } from '../testing/kubernetes';
import { waitFor } from '../testing/server';
import { alert, deployWebhook, MONITORING, notification, startWebhook } from '../testing/webhook';
import { node } from '../tools/packages';
import { progress, runCommand } from './command';

const USAGE = `Prints how fast a replica of the remediation webhook takes notifications on one core, and the memory that it needs.

  npm run bench:webhook

Takes five minutes. Ends with 1 when a record is missing, or more than 128 MiB were needed. Requirements etcd, kube-apiserver,
kube-controller-manager, kubectl and node: npm run tools`;

/** What is sent, and how many deliveries are on their way at the same time. */
const DELIVERIES = 1000;
const ALERTS = 20;
const IN_FLIGHT = 8;
const LIMIT_MIB = 128;
/** The alerts are about these. */
const TARGETS = ['backend', 'frontend', 'worker', 'search', 'mailer'];
const NAMESPACE = 'sightedit';

/** Core that the replica has for itself as far as the machine lets it. */
const CORE = '0';

async function main(): Promise<number> {
  progress('starting etcd, kube-apiserver and kube-controller-manager');
  const kubernetes = await startKubernetes();
  await makeNamespace(kubernetes, NAMESPACE);
  const deployed = await deployWebhook(kubernetes, [
    restartWorkload({ namespace: NAMESPACE, deployments: TARGETS, verification: { query: 'vector(1)' } }),
  ]);
  // All records are counted afterwards: none may expire.
  const retention = { days: 90, records: 10 * DELIVERIES * ALERTS };
  const replica = await startWebhook(kubernetes, deployed, { retention });
  const { pid } = replica.server;
  const pinned = pin(pid);
  const atRest = memory(pid);

  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const headers = { authorization: `Bearer ${deployed.notifierToken}` };
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
  const start = performance.now();
  const sender = async () => {
    for (let delivery = next++; delivery < DELIVERIES; delivery = next++) {
      const alerts = Array.from({ length: ALERTS }, (_, index) =>
        alert({ remediation: 'restart-workload', namespace: NAMESPACE, deployment: TARGETS[index % TARGETS.length]! }),
      );
      const sent = performance.now();
      const code = await deliver(JSON.stringify(notification(alerts)));
      if (code !== 202) {
        throw new Error(`delivery ${delivery} was answered ${code}:\n${replica.server.log().slice(-2000)}`);
      }
      latencies.push(performance.now() - sent);
      if (latencies.length % 50 === 0) {
        progress(`${latencies.length} of ${DELIVERIES} deliveries, ${memory(pid)} MiB at the most`);
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  const seconds = (performance.now() - start) / 1000;
  const accepted = memory(pid);
  agent.destroy();

  const count = async (selector = '') => {
    const path = `/apis/${REMEDIATION.group}/${REMEDIATION.version}/namespaces/${MONITORING}/${REMEDIATION.plural}`;
    const { stdout } = await kubernetes.kubectl('get', '--raw', `${path}?limit=1${selector}`);
    const { items, metadata } = JSON.parse(stdout);
    return items.length + (metadata.remainingItemCount ?? 0);
  };
  const kept = await count();
  progress('waiting until the replica has decided about all of them');
  await waitFor(
    'the decisions',
    async () => {
      const metrics = await (await fetch(`${replica.url}/metrics`)).text();
      const decided = metrics
        .split('\n')
        .filter((line) => line.startsWith('remediation_decisions_total') && line.includes('decision="skipped"'))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
      progress(`${decided} of ${kept} decided, ${memory(pid)} MiB at the most`);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      return decided >= kept;
    },
    { timeoutSeconds: 1800 },
  );
  const decidedSeconds = (performance.now() - start) / 1000;

  latencies.sort((one, other) => one - other);
  const percentile = (share: number) => `${Math.round(latencies[Math.ceil(share * latencies.length) - 1]!)} ms`;
  console.log(
    `one replica ${pinned ? `on core ${CORE} alone` : 'NOT on one core: there is no taskset'}, Node ${node.version}, ${deployed.nodeOptions}`,
  );
  console.log(`${DELIVERIES} deliveries of ${ALERTS} alerts, ${IN_FLIGHT} at a time:`);
  row('accepted within', `${seconds.toFixed(1)} s`);
  row('deliveries a second', (DELIVERIES / seconds).toFixed(1));
  row('alerts a second', ((DELIVERIES * ALERTS) / seconds).toFixed(0));
  row('latency, median', percentile(0.5));
  row('latency, 99th percentile', percentile(0.99));
  row('records in the API afterwards', `${kept} of ${DELIVERIES * ALERTS}`);
  row('all decided within', `${decidedSeconds.toFixed(0)} s`);
  row('peak memory, at rest', `${atRest} MiB`);
  row('peak memory, when all were accepted', `${accepted} MiB`);
  const peak = memory(pid);
  row('peak memory, when all were decided', `${peak} MiB`);
  return kept === DELIVERIES * ALERTS && peak < LIMIT_MIB ? 0 : 1;
}

/** Leaves one core to a process with all of its threads. */
function pin(pid: number): boolean {
  try {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', CORE, String(pid)], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** The most memory that a process had in use so far, in MiB: its resident set. */
function memory(pid: number): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kibibytes) / 1024);
}

function row(title: string, value: string): void {
  console.log(`  ${title.padEnd(40)}${value.padStart(14)}`);
}

runCommand({ usage: USAGE, run: main, finish: cleanUp });
