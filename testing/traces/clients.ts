import { randomBytes } from 'node:crypto';

/** What a trace of a test looks like. */
export interface TraceShape {
  /** @default 4 */
  readonly spans?: number;
  readonly isError?: boolean;
  /** @default 20 */
  readonly milliseconds?: number;
  /** @default /orders */
  readonly route?: string;
  /** Attributes of every span. @default - none */
  readonly attributes?: { readonly [name: string]: string };
  /** Status message of the failed span. @default failed */
  readonly message?: string;
  /** @default shop */
  readonly service?: string;
}

/** A trace that can be sent. */
export interface Trace {
  readonly traceId: string;
  readonly isError: boolean;
  readonly service: string;
  /** Spans in OTLP's JSON. */
  readonly spans: readonly { readonly spanId: string }[];
}

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** Makes a trace that ends now. Its last span has failed if it is an error. */
export function makeTrace(shape: TraceShape = {}): Trace {
  const { spans = 4, isError = false, milliseconds = 20, route = '/orders', attributes = {}, service = 'shop' } = shape;
  const traceId = randomBytes(16).toString('hex');
  const end = BigInt(Date.now()) * 1_000_000n;
  const ids = Array.from({ length: spans }, () => randomBytes(8).toString('hex'));
  return {
    traceId,
    isError,
    service,
    spans: ids.map((spanId, index) => ({
      traceId,
      spanId,
      parentSpanId: index === 0 ? '' : ids[0],
      name: index === 0 ? `GET ${route}` : `step-${index}`,
      kind: index === 0 ? 2 : 3,
      startTimeUnixNano: `${end - BigInt(milliseconds) * 1_000_000n}`,
      endTimeUnixNano: `${end}`,
      attributes: [
        attribute('http.route', route),
        attribute('http.request.method', 'GET'),
        ...Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      ],
      status: isError && index === spans - 1 ? { code: 2, message: shape.message ?? 'failed' } : {},
    })),
  };
}

/** Sends traces in one request by OTLP over HTTP. Returns whether they were acknowledged. */
export async function sendTraces(address: string, traces: readonly Trace[]): Promise<boolean> {
  return post(`http://${address}:4318/v1/traces`, traceRequest(traces));
}

/** The body of a request with traces. */
export function traceRequest(traces: readonly Trace[]) {
  return {
    resourceSpans: traces.map(({ service, spans }) => ({
      resource: { attributes: [attribute('service.name', service)] },
      scopeSpans: [{ scope: { name: 'test' }, spans }],
    })),
  };
}

/** Sends log records by OTLP over HTTP. */
export async function sendLogs(address: string, logs: readonly { body: string; severity: number }[]): Promise<boolean> {
  return post(`http://${address}:4318/v1/logs`, {
    resourceLogs: [
      {
        resource: { attributes: [attribute('service.name', 'shop')] },
        scopeLogs: [
          {
            logRecords: logs.map(({ body, severity }) => ({
              timeUnixNano: `${BigInt(Date.now()) * 1_000_000n}`,
              severityNumber: severity,
              body: { stringValue: body },
            })),
          },
        ],
      },
    ],
  });
}

/** Sends a point of a counter by OTLP over HTTP. */
export async function sendMetric(address: string, name: string): Promise<boolean> {
  const now = `${BigInt(Date.now()) * 1_000_000n}`;
  const point = { startTimeUnixNano: now, timeUnixNano: now, asInt: '1' };
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] };
  return post(`http://${address}:4318/v1/metrics`, {
    resourceMetrics: [
      {
        resource: { attributes: [attribute('service.name', 'shop')] },
        scopeMetrics: [{ scope: { name: 'test' }, metrics: [{ name, sum }] }],
      },
    ],
  });
}

/** Sends a trace as a client of Zipkin does. */
export async function sendZipkin(address: string, { traceId, spans }: Trace, tags: Record<string, string> = {}) {
  const now = Date.now() * 1000;
  return post(
    `http://${address}:9411/api/v2/spans`,
    spans.map(({ spanId }, index) => ({
      traceId,
      id: spanId,
      parentId: index === 0 ? undefined : spans[0]!.spanId,
      name: `zipkin-${index}`,
      timestamp: now,
      duration: 10_000,
      localEndpoint: { serviceName: 'zipkin-shop' },
      tags,
    })),
  );
}

async function post(url: string, body: unknown): Promise<boolean> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  }).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.ok ?? false;
}

/** Waits for the time of a pace. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Sends traces at a pace until the time is over. Returns what was acknowledged. */
export async function sendFor(
  seconds: number,
  perSecond: number,
  addresses: readonly string[],
  shape: (index: number) => TraceShape,
): Promise<Trace[]> {
  const acknowledged: Trace[] = [];
  const start = Date.now();
  let index = 0;
  while (Date.now() - start < seconds * 1000) {
    const batch = Array.from({ length: Math.ceil(perSecond / 5) }, () => makeTrace(shape(index++)));
    const address = addresses[Math.floor(index / batch.length) % addresses.length]!;
    if (await sendTraces(address, batch)) {
      acknowledged.push(...batch);
    }
    await pause(Math.max(0, start + (index / perSecond) * 1000 - Date.now()));
  }
  return acknowledged;
}
