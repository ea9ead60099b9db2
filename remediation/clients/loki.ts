import * as v from 'valibot';
import { boundedText } from './bounded-text';
import { withTimeout } from './timeout';

/** A line of a log. */
export interface LogLine {
  readonly time: Date;
  readonly text: string;
}

/** Which lines to read. */
export interface LogRange {
  readonly from: Date;
  readonly to: Date;
  /** Largest number of lines. The newest are read. */
  readonly limit: number;
}

/** Reads logs, and the alerts of the rules over them. */
export interface Loki {
  /**
   * Lines that match a log query, oldest first.
   *
   * @throws when no server answers, or the query is invalid
   */
  lines(query: string, range: LogRange, signal?: AbortSignal): Promise<readonly LogLine[]>;
  /**
   * Labels of the alerts of a name that fire, without the external labels.
   *
   * @throws when no server answers
   */
  firing(alert: string): Promise<readonly { readonly [label: string]: string }[]>;
}

/** https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-logs-within-a-range-of-time */
const streams = v.object({
  status: v.literal('success'),
  data: v.object({
    resultType: v.literal('streams'),
    result: v.array(
      v.object({ values: v.array(v.looseTuple([v.pipe(v.string(), v.regex(/^\d{1,19}$/)), v.string()])) }),
    ),
  }),
});

/** https://grafana.com/docs/loki/latest/reference/loki-http-api/#list-alerts */
const alerts = v.object({
  status: v.literal('success'),
  data: v.object({
    alerts: v.array(v.object({ state: v.string(), labels: v.record(v.string(), v.string()) })),
  }),
});

const TIMEOUT_MS = 10_000;
/** Loki cuts lines at 64 KB; twenty of them with their labels. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Queries the replicas of a Loki, one after the other. */
export class LokiClient implements Loki {
  /** @param urls of the replicas that answer queries, and of those that evaluate rules */
  constructor(private readonly urls: { readonly queries: readonly string[]; readonly rules: readonly string[] }) {}

  async lines(query: string, { from, to, limit }: LogRange, signal?: AbortSignal): Promise<readonly LogLine[]> {
    const parameters = new URLSearchParams({
      query,
      start: from.toISOString(),
      end: to.toISOString(),
      limit: `${limit}`,
      direction: 'backward',
    });
    const { data } = await this.ask(this.urls.queries, `/loki/api/v1/query_range?${parameters}`, streams, signal);
    return data.result
      .flatMap(({ values }) => values)
      .map(([nanoseconds, text]) => ({ nanoseconds: BigInt(nanoseconds), text }))
      .sort((one, other) => Number(one.nanoseconds - other.nanoseconds))
      .slice(-limit)
      .map(({ nanoseconds, text }) => ({ time: new Date(Number(nanoseconds / 1_000_000n)), text }));
  }

  async firing(alert: string): Promise<readonly { readonly [label: string]: string }[]> {
    const { data } = await this.ask(this.urls.rules, '/prometheus/api/v1/alerts', alerts);
    return data.alerts
      .filter(({ state, labels }) => state === 'firing' && labels.alertname === alert)
      .map(({ labels }) => labels);
  }

  private async ask<S extends v.GenericSchema>(
    urls: readonly string[],
    path: string,
    schema: S,
    signal?: AbortSignal,
  ): Promise<v.InferOutput<S>> {
    const errors: string[] = [];
    for (const url of urls) {
      try {
        return await askOne(`${url}${path}`, schema, signal);
      } catch (error) {
        errors.push(`${url}: ${(error as Error).message}`);
      }
    }
    throw new Error(`no Loki answered: ${errors.join('; ')}`);
  }
}

async function askOne<S extends v.GenericSchema>(
  url: string,
  schema: S,
  signal?: AbortSignal,
): Promise<v.InferOutput<S>> {
  const response = await fetch(url, { redirect: 'error', signal: withTimeout(TIMEOUT_MS, signal) });
  const text = await boundedText(response, MOST_BYTES);
  if (!response.ok) {
    // Loki answers errors as plain text.
    throw new Error(`it answered ${response.status}: ${text.slice(0, 200)}`);
  }
  const result = v.safeParse(schema, parsed(text));
  if (!result.success) {
    const [issue] = result.issues;
    throw new Error(`the answer is malformed: ${v.getDotPath(issue) ?? 'the body'}: ${issue.message}`);
  }
  return result.output;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
