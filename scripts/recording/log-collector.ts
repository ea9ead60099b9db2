import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startKubernetes } from '../../testing/kubernetes';
import {
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

/** The agent of a node, and the collector of events: with a Loki that takes lines, with one that refuses them, and without memory. */
export const recordLogCollector: Recorder = async ({ root }) => {
  const kubernetes = await startKubernetes();
  let status = 200;
  const loki = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => loki.listen(0, '127.0.0.1', resolve));
  const manifests = collectorManifests();
  await kubernetes.kubectl('create', 'namespace', NAMESPACE);
  const pod = await addPod(kubernetes, { namespace: 'shop', name: 'web', container: 'web', labels: { app: 'shop' } });
  const pages: string[] = [];
  const record = async (name: string, change: StartedAgent['change'], metric: string) => {
    const kubeconfig = await credentialsOf(kubernetes, manifests, name, root);
    const { port } = loki.address() as AddressInfo;
    const agent = await startAgent(name, { manifests, name, root, kubeconfig, lokiPort: port, change });
    appendLog(root, `${pod.directory}/0.log`, criLine('a line'));
    await waitFor(metric, async () => (await page(agent.metricsUrl)).includes(metric));
    pages.push(await page(agent.metricsUrl));
    await agent.server.stop();
  };
  const agent = 'log-collector';
  await record(agent, undefined, 'otelcol_exporter_sent_log_records');
  status = 400;
  await record(agent, undefined, 'otelcol_exporter_send_failed_log_records');
  const small = (config: string) =>
    config.replace('limit_percentage: 80', 'limit_mib: 5').replace('spike_limit_percentage: 20', 'spike_limit_mib: 1');
  await record(agent, small, 'otelcol_processor_memory_limiter_refused_log_records');
  loki.close();
  await kubernetes.stop();
  return [{ job: agent, tool: 'otelcol', pages }];
};
