import { readFileSync } from 'node:fs';
import type { CollectorConfig } from '../constructs';
import { cleanUp } from '../testing/cleanup';
import { waitFor } from '../testing/server';
import { makeTrace, pause, traceRequest } from '../testing/traces/clients';
import { gatewayManifests, places, startGateway, startTraceStore } from '../testing/traces/platform';
import type { Pod } from '../testing/traces/pods';
import { startStore } from '../testing/traces/store';
import { runCommand } from './command';

const USAGE = `Measures the trace gateway on one core, beside a collector that only passes spans on.

  npm run bench:traces                      ten seconds for each
  npm run bench:traces -- --seconds=30`;

/** Spans of a request: 50 traces of four spans, as an SDK of a busy service sends them. */
const TRACES = 50;
const SPANS = TRACES * 4;

/** Configurations, from the one that does nothing to the deployed one. */
const VARIANTS: readonly { readonly name: string; readonly change: (config: CollectorConfig) => CollectorConfig }[] = [
  { name: 'pass-through', change: passThrough },
  { name: 'gateway without masking', change: withoutMasking },
  { name: 'gateway', change: (config) => config },
];

/** What was measured of a variant. */
interface Result {
  readonly name: string;
  readonly spansPerCpuSecond: number;
  readonly p99Milliseconds: number;
  readonly mebibytes: number;
}

async function main(args: readonly string[]): Promise<number> {
  const seconds = Number(args.find((arg) => arg.startsWith('--seconds='))?.split('=')[1] ?? 10);
  const store = await startTraceStore('bench-store', await startStore());
  const results: Result[] = [];
  for (const { name, change } of VARIANTS) {
    const gateway = await startGateway(`bench-${name.replaceAll(' ', '-')}`, {
      manifests: gatewayManifests({}),
      configMap: 'otel-collector-config',
      replace: places({ traces: store.address }),
      change,
      env: { GOMAXPROCS: '1' },
    });
    results.push(await measure(name, gateway, seconds));
    await gateway.server.stop();
  }
  print(results);
  return 0;
}

/** Sends requests one after the other. The CPU time counts, not the time of the clock: other programs run here too. */
async function measure(name: string, { address, server }: Pod, seconds: number): Promise<Result> {
  const bodies = Array.from({ length: 20 }, () =>
    JSON.stringify(
      traceRequest(
        Array.from({ length: TRACES }, (_, index) => makeTrace({ isError: index % 20 === 0, attributes: ATTRIBUTES })),
      ),
    ),
  );
  const send = async (body: string) => {
    const start = performance.now();
    const response = await fetch(`http://${address}:4318/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    await response.arrayBuffer();
    return { isTaken: response.ok, milliseconds: performance.now() - start };
  };
  await waitFor('the first request', async () => (await send(bodies[0]!)).isTaken);
  const before = cpuSeconds(server.pid);
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const { isTaken, milliseconds } = await send(bodies[times.length % bodies.length]!);
    if (!isTaken) {
      throw new Error(`${name} refused a request`);
    }
    times.push(milliseconds);
  }
  // Decisions come later, and are part of the cost.
  await pause(12_000);
  const cpu = cpuSeconds(server.pid) - before;
  return {
    name,
    spansPerCpuSecond: (times.length * SPANS) / cpu,
    p99Milliseconds: times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!,
    mebibytes: Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024,
  };
}

/** Attributes of a span of a web service. */
const ATTRIBUTES = {
  'url.path': '/orders/12345/items',
  'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  'client.address': '10.2.3.4',
  'db.query.text': 'SELECT * FROM orders WHERE id = ?',
};

/** CPU time of a process in seconds, as `/proc` counts it in hundredths. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function passThrough(config: CollectorConfig): CollectorConfig {
  return {
    extensions: config.extensions,
    receivers: { otlp: config.receivers!.otlp! },
    processors: { memory_limiter: config.processors!.memory_limiter! },
    exporters: { 'otlp_grpc/jaeger': config.exporters!['otlp_grpc/jaeger']! },
    service: {
      ...config.service,
      pipelines: {
        traces: { receivers: ['otlp'], processors: ['memory_limiter'], exporters: ['otlp_grpc/jaeger'] },
      },
    },
  };
}

function withoutMasking(config: CollectorConfig): CollectorConfig {
  const pipelines = Object.entries(config.service.pipelines).map(([id, pipeline]) => [
    id,
    { ...pipeline, processors: pipeline.processors?.filter((processor) => !processor.startsWith('transform/')) },
  ]);
  return { ...config, service: { ...config.service, pipelines: Object.fromEntries(pipelines) } };
}

function print(results: readonly Result[]): void {
  const [base] = results;
  console.log(
    '| collector | spans per CPU second | of pass-through | p99 of a request | memory |\n|---|---|---|---|---|',
  );
  for (const { name, spansPerCpuSecond, p99Milliseconds, mebibytes } of results) {
    const factor = base!.spansPerCpuSecond / spansPerCpuSecond;
    const cells = [
      name,
      Math.round(spansPerCpuSecond).toLocaleString('en-US'),
      `1/${factor.toFixed(1)}`,
      `${Math.round(p99Milliseconds)} ms`,
      `${Math.round(mebibytes)} MiB`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

runCommand({ usage: USAGE, run: main, finish: cleanUp });
