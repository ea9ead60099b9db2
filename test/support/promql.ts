import { parser } from '@prometheus-io/lezer-promql';

/** The nodes of a query in the order in which they stand, with `⚠` for what is no PromQL. */
export function grammarOf(query: string): string[] {
  const nodes: string[] = [];
  parser.parse(query).iterate({ enter: ({ name }) => void nodes.push(name) });
  return nodes;
}
