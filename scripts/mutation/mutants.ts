import {
  binaryOf,
  children,
  isAlertingRule,
  isConstant,
  nodesOf,
  type PromqlNode,
  type Rule,
  textOf,
  unwrapped,
} from '../../rules';

/** A rule with one mistake. */
export interface Mutant<R extends Rule = Rule> {
  /** The change and its place, e.g. `> becomes < in "a > 5"`. */
  readonly change: string;
  readonly rule: R;
}

const FLIPPED: Readonly<Record<string, string>> = { '>': '<', '<': '>', '>=': '<', '<=': '>', '==': '!=', '!=': '==' };
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/**
 * The mutants of a rule: each comparison inverted, each threshold and each window times and divided by ten, each label of
 * an aggregation left out, and `for` and `keep_firing_for` removed.
 */
export function mutantsOf<R extends Rule>(rule: R): readonly Mutant<R>[] {
  const { expr } = rule;
  const edits = [
    ...comparisons(expr).flatMap((comparison) => [
      flip(expr, comparison),
      ...thresholds(expr, comparison).flatMap((operand) => scale(expr, operand)),
    ]),
    ...windows(expr).flatMap((window) => stretch(expr, window)),
    ...groupings(expr).flatMap((grouping) => leaveOut(expr, grouping)),
  ];
  const mutants = edits.map(({ change, expr: changed }) => ({ change, rule: { ...rule, expr: changed } }));
  return [...mutants, ...withoutTimes(rule)];
}

/** The alert without each of its times. */
function withoutTimes<R extends Rule>(rule: R): readonly Mutant<R>[] {
  if (!isAlertingRule(rule)) {
    return [];
  }
  const { for: waiting, ...immediate } = rule;
  const { keep_firing_for: kept, ...forgetful } = rule;
  return [
    ...(waiting ? [{ change: `for: ${waiting} removed`, rule: immediate as R }] : []),
    ...(kept ? [{ change: `keep_firing_for: ${kept} removed`, rule: forgetful as R }] : []),
  ];
}

/** The durations of ranges and of subqueries, the resolution of a subquery apart. */
function windows(expr: string): PromqlNode[] {
  return ['MatrixSelector', 'SubqueryExpr'].flatMap((kind) =>
    nodesOf(expr, kind).map((node) => children(node).find(({ name }) => name === 'DurationExpr')!),
  );
}

function stretch(expr: string, { from, to }: PromqlNode): Edit[] {
  const text = expr.slice(from, to);
  const seconds = [...text.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * UNITS[unit!]!,
    0,
  );
  return [seconds * 10, Math.max(1, Math.round(seconds / 10))].map((other) => ({
    change: `window ${text} becomes ${other}s${context(expr, from)}`,
    expr: splice(expr, from, to, `${other}s`),
  }));
}

/** The label lists of `by` and `without`. */
function groupings(expr: string): PromqlNode[] {
  return nodesOf(expr, 'AggregateModifier').flatMap((modifier) =>
    children(modifier).filter(({ name }) => name === 'GroupingLabels'),
  );
}

function leaveOut(expr: string, list: PromqlNode): Edit[] {
  const labels = children(list)
    .filter(({ name }) => name === 'LabelName')
    .map((label) => textOf(expr, label));
  return labels.map((label) => ({
    change: `label ${label} left out of (${labels.join(', ')})${context(expr, list.from)}`,
    expr: splice(expr, list.from, list.to, `(${labels.filter((other) => other !== label).join(', ')})`),
  }));
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
