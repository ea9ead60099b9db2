import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Metrics } from '../../remediation/audit/metrics';
import { ROOT } from '../../tools/catalogue';
import type { Recorder } from './recording';

/** A metric of prom-client, of any type. */
interface Instrument {
  readonly name: string;
  readonly labelNames?: readonly string[];
  inc?(labels: object, value?: number): void;
  set?(labels: object, value: number): void;
  observe?(labels: object, value: number): void;
}

/**
 * The metrics that the webhook's server registers. Each is used once here, because a metric with labels has no series
 * before its first event.
 */
export const recordWebhook: Recorder = async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  const { registry } = new Metrics([], version);
  for (const instrument of registry.getMetricsAsArray() as unknown as Instrument[]) {
    if (instrument.name.startsWith('remediation_')) {
      const labels = Object.fromEntries((instrument.labelNames ?? []).map((label) => [label, 'recorded']));
      (instrument.set ?? instrument.inc ?? instrument.observe)?.call(instrument, labels, 1);
    }
  }
  // It has series only after a garbage collection, and nothing reads it.
  registry.removeSingleMetric('nodejs_gc_duration_seconds');
  // Node counts its open handles: a listening server is one.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const page = await registry.metrics();
  server.close();
  return [{ job: 'remediation-webhook', tool: 'remediation-webhook', version, pages: [page] }];
};
