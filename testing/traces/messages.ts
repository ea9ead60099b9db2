import { gunzipSync } from 'node:zlib';

/** A span as tests read it. Ids are hexadecimal. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly isError: boolean;
}

/** A log record as tests read it. */
export interface ReceivedLog {
  readonly body: string;
  readonly severity: number;
}

/** What a request of OTLP carries. */
export interface Received {
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  /** Names of metrics. */
  readonly metrics: readonly string[];
}

/** Decodes a request of OTLP over HTTP: protobuf, compressed or not. Path decides about the message. */
export function decode(path: string, body: Buffer, encoding: string | undefined): Received {
  const bytes = encoding === 'gzip' ? gunzipSync(body) : body;
  const resources = fields(bytes, 1);
  const scopes = (resource: Buffer) => fields(resource, 2);
  return {
    spans: path.endsWith('/v1/traces')
      ? resources.flatMap((resource) => {
          const service = serviceOf(resource);
          return scopes(resource).flatMap((scope) => fields(scope, 2).map((span) => spanOf(span, service)));
        })
      : [],
    logs: path.endsWith('/v1/logs')
      ? resources.flatMap((resource) => scopes(resource).flatMap((scope) => fields(scope, 2).map(logOf)))
      : [],
    metrics: path.endsWith('/v1/metrics')
      ? resources.flatMap((resource) =>
          scopes(resource).flatMap((scope) => fields(scope, 2).map((one) => text(one, 1))),
        )
      : [],
  };
}

/** Field numbers: https://github.com/open-telemetry/opentelemetry-proto */
function spanOf(span: Buffer, service: string): ReceivedSpan {
  return {
    service,
    name: text(span, 5),
    traceId: fields(span, 1)[0]?.toString('hex') ?? '',
    spanId: fields(span, 2)[0]?.toString('hex') ?? '',
    isError: fields(span, 15).some((status) => number(status, 3) === 2),
  };
}

function logOf(log: Buffer): ReceivedLog {
  return { body: fields(log, 5).map((value) => text(value, 1))[0] ?? '', severity: number(log, 2) };
}

function serviceOf(resource: Buffer): string {
  const attributes = fields(resource, 1).flatMap((inner) => fields(inner, 1));
  const service = attributes.find((attribute) => text(attribute, 1) === 'service.name');
  return service ? (fields(service, 2).map((value) => text(value, 1))[0] ?? '') : '';
}

function text(message: Buffer, field: number): string {
  return fields(message, field)[0]?.toString() ?? '';
}

function number(message: Buffer, wanted: number): number {
  const [, value] = parse(message).find(([field]) => field === wanted) ?? [];
  return typeof value === 'number' ? value : 0;
}

/** Every value of a length-delimited field. */
function fields(message: Buffer, wanted: number): Buffer[] {
  return parse(message).flatMap(([field, value]) => (field === wanted && Buffer.isBuffer(value) ? [value] : []));
}

/** The fields of a protobuf message: bytes, or numbers. Fixed-width fields are left out. */
function parse(message: Buffer): [number, Buffer | number][] {
  const found: [number, Buffer | number][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        return value;
      }
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    if (type === 2) {
      const length = varint();
      found.push([field, message.subarray(at, at + length)]);
      at += length;
    } else if (type === 0) {
      found.push([field, varint()]);
    } else {
      at += type === 1 ? 8 : 4;
    }
  }
  return found;
}
