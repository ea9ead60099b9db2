import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { maskingProps } from '../constructs';
import { promtailSanitisingStages, sanitising } from '../rules/sanitising';
import { LOKI, PROMTAIL, startLoki } from '../test/e2e/support/loki';
import { lokiProcess } from '../test/e2e/support/stored-lines';
import { cleanUp, temporaryDirectory } from '../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes } from '../testing/kubernetes';
import {
  addPod,
  appendLog,
  collectorManifests,
  credentialsOf,
  criLine,
  startAgent,
  startPromtail,
} from '../testing/log-collector';

import type { Manifest } from '../testing/manifests';
import { NAMESPACE } from '../testing/render';
import { waitFor } from '../testing/server';
import { benchLine, LINE_BYTES, MASKED_EVERY } from './bench/log-lines';
import { progress, runCommand } from './command';

const USAGE = `Measures how many lines a log agent reads, parses, masks and sends to Loki in a second of one processor.

  npm run bench:logs                 60000 lines
  npm run bench:logs -- 200000       another number

Takes some minutes. Each agent runs on one processor and reads the same lines; processor time is that of the process, so
other work on the machine disturbs little. Promtail is measured too if it is in .tools/bin or on PATH.
Requires otelcol, etcd and kube-apiserver ("npm run tools"), and Loki in .tools/bin or on PATH: see docs/testing.md.`;

interface Agent {
  readonly title: string;
  readonly manifests: readonly Manifest[];
  /** Path of Promtail. @default - the OpenTelemetry Collector */
  readonly promtail?: string;
}

interface Result {
  readonly linesPerSecond: number;
  readonly peakMib: number;
  readonly lokiLinesPerSecond: number;
}

async function main([count = '60000']: readonly string[]): Promise<number> {
  const lines = Number(count);
  if (!(lines >= 1000)) {
    console.error(`write a number of at least 1000 instead of ${count}`);
    return 2;
  }
  if (LOKI === undefined) {
    console.error('loki is missing: put the program into .tools/bin or on PATH, see docs/testing.md');
    return 2;
  }
  // One processor, for the agents and for Loki alike: this is what a pod with a limit of one gets.
  process.env.GOMAXPROCS = '1';
  const kubernetes = await startKubernetes();
  try {
    await makeNamespace(kubernetes, NAMESPACE);
    console.log(`${lines} lines of ${LINE_BYTES} bytes, one in ${MASKED_EVERY} with a secret, by processor second:`);
    console.log(`  ${'agent'.padEnd(38)}lines/s  peak MiB   Loki: lines/s`);
    for (const agent of agents()) {
      progress(`${agent.title} …`);
      const { linesPerSecond, peakMib, lokiLinesPerSecond } = await measure(kubernetes, agent, lines);
      const cells = [linesPerSecond, peakMib, lokiLinesPerSecond].map((value) => value.toFixed(0));
      console.log(
        `  ${agent.title.padEnd(38)}${cells[0]!.padStart(7)}${cells[1]!.padStart(10)}${cells[2]!.padStart(16)}`,
      );
    }
  } finally {
    await kubernetes.stop();
  }
  return 0;
}

function agents(): readonly Agent[] {
  const collector: readonly Agent[] = [
    { title: 'OpenTelemetry Collector', manifests: collectorManifests() },
    { title: 'OpenTelemetry Collector, sanitising', manifests: collectorManifests(maskingProps()) },
  ];
  if (PROMTAIL === undefined) {
    console.error('!!! NOT MEASURED: Promtail. To enable: put promtail into .tools/bin or on PATH');
    return collector;
  }
  const stages = promtailSanitisingStages(sanitising()).map(({ replace }) => ({ replace }));
  return [
    ...collector,
    { title: 'Promtail', promtail: PROMTAIL, manifests: collectorManifests({ agent: 'promtail' }) },
    {
      title: 'Promtail, sanitising',
      promtail: PROMTAIL,
      manifests: collectorManifests({ agent: 'promtail', promtailStages: stages }),
    },
  ];
}

async function measure(kubernetes: Kubernetes, agent: Agent, lines: number): Promise<Result> {
  const root = temporaryDirectory();
  const loki = await startLoki('loki', await lokiProcess(agent.manifests, temporaryDirectory()));
  const kubeconfig = await credentialsOf(kubernetes, agent.manifests, 'log-collector', root);
  const name = `bench-${sequence++}`;
  const pod = await addPod(kubernetes, { namespace: 'shop', name, container: 'web', labels: { app: 'shop' } });
  // Promtail finds only targets that have a file.
  appendLog(root, `${pod.directory}/0.log`, criLine(`the first line of ${name}`));
  const props = { manifests: agent.manifests, root, kubeconfig, lokiPort: Number(new URL(loki.url).port) };
  const running = await (agent.promtail ? startPromtail(agent.promtail, props) : startAgent(agent.title, props));
  const { pid } = running.server;
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', '0', `${pid}`], { stdio: 'ignore' });
  const metric = agent.promtail ? 'promtail_sent_entries_total' : 'otelcol_exporter_sent_log_records';
  await waitFor('the first line', async () => (await total(running.metricsUrl, metric)) >= 1);
  const [before, lokiBefore] = [processorSeconds(pid), processorSeconds(loki.server.pid)];
  const now = Date.now();
  const text = Array.from({ length: lines }, (_, index) => criLine(benchLine(index, now))).join('');
  appendLog(root, `${pod.directory}/0.log`, text);
  await waitFor(`${lines} lines`, async () => (await total(running.metricsUrl, metric)) > lines, {
    timeoutSeconds: 300,
  });
  const used = processorSeconds(pid) - before;
  const lokiUsed = processorSeconds(loki.server.pid) - lokiBefore;
  const peakMib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
  await running.server.stop();
  await loki.server.stop();
  return { linesPerSecond: lines / used, peakMib, lokiLinesPerSecond: lines / lokiUsed };
}

let sequence = 0;

/** User and system time, in the hundredths of a second that Linux counts in. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Sum of a counter over its series. */
async function total(url: string, metric: string): Promise<number> {
  const text = await (await fetch(url)).text();
  return [...text.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
}

void runCommand({ usage: USAGE, run: main, finish: cleanUp });
