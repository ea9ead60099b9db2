import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toYaml } from '../../formats/yaml';
import {
  maskedCounter,
  type SanitisedData,
  type SanitisingOptions,
  sanitising,
  sanitisingProcessors,
} from '../../rules/sanitising';
import { temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { answers, freePorts, type Server, startServer, waitFor } from '../../testing/server';

/** A collector that takes OTLP, masks, counts, and writes what it would send into a file. */
export interface MaskingCollector {
  readonly server: Server;
  /** Sends a request in the JSON form of OTLP and returns what was written for it. */
  send(request: object): Promise<string>;
  /** The counter's metrics. */
  counts(): Promise<string>;
}

/** Starts a collector for records or spans. */
export async function startMasking(
  data: Exclude<SanitisedData, 'lines'>,
  options: SanitisingOptions = {},
  env: NodeJS.ProcessEnv = {},
): Promise<MaskingCollector> {
  const [otlp = 0, health = 0, metrics = 0] = await freePorts(3);
  const signal = data === 'spans' ? 'traces' : 'logs';
  const patterns = sanitising(options);
  const processors = sanitisingProcessors(data, patterns);
  const counter = maskedCounter(data, patterns, '127.0.0.1');
  const root = temporaryDirectory();
  const out = join(root, 'out.json');
  const config = toYaml({
    extensions: { health_check: { endpoint: `127.0.0.1:${health}` } },
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${otlp}` } } } },
    processors: { ...processors, ...counter.processors },
    connectors: counter.connectors,
    exporters: { file: { path: out, flush_interval: '50ms' }, ...counter.exporters },
    service: {
      extensions: ['health_check'],
      telemetry: { logs: { encoding: 'json' }, metrics: { level: 'none' } },
      pipelines: {
        [signal]: {
          receivers: ['otlp'],
          processors: Object.keys(processors),
          exporters: ['file', ...Object.keys(counter.connectors)],
        },
        ...counter.pipelines,
      },
    },
  }).replace(':8889', `:${metrics}`);
  const server = await startServer(`masking-${data}`, {
    command: 'otelcol',
    args: [`--config=${writeInto(root, 'config.yaml', config)}`],
    env,
    ready: () => answers(`http://127.0.0.1:${health}/`),
  });
  return {
    server,
    send: async (request) => {
      const before = existsSync(out) ? readFileSync(out, 'utf8').length : 0;
      const response = await fetch(`http://127.0.0.1:${otlp}/v1/${signal}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
      });
      if (!response.ok) {
        throw new Error(`the collector answered ${response.status}: ${await response.text()}`);
      }
      await waitFor('the record', async () => readFileSync(out, 'utf8').length > before);
      return readFileSync(out, 'utf8').slice(before);
    },
    counts: async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(),
  };
}

/** Attributes in the JSON form of OTLP. */
export function attributes(values: { readonly [name: string]: string | number }): readonly object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
  }));
}
