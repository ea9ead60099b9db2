import { parser } from '@prometheus-io/lezer-promql';
import type { AlertingRule } from '../../rules';

/** A rule with one mistake in it. */
export interface Mutant {
  /** What was changed, e.g. `> becomes <` and where. */
  readonly change: string;
  readonly rule: AlertingRule;
}

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

const FLIPPED: Readonly<Record<string, string>> = { '>': '<', '<': '>', '>=': '<', '<=': '>', '==': '!=', '!=': '==' };

/** An operand that is a number or arithmetic on numbers. */
const CONSTANT = /^[\d\s.+\-*/^()eE]+$/;

/** Each comparison turned round, each threshold ten times as large and as small, and the waiting time left out. */
export function mutantsOf(rule: AlertingRule): readonly Mutant[] {
  const edits = comparisons(rule.expr).flatMap((comparison) => [
    flip(rule.expr, comparison),
    ...operands(comparison).flatMap((operand) => scale(rule.expr, operand)),
  ]);
  const mutants = edits.map(({ change, expr }) => ({ change, rule: { ...rule, expr } }));
  const { for: waiting, ...immediate } = rule;
  return waiting ? [...mutants, { change: `for: ${waiting} left out`, rule: immediate }] : mutants;
}

interface Edit {
  readonly change: string;
  readonly expr: string;
}

function comparisons(expr: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  parser.parse(expr).iterate({
    enter: ({ node }) => {
      if (node.name === 'BinaryExpr' && operatorOf(node, expr)) {
        found.push(node);
      }
    },
  });
  return found;
}

function operatorOf(comparison: SyntaxNode, expr: string): SyntaxNode | undefined {
  return children(comparison).find((node) => expr.slice(node.from, node.to) in FLIPPED);
}

function operands(comparison: SyntaxNode): SyntaxNode[] {
  const all = children(comparison);
  return [all[0]!, all.at(-1)!];
}

function flip(expr: string, comparison: SyntaxNode): Edit {
  const { from, to } = operatorOf(comparison, expr)!;
  const operator = expr.slice(from, to);
  const flipped = FLIPPED[operator]!;
  return { change: `${operator} becomes ${flipped}${context(expr, from)}`, expr: splice(expr, from, to, flipped) };
}

function scale(expr: string, { from, to }: SyntaxNode): Edit[] {
  const text = expr.slice(from, to);
  // Ten times nothing is nothing.
  if (!CONSTANT.test(text) || Number(text) === 0) {
    return [];
  }
  return ['* 10', '/ 10'].map((factor) => ({
    change: `${text} becomes ${text} ${factor}${context(expr, from)}`,
    expr: splice(expr, from, to, `(${text} ${factor})`),
  }));
}

function children(node: SyntaxNode): SyntaxNode[] {
  const all: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    all.push(child);
  }
  return all;
}

function splice(text: string, from: number, to: number, replacement: string): string {
  return text.slice(0, from) + replacement + text.slice(to);
}

/** The line around a position, so that one of several equal operators can be told from the others. */
function context(expr: string, position: number): string {
  const start = expr.lastIndexOf('\n', position - 1) + 1;
  const end = expr.indexOf('\n', position);
  return ` in "${expr.slice(start, end < 0 ? undefined : end).trim()}"`;
}
