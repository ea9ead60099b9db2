import type { Manifest } from '../../../testing/manifests';
import { freePorts, getJson } from '../../../testing/server';
import { type LokiProcess, layOutRules } from './loki';

/** Loki as a process, for a test that stops and starts it. */
export async function lokiProcess(manifests: readonly Manifest[], root: string): Promise<LokiProcess> {
  layOutRules(manifests, root);
  return { manifests, root, ports: await freePorts(3) };
}

/** A line in Loki with every label and all structured metadata. */
export interface StoredLine {
  readonly labels: { readonly [name: string]: string };
  readonly nanoseconds: string;
  readonly line: string;
}

/** Every line that matches a query, page by page. */
export async function storedLines(url: string, logql: string, since = 3600): Promise<readonly StoredLine[]> {
  const limit = 5000;
  const found: StoredLine[] = [];
  let start = BigInt(Date.now() - since * 1000) * 1_000_000n;
  for (;;) {
    const parameters = new URLSearchParams({
      query: logql,
      start: `${start}`,
      end: `${BigInt(Date.now() + 60_000) * 1_000_000n}`,
      limit: `${limit}`,
      direction: 'forward',
    });
    const { data } = await getJson<{
      data: { result: readonly { stream: StoredLine['labels']; values: readonly (readonly [string, string])[] }[] };
    }>(`${url}/loki/api/v1/query_range?${parameters}`);
    const page = data.result
      .flatMap(({ stream, values }) => values.map(([nanoseconds, line]) => ({ labels: stream, nanoseconds, line })))
      .sort((a, b) => (BigInt(a.nanoseconds) < BigInt(b.nanoseconds) ? -1 : 1));
    found.push(...page);
    if (page.length < limit) {
      return found;
    }
    // Each line of the tests has a time of its own, so no line is on two pages.
    start = BigInt(page.at(-1)!.nanoseconds) + 1n;
  }
}
