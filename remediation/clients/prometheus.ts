import { withTimeout } from './timeout';

/** A series and its value at one instant. */
export interface Sample {
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
}

/** Queries Prometheus. */
export interface Prometheus {
  /**
   * Evaluates an instant query.
   *
   * @throws when no server answers, or the query is invalid
   */
  query(query: string, signal?: AbortSignal): Promise<readonly Sample[]>;
  /**
   * Evaluates an instant query on every server, and returns the samples of all. A server that has just started has no
   * data yet, so the answer of one alone could miss a firing alert.
   *
   * @throws when no server answers, or the query is invalid
   */
  queryAny(query: string): Promise<readonly Sample[]>;
}

interface QueryResponse {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly { readonly metric: Sample['labels']; readonly value: readonly [number, string] }[];
  };
}

const TIMEOUT_MS = 10_000;

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
  const body = (await response.json()) as QueryResponse;
  if (body.status !== 'success' || body.data?.resultType !== 'vector') {
    throw new Error(body.error ?? `the query yields a ${body.data?.resultType}: write one that yields a vector`);
  }
  return body.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}
