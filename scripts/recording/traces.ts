import type { CollectorConfig } from '../../constructs';
import { Endpoint, Jaeger } from '../../constructs';
import { manifestsOf, testChart } from '../../testing/render';
import { waitFor } from '../../testing/server';
import { makeTrace, sendLogs, sendMetric, sendTraces } from '../../testing/traces/clients';
import { gatewayManifests, places, samplersAt, startGateway, startTraceStore } from '../../testing/traces/platform';
import { type Pod, podAddress, startPod } from '../../testing/traces/pods';
import { startStore } from '../../testing/traces/store';
import { page, type Recorder, type Recording } from './recording';

const GATEWAY = 'otel-collector';
const SAMPLER = 'otel-collector-sampler';
const SPAN_METRICS = 'span-metrics';
const JAEGER = 'jaeger';

/** Beginning of the names of span metrics. */
const SPANS = 'traces_span_metrics';

/** A run in which a metric appears that other runs lack, at the sampler and at the gateway without samplers. */
interface Run {
  /** Metric that the run is about. */
  readonly metric: string;
  /** The status that the stores answer with. */
  readonly status: number;
  /** Change of both. @default - none */
  readonly change?: (config: CollectorConfig) => CollectorConfig;
}

/** Changes the settings of every component of a section. */
const changed = (section: 'processors' | 'exporters', change: (id: string, settings: object) => object) => {
  return (config: CollectorConfig): CollectorConfig => ({
    ...config,
    [section]: Object.fromEntries(
      Object.entries(config[section] ?? {}).map(([id, settings]) => [id, change(id, settings)]),
    ),
  });
};

/** Less memory than the program needs: it refuses all data. */
const SMALL_MEMORY = changed('processors', (id, settings) =>
  id === 'memory_limiter' ? { check_interval: '1s', limit_mib: 5, spike_limit_mib: 1 } : settings,
);

/** A queue that the first request fills. */
const SMALL_QUEUE = changed('exporters', (id, settings) =>
  id === 'prometheus' ? settings : { ...settings, sending_queue: { enabled: true, sizer: 'items', queue_size: 1 } },
);

/** Fewer traces than arrive before a decision. */
const FEW_TRACES = changed('processors', (id, settings) =>
  id.startsWith('tail_sampling') ? { ...settings, num_traces: 10 } : settings,
);

const RUNS: readonly Run[] = [
  { metric: 'otelcol_exporter_sent_spans', status: 200 },
  { metric: 'otelcol_exporter_send_failed_spans', status: 400 },
  { metric: 'otelcol_exporter_enqueue_failed_spans', status: 200, change: SMALL_QUEUE },
  { metric: 'otelcol_processor_memory_limiter_refused_spans', status: 200, change: SMALL_MEMORY },
  {
    metric: 'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early',
    status: 200,
    change: FEW_TRACES,
  },
];

/** The gateway with samplers, without samplers, and Jaeger: with stores that take data or refuse it, and with little room. */
export const recordTraces: Recorder = async () => {
  const pages: { readonly [job: string]: string[] } = {
    [GATEWAY]: [],
    [SAMPLER]: [],
    [SPAN_METRICS]: [],
    [JAEGER]: [],
  };
  const props = { sampling: { percent: 100, decisionSeconds: 1 } };
  for (const { metric, status, change } of RUNS) {
    const store = await startStore(() => status);
    const traceStore = await startTraceStore('record-store', store);
    const replace = places({ traces: traceStore.address, logs: store, metrics: store });
    const tiered = gatewayManifests({ ...props, replicas: 2, samplers: 1 });
    const sampler = await startGateway('record-sampler', {
      manifests: tiered,
      configMap: `${SAMPLER}-config`,
      replace,
      change,
    });
    const front = await startGateway('record-front', {
      manifests: tiered,
      configMap: `${GATEWAY}-config`,
      replace: { ...replace, ...samplersAt([sampler.address]) },
    });
    const single = await startGateway('record-gateway', {
      manifests: gatewayManifests(props),
      configMap: `${GATEWAY}-config`,
      replace,
      change,
    });
    await sendUntil([front, single], async () => {
      const own = await Promise.all([sampler, single].map((pod) => page(metricsUrl(pod))));
      const counted = await Promise.all([front, single].map((pod) => page(metricsUrl(pod, 8889))));
      const isCounted = change !== undefined || counted.every((text) => text.includes(SPANS));
      return own.every((text) => text.includes(metric)) && isCounted;
    });
    pages[SAMPLER]!.push(await page(metricsUrl(sampler)));
    for (const pod of [front, single]) {
      pages[GATEWAY]!.push(await page(metricsUrl(pod)));
      pages[SPAN_METRICS]!.push(await page(metricsUrl(pod, 8889)));
    }
    await Promise.all([sampler, front, single, traceStore].map(({ server }) => server.stop()));
  }
  pages[JAEGER]!.push(...(await jaegerPages()));
  return [GATEWAY, SAMPLER, SPAN_METRICS]
    .map((job): Recording => ({ job, tool: 'otelcol', pages: pages[job]! }))
    .concat({
      job: JAEGER,
      tool: 'jaeger',
      pages: pages[JAEGER]!,
    });
};

const metricsUrl = ({ address }: Pod, port = 8888) => `http://${address}:${port}/metrics`;

/** Sends data to some collectors until a condition holds. */
async function sendUntil(to: readonly Pod[], condition: () => Promise<boolean>): Promise<void> {
  await waitFor('the metrics', async () => {
    for (const { address } of to) {
      await sendTraces(
        address,
        Array.from({ length: 50 }, (_, index) => makeTrace({ isError: index % 5 === 0 })),
      );
      await sendLogs(address, [{ body: 'a line', severity: 17 }]);
      await sendMetric(address, 'orders');
    }
    return condition();
  });
}

async function jaegerPages(): Promise<readonly string[]> {
  const chart = testChart();
  new Jaeger(chart, JAEGER, { prometheus: Endpoint.host('prometheus.example.com', 9090, 'http') });
  const jaeger = await startPod('record-jaeger', {
    manifests: manifestsOf(chart),
    configMap: 'jaeger-config',
    program: 'jaeger',
    files: { 'etc/jaeger': 'jaeger-config' },
    address: podAddress(),
  });
  const trace = makeTrace();
  await sendTraces(jaeger.address, [trace]);
  await fetch(`http://${jaeger.address}:16686/api/traces/${trace.traceId}`);
  await fetch(`http://${jaeger.address}:16686/api/traces/ffffffffffffffffffffffffffffffff`);
  const text = await page(metricsUrl(jaeger));
  await jaeger.server.stop();
  return [text];
}
