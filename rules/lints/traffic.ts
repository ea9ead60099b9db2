import { ancestors, binaryOf, isConstant, nodesBelow, nodesOf, type PromqlNode, textOf, unwrapped } from '../promql';
import type { Rule } from '../rule';

const COUNTING_FUNCTIONS = ['Rate', 'Irate', 'Increase'];

/** Name of a record that counts events, such as `job:requests:rate5m`. */
const COUNTING_RECORD = /:(rate|increase)\d+[smhdwy]$/;

/**
 * Without traffic a ratio of events is meaningless: 0 / 0 is NaN, 1 / 0 is infinite, and one failed request of one is
 * 100%. So a divisor that counts events needs a lower bound, either itself (`a / (b > 0)`) or beside the division
 * (`a / b > 0.1 and b > 1`).
 */
export function trafficProblem({ expr }: Rule): string | undefined {
  const unguarded = nodesOf(expr, 'BinaryExpr').find((node) => {
    const { operator, right } = binaryOf(expr, node);
    return operator === '/' && countsEvents(expr, right) && !isGuarded(expr, node, right);
  });
  if (!unguarded) {
    return undefined;
  }
  const divisor = normalized(expr, binaryOf(expr, unguarded).right);
  return `expr divides by ${divisor}, which is 0 without traffic: write (${divisor} > 0), or require more than a few events`;
}

function countsEvents(expr: string, divisor: PromqlNode): boolean {
  return (
    nodesBelow(divisor, 'FunctionIdentifier').some(({ firstChild }) => COUNTING_FUNCTIONS.includes(firstChild!.name)) ||
    nodesBelow(divisor, 'Identifier').some((name) => COUNTING_RECORD.test(textOf(expr, name)))
  );
}

function isGuarded(expr: string, division: PromqlNode, divisor: PromqlNode): boolean {
  const isExceeding = (node: PromqlNode) => node.name === 'BinaryExpr' && exceeded(expr, node) !== undefined;
  if (isExceeding(unwrapped(divisor))) {
    return true;
  }
  // Counts are never negative, so a sum exceeds whatever one of its terms exceeds.
  const wanted = termsOf(expr, divisor).map((term) => normalized(expr, term));
  const conditions = ancestors(division)
    .filter(({ name }) => name === 'BinaryExpr')
    .filter((node) => binaryOf(expr, node).operator === 'and')
    .flatMap((node) => nodesBelow(node, 'BinaryExpr'));
  return conditions.some((node) => wanted.includes(exceeded(expr, node) ?? ''));
}

/** A sum and its terms. */
function termsOf(expr: string, sum: PromqlNode): PromqlNode[] {
  const node = unwrapped(sum);
  if (node.name !== 'BinaryExpr' || binaryOf(expr, node).operator !== '+') {
    return [node];
  }
  const { left, right } = binaryOf(expr, node);
  return [node, ...termsOf(expr, left), ...termsOf(expr, right)];
}

/** The operand that a comparison filters by a lower bound, such as `a` in `a > 5`. */
function exceeded(expr: string, comparison: PromqlNode): string | undefined {
  const { left, operator, right } = binaryOf(expr, comparison);
  const isFilter = nodesBelow(comparison, 'BoolModifier').every(({ parent }) => parent?.from !== comparison.from);
  return isFilter && ['>', '>='].includes(operator) && isConstant(expr, right) ? normalized(expr, left) : undefined;
}

/** The text of a node on one line, without its outer parentheses. */
function normalized(expr: string, node: PromqlNode): string {
  return textOf(expr, unwrapped(node)).replace(/\s+/g, ' ');
}
