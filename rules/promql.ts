import { parser } from '@prometheus-io/lezer-promql';

/** A node of the tree of an expression. */
export type PromqlNode = ReturnType<typeof parser.parse>['topNode'];

/** A condition on a label of a selector, e.g. `le="0.5"`. */
export interface LabelMatcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** What an expression reads: the series of a name that match. */
export interface Selector {
  /** Empty when the selector names no metric. */
  readonly metric: string;
  readonly matchers: readonly LabelMatcher[];
}

/** An operand that is a number or arithmetic on numbers. */
const CONSTANT = /^[\d\s.+\-*/^()eE]+$/;

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

/** The nodes of a kind in an expression, those further up and to the left first. */
export function nodesOf(expr: string, kind: string): PromqlNode[] {
  return nodesBelow(parser.parse(expr).topNode, kind);
}

/** The nodes of a kind in a part of an expression, the part itself among them. */
export function nodesBelow(root: PromqlNode, kind: string): PromqlNode[] {
  const found: PromqlNode[] = [];
  root.cursor().iterate(({ node }) => {
    if (node.name === kind) {
      found.push(node);
    }
  });
  return found;
}

export function children(node: PromqlNode): PromqlNode[] {
  const all: PromqlNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    all.push(child);
  }
  return all;
}

/** The nodes above a node, the nearest first. */
export function ancestors(node: PromqlNode): PromqlNode[] {
  const all: PromqlNode[] = [];
  for (let parent = node.parent; parent; parent = parent.parent) {
    all.push(parent);
  }
  return all;
}

export function textOf(expr: string, { from, to }: PromqlNode): string {
  return expr.slice(from, to);
}

/** The operator of a binary expression, e.g. `/` or `and`, and what stands on its two sides. */
export function binaryOf(expr: string, node: PromqlNode): { left: PromqlNode; operator: string; right: PromqlNode } {
  const [left, operator, ...rest] = children(node) as [PromqlNode, PromqlNode, ...PromqlNode[]];
  return { left, operator: textOf(expr, operator).toLowerCase(), right: rest.at(-1)! };
}

/** What stands inside of parentheses around a node. */
export function unwrapped(node: PromqlNode): PromqlNode {
  return node.name === 'ParenExpr' ? unwrapped(node.firstChild!) : node;
}

export function isConstant(expr: string, node: PromqlNode): boolean {
  return CONSTANT.test(textOf(expr, node));
}

/** The selectors of an expression. */
export function selectorsIn(expr: string): Selector[] {
  return nodesOf(expr, 'VectorSelector').map((node) => selectorOf(expr, node));
}

export function selectorOf(expr: string, node: PromqlNode): Selector {
  const name = children(node).find((child) => child.name === 'Identifier');
  return {
    metric: name ? textOf(expr, name) : '',
    matchers: nodesBelow(node, 'UnquotedLabelMatcher').map((matcher) => {
      const [label, operator, value] = children(matcher).map((child) => textOf(expr, child));
      return { label: label!, operator: operator as LabelMatcher['operator'], value: unquoted(value!) };
    }),
  };
}

/** The text of a string literal. A raw one, in backticks, has no escapes. */
function unquoted(literal: string): string {
  const text = literal.slice(1, -1);
  return literal.startsWith('`') ? text : text.replace(/\\(.)/g, '$1');
}
