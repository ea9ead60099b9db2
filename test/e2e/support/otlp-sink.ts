import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The fields of a span that tests read. */
export interface Span {
  readonly service: string;
  readonly name: string;
  /** Hexadecimal, lower case. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
}

export interface OtlpSink {
  /** `http://127.0.0.1:…`, without a path. */
  readonly url: string;
  readonly spans: readonly Span[];
  stop(): Promise<void>;
}

/** Starts an OTLP/HTTP receiver that stores spans, sent as JSON or protobuf. */
export async function startOtlpSink(): Promise<OtlpSink> {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const isJson = request.headers['content-type']?.startsWith('application/json');
      spans.push(...(isJson ? spansOfJson(JSON.parse(body.toString())) : spansOfProtobuf(body)));
      response.writeHead(200, { 'content-type': request.headers['content-type'] }).end(isJson ? '{}' : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** https://github.com/open-telemetry/opentelemetry-proto, `ExportTraceServiceRequest` in its JSON form. */
interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly (Omit<Span, 'service'> & { parentSpanId?: string })[] }[];
  }[];
}

function spansOfJson({ resourceSpans }: TraceRequest): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId = '' }) => ({ service, name, traceId, spanId, parentSpanId })),
    );
  });
}

/** Field numbers in the protobuf messages of that definition. */
const FIELDS = {
  resourceSpans: 1,
  resource: 1,
  attributes: 1,
  key: 1,
  value: 2,
  stringValue: 1,
  scopeSpans: 2,
  spans: 2,
  traceId: 1,
  spanId: 2,
  parentSpanId: 4,
  name: 5,
} as const;

function spansOfProtobuf(body: Buffer): Span[] {
  return messages(body, FIELDS.resourceSpans).flatMap((resourceSpans) => {
    const attributes = messages(resourceSpans, FIELDS.resource).flatMap((resource) =>
      messages(resource, FIELDS.attributes),
    );
    const nameOf = attributes.find((attribute) => text(attribute, FIELDS.key) === 'service.name');
    const service = messages(nameOf, FIELDS.value).map((value) => text(value, FIELDS.stringValue))[0] ?? '';
    return messages(resourceSpans, FIELDS.scopeSpans)
      .flatMap((scope) => messages(scope, FIELDS.spans))
      .map((span) => ({
        service,
        name: text(span, FIELDS.name),
        traceId: messages(span, FIELDS.traceId)[0]!.toString('hex'),
        spanId: messages(span, FIELDS.spanId)[0]!.toString('hex'),
        parentSpanId: messages(span, FIELDS.parentSpanId)[0]?.toString('hex') ?? '',
      }));
  });
}

function text(message: Buffer, field: number): string {
  return messages(message, field)[0]?.toString() ?? '';
}

/** Every value of a length-delimited field (message, string, bytes). */
function messages(message: Buffer | undefined, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = message![at++]!;
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 0x80) {
        return value;
      }
    }
  };
  while (message && at < message.length) {
    const tag = varint();
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    if (type === 2) {
      const length = varint();
      if (field === wanted) {
        found.push(message.subarray(at, at + length));
      }
      at += length;
    } else if (type === 0) {
      varint();
    } else {
      at += type === 1 ? 8 : 4;
    }
  }
  return found;
}
