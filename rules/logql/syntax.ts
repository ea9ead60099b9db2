import { parser } from '@grafana/lezer-logql';
import { remembered } from '../../memo';

type Tree = ReturnType<typeof parser.parse>;

/** A node of the tree of an expression. */
export type LogqlNode = Tree['topNode'];

/** The tree of an expression. */
export const logqlTree = remembered((expr: string): Tree => parser.parse(expr));

/**
 * Where a LogQL expression does not parse.
 *
 * @returns the text at the first error, or `undefined` when the expression parses
 */
export function logqlSyntaxError(expr: string): string | undefined {
  let error: string | undefined;
  logqlTree(expr).iterate({
    enter: (node) => {
      if (node.type.isError && error === undefined) {
        error = expr.slice(node.from, node.from + 40).trim() || 'the end of the expression';
      }
    },
  });
  return error;
}

/** The children of a node, in order. */
export function childrenOf(node: LogqlNode): readonly LogqlNode[] {
  const found: LogqlNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    found.push(child);
  }
  return found;
}

/** The first child of a kind. */
export function childOf(node: LogqlNode, kind: string): LogqlNode | undefined {
  return childrenOf(node).find(({ name }) => name === kind);
}

/** The nearest nodes of a kind below a node, in order; none lies within another. */
export function nodesWithin(node: LogqlNode, kind: string): readonly LogqlNode[] {
  return childrenOf(node).flatMap((child) => (child.name === kind ? [child] : nodesWithin(child, kind)));
}

/** The text in quotes or backticks, as Go reads it. */
export function unquoted(text: string): string {
  if (text.startsWith('`')) {
    return text.slice(1, -1);
  }
  return text.slice(1, -1).replace(ESCAPE, (found, hex: string | undefined) => {
    if (hex !== undefined) {
      return String.fromCodePoint(Number.parseInt(hex.slice(1), 16));
    }
    return ESCAPES[found[1]!] ?? found[1]!;
  });
}

const ESCAPE = /\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})|.)/g;
const ESCAPES: { readonly [letter: string]: string } = { n: '\n', t: '\t', r: '\r' };

const UNITS: { readonly [unit: string]: number } = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/** Seconds of a duration such as `1h30m`. */
export function secondsOf(duration: string): number {
  return [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!,
    0,
  );
}
