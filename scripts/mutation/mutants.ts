import {
  type AlertingRule,
  binaryOf,
  children,
  isConstant,
  nodesOf,
  type PromqlNode,
  textOf,
  unwrapped,
} from '../../rules';

/** A rule with one mistake. */
export interface Mutant {
  /** The change and its place, e.g. `> becomes < in "a > 5"`. */
  readonly change: string;
  readonly rule: AlertingRule;
}

const FLIPPED: Readonly<Record<string, string>> = { '>': '<', '<': '>', '>=': '<', '<=': '>', '==': '!=', '!=': '==' };

/** The mutants of an alert: each comparison inverted, each threshold times and divided by ten, and `for` removed. */
export function mutantsOf(rule: AlertingRule): readonly Mutant[] {
  const edits = comparisons(rule.expr).flatMap((comparison) => [
    flip(rule.expr, comparison),
    ...thresholds(rule.expr, comparison).flatMap((operand) => scale(rule.expr, operand)),
  ]);
  const mutants = edits.map(({ change, expr }) => ({ change, rule: { ...rule, expr } }));
  const { for: waiting, ...immediate } = rule;
  return waiting ? [...mutants, { change: `for: ${waiting} removed`, rule: immediate }] : mutants;
}

interface Edit {
  readonly change: string;
  readonly expr: string;
}

function comparisons(expr: string): PromqlNode[] {
  return nodesOf(expr, 'BinaryExpr').filter((node) => binaryOf(expr, node).operator in FLIPPED);
}

/** The thresholds of a comparison: constant operands, and constant factors of other operands, as in `a > 3 * b`. */
function thresholds(expr: string, comparison: PromqlNode): PromqlNode[] {
  const { left, right } = binaryOf(expr, comparison);
  return [left, right].flatMap((operand) => (isConstant(expr, operand) ? [operand] : factors(expr, operand)));
}

function factors(expr: string, operand: PromqlNode): PromqlNode[] {
  const product = unwrapped(operand);
  if (product.name !== 'BinaryExpr') {
    return [];
  }
  const { left, operator, right } = binaryOf(expr, product);
  return ['*', '/'].includes(operator)
    ? [left, right].flatMap((factor) => (isConstant(expr, factor) ? [factor] : factors(expr, factor)))
    : [];
}

function flip(expr: string, comparison: PromqlNode): Edit {
  const { from, to } = children(comparison)[1]!;
  const operator = expr.slice(from, to);
  const flipped = FLIPPED[operator]!;
  return { change: `${operator} becomes ${flipped}${context(expr, from)}`, expr: splice(expr, from, to, flipped) };
}

function scale(expr: string, operand: PromqlNode): Edit[] {
  const text = textOf(expr, operand);
  // Ten times zero is still zero.
  if (Number(text) === 0) {
    return [];
  }
  const { from, to } = operand;
  return ['* 10', '/ 10'].map((factor) => ({
    change: `${text} becomes ${text} ${factor}${context(expr, from)}`,
    expr: splice(expr, from, to, `(${text} ${factor})`),
  }));
}

function splice(text: string, from: number, to: number, replacement: string): string {
  return text.slice(0, from) + replacement + text.slice(to);
}

/** The line around a position, which tells equal operators apart. */
function context(expr: string, position: number): string {
  const start = expr.lastIndexOf('\n', position - 1) + 1;
  const end = expr.indexOf('\n', position);
  return ` in "${expr.slice(start, end < 0 ? undefined : end).trim()}"`;
}
