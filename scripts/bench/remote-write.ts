/** A series with its labels, sorted by name, and its samples, ordered by time. */
export interface TimeSeries {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly samples: readonly Sample[];
}

/** Value of the sample that ends a series: a NaN of its own, which no number of JavaScript can carry. */
export const STALE = Symbol('stale');

export interface Sample {
  readonly value: number | typeof STALE;
  /** Milliseconds of Unix time. */
  readonly timestamp: number;
}

/**
 * Sends series to a Prometheus in the format of remote write 1.0.
 *
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 * @throws Error when it does not accept all of them
 */
export async function remoteWrite(url: string, series: readonly TimeSeries[]): Promise<void> {
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: snappy(writeRequest(series)),
  });
  if (!response.ok) {
    throw new Error(`${url} rejected the samples with ${response.status}: ${await response.text()}`);
  }
}

/** `prometheus.WriteRequest`: field 1 is the series; in a series field 1 is the labels, field 2 the samples. */
function writeRequest(series: readonly TimeSeries[]): Buffer {
  return Buffer.concat(
    series.map(({ labels, samples }) => {
      const encoded = [...labels.map(label), ...samples.map(sample)];
      const length = encoded.reduce((sum, { length: bytes }) => sum + bytes, 0);
      return Buffer.concat([Buffer.from([0x0a, ...varint(length)]), ...encoded]);
    }),
  );
}

const labels = new Map<string, Buffer>();

/** `prometheus.Label`: field 1 is the name, field 2 the value. Cached, because few labels repeat in many series. */
function label([name, value]: readonly [string, string]): Buffer {
  const key = `${name}\0${value}`;
  const known = labels.get(key);
  if (known) {
    return known;
  }
  const fields = [name, value].map((text) => Buffer.from(text));
  const body = Buffer.concat(
    fields.flatMap((text, index) => [Buffer.from([((index + 1) << 3) | 2, ...varint(text.length)]), text]),
  );
  const encoded = Buffer.concat([Buffer.from([0x0a, ...varint(body.length)]), body]);
  labels.set(key, encoded);
  return encoded;
}

/** Prometheus' `value.StaleNaN`. */
const STALE_BITS = 0x7ff0000000000002n;

/** `prometheus.Sample`: field 1 is the value as a double, field 2 the timestamp. */
function sample({ value, timestamp }: Sample): Buffer {
  const time = varint(timestamp);
  const encoded = Buffer.alloc(12 + time.length);
  encoded[0] = 0x12;
  encoded[1] = 10 + time.length;
  encoded[2] = 0x09;
  if (value === STALE) {
    encoded.writeBigUInt64LE(STALE_BITS, 3);
  } else {
    encoded.writeDoubleLE(value, 3);
  }
  encoded[11] = 0x10;
  encoded.set(time, 12);
  return encoded;
}

function varint(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    bytes.push((rest % 0x80) | 0x80);
  }
  return [...bytes, rest];
}

const LITERAL_BYTES = 0xffff;

/** Snappy's block format with literals only: over loopback, sending the bytes costs less than compressing them. */
function snappy(data: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from(varint(data.length))];
  for (let start = 0; start < data.length; start += LITERAL_BYTES) {
    const literal = data.subarray(start, start + LITERAL_BYTES);
    const tag = Buffer.from([61 << 2, 0, 0]);
    tag.writeUInt16LE(literal.length - 1, 1);
    parts.push(tag, literal);
  }
  return Buffer.concat(parts);
}
