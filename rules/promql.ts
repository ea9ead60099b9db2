import { parser } from '@prometheus-io/lezer-promql';
import { remembered, stored } from '../memo';

type Tree = ReturnType<typeof parser.parse>;

/** A node of the tree of an expression. */
export type PromqlNode = Tree['topNode'];

/** A condition on a label of a selector, e.g. `le="0.5"`. */
export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** What an expression reads: the series of a name that match. A matcher of the name that is no `=` is one of `matchers`. */
export interface Selector {
  /** Name of the metric. @default - any that the matchers allow */
  readonly name?: string;
  readonly matchers: readonly Matcher[];
}

const METRIC_NAME = '__name__';

/** An operand that is a number or arithmetic on numbers. */
const CONSTANT = /^[\d\s.+\-*/^()eE]+$/;

/** The tree of an expression. */
export const treeOf = remembered((expr: string): Tree => parser.parse(expr));

/**
 * Where a PromQL expression does not parse.
 *
 * Checks the syntax alone; types and functions are checked by promtool.
 *
 * @returns the text at the first error, or `undefined` when the expression parses
 */
export function promqlSyntaxError(expr: string): string | undefined {
  let error: string | undefined;
  treeOf(expr).iterate({
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
  return nodesBelow(treeOf(expr).topNode, kind);
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
export const selectorsIn = remembered(
  stored('selectorsIn', (expr: string): readonly Selector[] =>
    nodesOf(expr, 'VectorSelector').map((node) => selectorOf(expr, node)),
  ),
);

export function selectorOf(expr: string, node: PromqlNode): Selector {
  const name = node.getChild('Identifier');
  const list = node.getChild('LabelMatchers');
  const quoted = list?.getChild('QuotedLabelName');
  const matchers = [
    ...(list?.getChildren('UnquotedLabelMatcher') ?? []),
    ...(list?.getChildren('QuotedLabelMatcher') ?? []),
  ].map((matcher): Matcher => {
    const [label, operator, value] = children(matcher).map((child) => textOf(expr, child));
    return { label: unquoted(label!), operator: operator as Matcher['operator'], value: unquoted(value!) };
  });
  const equal = matchers.find(({ label, operator }) => label === METRIC_NAME && operator === '=');
  const own = name ? textOf(expr, name) : quoted && unquoted(textOf(expr, quoted));
  return { name: own ?? equal?.value, matchers: matchers.filter((matcher) => matcher !== equal) };
}

/** Whether a matcher selects a value. A variable of a dashboard may stand for any. */
export function matches({ operator, value }: Matcher, candidate: string): boolean {
  if (hasVariable(value)) {
    return true;
  }
  const equal = operator.endsWith('~') ? wholeText(value).test(candidate) : value === candidate;
  return operator.startsWith('!') ? !equal : equal;
}

const hasVariable = remembered((value: string) => /\$\{?[A-Za-z_]/.test(value));
const wholeText = remembered((pattern: string) => new RegExp(`^(?:${pattern})$`));

/** The text of a string literal; what is no literal is itself. A raw one, in backticks, has no escapes. */
export function unquoted(literal: string): string {
  if (!/^["'`]/.test(literal)) {
    return literal;
  }
  const text = literal.slice(1, -1);
  return literal.startsWith('`') ? text : text.replace(/\\(.)/g, '$1');
}
