import * as v from 'valibot';
import { CLOCK_TOLERANCE_SECONDS } from '../times';
import { withTimeout } from './timeout';

/** A series and its value at one instant. */
export interface Sample {
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
}

/** Queries Prometheus. Answers that may be incomplete or old are errors: nothing may be concluded from them. */
export interface Prometheus {
  /**
   * Evaluates an instant query.
   *
   * @throws when no server answers completely, or the query is invalid
   */
  query(query: string, signal?: AbortSignal): Promise<readonly Sample[]>;
  /**
   * Evaluates an instant query on every server, and returns the samples of all. A server that has just started has no
   * data yet, so the answer of one alone could miss a firing alert.
   *
   * @throws when no server answers completely, or the query is invalid
   */
  queryAny(query: string): Promise<readonly Sample[]>;
}

/** As Go writes numbers. */
const NUMBER = /^(NaN|[+-]?Inf|[+-]?\d+(\.\d+)?(e[+-]?\d+)?)$/;

/** https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview */
const answer = v.object({
  status: v.literal('success'),
  data: v.object({
    resultType: v.literal('vector'),
    // Histograms have no `value`.
    result: v.array(
      v.object({
        metric: v.record(v.string(), v.string()),
        value: v.tuple([v.number(), v.pipe(v.string(), v.regex(NUMBER))]),
      }),
    ),
  }),
});

const TIMEOUT_MS = 10_000;

/** A proxy may answer with what it has kept. Prometheus evaluates an instant query now, by its own clock. */
const OLDEST_SECONDS = CLOCK_TOLERANCE_SECONDS;

/** Queries Prometheus replicas that scrape the same targets. */
export class PrometheusClient implements Prometheus {
  constructor(private readonly urls: readonly string[]) {}

  async query(query: string, signal?: AbortSignal): Promise<readonly Sample[]> {
    const errors: string[] = [];
    for (const url of this.urls) {
      try {
        return await queryOne(url, query, signal);
      } catch (error) {
        errors.push(`${url}: ${(error as Error).message}`);
      }
    }
    throw new Error(`no Prometheus answered: ${errors.join('; ')}`);
  }

  async queryAny(query: string): Promise<readonly Sample[]> {
    const answers = await Promise.allSettled(this.urls.map((url) => queryOne(url, query)));
    if (answers.every(({ status }) => status === 'rejected')) {
      const errors = answers.map((answer, index) => `${this.urls[index]}: ${(answer as PromiseRejectedResult).reason}`);
      throw new Error(`no Prometheus answered: ${errors.join('; ')}`);
    }
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  }
}

async function queryOne(url: string, query: string, signal?: AbortSignal): Promise<readonly Sample[]> {
  const response = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ query }),
    signal: withTimeout(TIMEOUT_MS, signal),
  });
  return samplesOf(response.ok, response.status, await response.text());
}

/** @throws when the answer is an error, incomplete, malformed or old */
function samplesOf(ok: boolean, status: number, text: string): readonly Sample[] {
  const body = parsed(text);
  if (!ok || body?.error !== undefined) {
    throw new Error(`it answered ${status}: ${body?.error ?? text.slice(0, 200)}`);
  }
  // Thanos, Mimir and Prometheus itself: a part of the data could not be read, or the result may be wrong.
  if (body?.warnings !== undefined && !(Array.isArray(body.warnings) && body.warnings.length === 0)) {
    throw new Error(`the answer may be incomplete: ${JSON.stringify(body.warnings).slice(0, 200)}`);
  }
  const result = v.safeParse(answer, body);
  if (!result.success) {
    const type = (body?.data as { readonly resultType?: unknown } | undefined)?.resultType;
    const [issue] = result.issues;
    throw new Error(
      type !== undefined && type !== 'vector'
        ? `the query yields a ${type}: write one that yields a vector`
        : `the answer is malformed: ${v.getDotPath(issue) ?? 'the body'}: ${issue.message}`,
    );
  }
  return result.output.data.result.map(({ metric, value: [time, value] }) => {
    const age = Date.now() / 1000 - time;
    if (!(Math.abs(age) <= OLDEST_SECONDS)) {
      throw new Error(`the answer is for a time ${Math.round(age)} s ago: compare the clocks`);
    }
    return { labels: metric, value: numberOf(value) };
  });
}

function parsed(text: string): { readonly [field: string]: unknown } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JavaScript knows `Infinity`, and Prometheus writes `+Inf`. */
function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
