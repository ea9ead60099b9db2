import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stopAtEnd } from '../cleanup';
import { decode, type ReceivedLog, type ReceivedSpan } from './messages';

/** A request as a rule sees it. */
export interface StoreRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An OTLP/HTTP endpoint that counts. */
export interface TelemetryStore {
  readonly url: string;
  /** Every span that was accepted, in the order of arrival. */
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  /** Names of the metrics that were accepted. */
  readonly metrics: readonly string[];
  /** Requests that were answered, with the status. */
  readonly answers: readonly (StoreRequest & { readonly status: number })[];
  /** Spans by their id that arrived more than once. */
  duplicates(): number;
  /** Number of different spans. */
  unique(): number;
}

/**
 * Starts an endpoint.
 *
 * @param rule the status of a request; an endpoint of a vendor refuses what does not follow its published format
 */
export async function startStore(rule: (request: StoreRequest) => number = () => 200): Promise<TelemetryStore> {
  const spans: ReceivedSpan[] = [];
  const logs: ReceivedLog[] = [];
  const metrics: string[] = [];
  const answers: (StoreRequest & { status: number })[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers };
      const status = rule(request);
      answers.push({ ...request, status });
      if (status === 200) {
        const received = decode(request.path, Buffer.concat(chunks), incoming.headers['content-encoding']);
        spans.push(...received.spans);
        logs.push(...received.logs);
        metrics.push(...received.metrics);
      }
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stopAtEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  const unique = () => new Set(spans.map(({ spanId }) => spanId)).size;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    logs,
    metrics,
    answers,
    unique,
    duplicates: () => spans.length - unique(),
  };
}
