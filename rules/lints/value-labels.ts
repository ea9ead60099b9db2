import { ancestors, children, nodesOf, textOf } from '../promql';
import type { Rule } from '../rule';

/**
 * `count_values` makes a label of each value. Unless it is aggregated away at once, every new value makes a new series,
 * and a new alert. (Templates in labels are refused by a check of their own.)
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
    kept && `count_values puts a value into a label that stays: aggregate it away, e.g. count(${textOf(expr, kept)})`
  );
}
