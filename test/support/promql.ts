import { parser } from '@prometheus-io/lezer-promql';

/** The names of a query's nodes in their order, with `⚠` for syntax errors. */
export function grammarOf(query: string): string[] {
  const nodes: string[] = [];
  parser.parse(query).iterate({ enter: ({ name }) => void nodes.push(name) });
  return nodes;
}
