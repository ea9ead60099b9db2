import { parser } from '@prometheus-io/lezer-promql';

/**
 * Where a PromQL expression does not parse.
 *
 * Checks the syntax alone; types and functions are checked by promtool.
 *
 * @returns the text at the first error, or `undefined` when the expression parses
 */
export function promqlSyntaxError(expr: string): string | undefined {
  let error: string | undefined;
  parser.parse(expr).iterate({
    enter: (node) => {
      if (node.type.isError && error === undefined) {
        error = expr.slice(node.from, node.from + 40).trim() || 'the end of the expression';
      }
    },
  });
  return error;
}
