import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { maskingProps } from '../../constructs';
import { MASKED_METRIC } from '../../rules/sanitising';
import { startKubernetes } from '../../testing/kubernetes';
import {
  addEvent,
  addPod,
  appendLog,
  collectorManifests,
  credentialsOf,
  criLine,
  type StartedAgent,
  startAgent,
} from '../../testing/log-collector';
import { NAMESPACE } from '../../testing/render';
import { waitFor } from '../../testing/server';
import { page, type Recorder } from './recording';

/** A run of a collector that has a metric which others lack. */
interface Step {
  readonly name: string;
  /** The status that Loki answers with. */
  readonly status: number;
  /** The metric that the step is about. */
  readonly metric: string;
  readonly change?: StartedAgent['change'];
}

const AGENT = 'log-collector';
const EVENTS = 'log-collector-events';
const MASKED = 'log-collector-masked';

/** Less memory than the program needs: it refuses every line. */
const small = (config: string) =>
  config.replace('limit_percentage: 80', 'limit_mib: 5').replace('spike_limit_percentage: 20', 'spike_limit_mib: 1');

const STEPS: readonly Step[] = [AGENT, EVENTS].flatMap((name) => [
  { name, status: 200, metric: 'otelcol_exporter_sent_log_records' },
  { name, status: 400, metric: 'otelcol_exporter_send_failed_log_records' },
  { name, status: 200, metric: 'otelcol_processor_memory_limiter_refused_log_records', change: small },
]);

/** The agent of a node and the collector of events: with a Loki that takes lines or rejects them, and without memory. */
export const recordLogCollector: Recorder = async ({ root }) => {
  const kubernetes = await startKubernetes();
  let status = 200;
  const loki = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => loki.listen(0, '127.0.0.1', resolve));
  const { port } = loki.address() as AddressInfo;
  const manifests = collectorManifests(maskingProps());
  await kubernetes.kubectl('create', 'namespace', NAMESPACE);
  const pod = await addPod(kubernetes, { namespace: 'shop', name: 'web', container: 'web', labels: { app: 'shop' } });
  const pages: { readonly [name: string]: string[] } = { [AGENT]: [], [EVENTS]: [], [MASKED]: [] };
  for (const { name, metric, change, ...step } of STEPS) {
    status = step.status;
    const kubeconfig = await credentialsOf(kubernetes, manifests, name, root);
    const agent = await startAgent(name, { manifests, name, root, kubeconfig, lokiPort: port, change });
    await waitFor(metric, async () => {
      appendLog(root, `${pod.directory}/0.log`, criLine('password=not-a-real-one'));
      await addEvent(kubernetes, 'shop');
      return (await page(agent.metricsUrl)).includes(metric);
    });
    pages[name]!.push(await page(agent.metricsUrl));
    if (name === AGENT && status === 200 && !change) {
      await waitFor(MASKED_METRIC, async () => (await page(agent.counterUrl!)).includes(MASKED_METRIC));
      pages[MASKED]!.push(await page(agent.counterUrl!));
    }
    await agent.server.stop();
  }
  loki.close();
  await kubernetes.stop();
  return [AGENT, EVENTS, MASKED].map((job) => ({ job, tool: 'otelcol', pages: pages[job]! }));
};
