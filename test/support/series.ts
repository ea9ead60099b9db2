import { parser } from '@prometheus-io/lezer-promql';

/** Names of the series that a PromQL expression reads. */
export function seriesIn(expr: string): string[] {
  const names = new Set<string>();
  parser.parse(expr).iterate({
    enter: ({ name, node, from, to }) => {
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') {
        names.add(expr.slice(from, to));
      }
    },
  });
  return [...names];
}
