import { ancestors, children, nodesOf, textOf } from '../promql';
import type { Rule } from '../rule';

/**
 * `count_values` turns each value into a label. Unless an outer aggregation removes that label, every new value is a
 * new series and a new alert. (Another check rejects templates in labels.)
 */
export function valueLabelProblem({ expr }: Rule): string | undefined {
  const kept = nodesOf(expr, 'AggregateExpr')
    .filter((node) => node.firstChild!.firstChild?.name === 'CountValues')
    .find((node) => {
      const label = /["'`](.*)["'`]/.exec(textOf(expr, children(node).at(-1)!.firstChild!))![1]!;
      const outer = ancestors(node).find(({ name }) => name === 'AggregateExpr');
      const grouping = outer && children(outer).find(({ name }) => name === 'AggregateModifier');
      const names: readonly string[] = grouping ? (textOf(expr, grouping).match(/\w+/g) ?? []) : [];
      const isLeftOut = names[0]?.toLowerCase() === 'without' ? names.includes(label) : !names.includes(label);
      return !(outer && isLeftOut);
    });
  return (
    kept && `count_values puts a value into a label that is kept: aggregate it away, e.g. count(${textOf(expr, kept)})`
  );
}
