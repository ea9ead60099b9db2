/** A client of Jaeger's old protocol, for spans in Thrift over HTTP. */

/** A span as the client sends it. Ids are hexadecimal; the trace id has 16 digits, as old clients make them. */
export interface ThriftSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly tags: { readonly [name: string]: string };
}

/**
 * Sends spans of one service. Returns whether they were acknowledged.
 *
 * https://github.com/jaegertracing/jaeger-idl/blob/main/thrift/jaeger.thrift
 */
export async function sendThrift(address: string, service: string, spans: readonly ThriftSpan[]): Promise<boolean> {
  const now = BigInt(Date.now()) * 1000n;
  const batch = struct([
    [12, 1, struct([[11, 1, string(service)]])],
    [
      15,
      2,
      list(
        12,
        spans.map(({ traceId, spanId, name, tags }) =>
          struct([
            [10, 1, i64(BigInt(`0x${traceId}`))],
            [10, 2, i64(0n)],
            [10, 3, i64(BigInt(`0x${spanId}`))],
            [10, 4, i64(0n)],
            [11, 5, string(name)],
            [8, 7, i32(1)],
            [10, 8, i64(now)],
            [10, 9, i64(10_000n)],
            [
              15,
              10,
              list(
                12,
                Object.entries(tags).map(([key, value]) => tag(key, value)),
              ),
            ],
          ]),
        ),
      ),
    ],
  ]);
  const response = await fetch(`http://${address}:14268/api/traces?format=jaeger.thrift`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.apache.thrift.binary' },
    body: new Uint8Array(batch),
  });
  await response.arrayBuffer();
  return response.ok;
}

function tag(key: string, value: string): Buffer {
  return struct([
    [11, 1, string(key)],
    [8, 2, i32(0)],
    [11, 3, string(value)],
  ]);
}

/** A struct in Thrift's binary protocol: type, number and value of each field, and an end. */
function struct(fields: readonly (readonly [number, number, Buffer])[]): Buffer {
  const parts = fields.flatMap(([type, id, value]) => [Buffer.from([type, id >> 8, id & 0xff]), value]);
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function list(type: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([type]), i32(items.length), ...items]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([i32(bytes.length), bytes]);
}

function i32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function i64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt.asIntN(64, value));
  return buffer;
}
