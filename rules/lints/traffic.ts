import { ancestors, binaryOf, isConstant, nodesBelow, nodesOf, type PromqlNode, textOf, unwrapped } from '../promql';
import type { Rule } from '../rule';

const COUNTING_FUNCTIONS = ['Rate', 'Irate', 'Increase'];

/** A record of how often something happened, by its name `level:metric:operations`. */
const COUNTING_RECORD = /:(rate|increase)\d+[smhdwy]$/;

/**
 * A share of what happened says nothing when nothing happened: 0 / 0 is NaN, 1 / 0 is infinite, and one failure of one
 * request is 100%. A divisor that counts events must therefore exceed a number, either as it stands
 * (`a / (b > 0)`) or beside the division (`a / b > 0.1 and b > 1`).
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
  return `expr divides by ${divisor}, which is 0 without traffic: write (${divisor} > 0), or more than 0 where few say little`;
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
  // Nothing that counts falls below zero: a sum exceeds what one of its terms exceeds.
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

/** What a comparison lets through only above a number. */
function exceeded(expr: string, comparison: PromqlNode): string | undefined {
  const { left, operator, right } = binaryOf(expr, comparison);
  const isFilter = nodesBelow(comparison, 'BoolModifier').every(({ parent }) => parent?.from !== comparison.from);
  return isFilter && ['>', '>='].includes(operator) && isConstant(expr, right) ? normalized(expr, left) : undefined;
}

/** The text of a node, without the parentheses around it and laid out on one line. */
function normalized(expr: string, node: PromqlNode): string {
  return textOf(expr, unwrapped(node)).replace(/\s+/g, ' ');
}
