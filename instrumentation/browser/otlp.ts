/** A value of an attribute. `undefined` leaves the attribute out. */
export type AttributeValue = string | number | boolean | undefined;

/** Attributes of a span. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A span that has ended. */
export interface SpanData {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1 is internal, 3 is client. https://github.com/open-telemetry/opentelemetry-proto, `SpanKind` */
  readonly kind: 1 | 3;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** Milliseconds since 1970. */
  readonly end: number;
  readonly attributes: Attributes;
  /** Message of the error that the span ended with. */
  readonly error?: string;
}

const LONGEST_TEXT = 512;

/** Spans as an `ExportTraceServiceRequest` in JSON. */
export function traceRequest(resource: Attributes, spans: readonly SpanData[]): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource) },
        scopeSpans: [{ scope: { name: 'sightedit-monitoring/browser' }, spans: spans.map(spanOf) }],
      },
    ],
  });
}

function spanOf({ start, end, attributes, error, parentSpanId, ...span }: SpanData) {
  return {
    ...span,
    ...(parentSpanId ? { parentSpanId } : {}),
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(Math.max(start, end)),
    attributes: keyValues(attributes),
    status: error === undefined ? {} : { code: 2, message: error.slice(0, LONGEST_TEXT) },
  };
}

/** 64-bit integers are texts in JSON. Milliseconds have microseconds as their fraction. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1_000)}000`;
}

function keyValues(attributes: Attributes) {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: string | number | boolean) {
  if (typeof value === 'boolean') {
    return { boolValue: value };
  }
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { intValue: `${value}` } : { doubleValue: value };
  }
  return { stringValue: value.slice(0, LONGEST_TEXT) };
}

/** A random id of some bytes, in hexadecimal. */
export function randomId(bytes: 8 | 16): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Sends spans in batches. */
export class Exporter {
  private queue: SpanData[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;

  /** @param send does not reject @returns whether the collector took the batch */
  constructor(
    private readonly resource: Attributes,
    private readonly send: (body: string, last: boolean) => Promise<boolean>,
    private readonly batch = { delayMs: 2_000, size: 50, most: 500 },
  ) {}

  /** Queues a span. While the collector is away, the newest 500 wait for it. */
  add(span: SpanData): void {
    this.queue = [...this.queue, span].slice(-this.batch.most);
    this.schedule(this.queue.length >= this.batch.size && this.failures === 0 ? 0 : this.delay());
  }

  /** Sends what is queued. @param last whether the page ends @default false */
  async flush(last = false): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const spans = this.queue.splice(0, this.batch.size);
    if (spans.length === 0) {
      return;
    }
    const taken = await this.send(traceRequest(this.resource, spans), last);
    this.failures = taken ? 0 : this.failures + 1;
    if (!taken) {
      this.queue = [...spans, ...this.queue].slice(-this.batch.most);
    }
    if (this.queue.length > 0 && last && taken) {
      await this.flush(last);
    } else if (this.queue.length > 0 && !last) {
      this.schedule(this.delay());
    }
  }

  /** After failures, batches become rare: 4 s, 8 s, … a minute. */
  private delay(): number {
    return Math.min(60_000, this.batch.delayMs * 2 ** this.failures);
  }

  private schedule(milliseconds: number): void {
    this.timer ??= setTimeout(() => void this.flush(), milliseconds);
  }
}
