import { remembered } from '../../memo';
import { type LogRange, logRangeOf } from './pipeline';
import { childOf, childrenOf, type LogqlNode, logqlTree, nodesWithin } from './syntax';

/** `by (…)` or `without (…)`. */
export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

/** Which series of two operands belong together. */
export interface Matching {
  /** `on` or `ignoring`; neither compares all labels. */
  readonly on?: boolean;
  readonly labels: readonly string[];
}

/** A metric query. */
export type LogqlExpression =
  | { readonly kind: 'number'; readonly value: number }
  /** `vector(0)`. */
  | { readonly kind: 'vector'; readonly value: number }
  | {
      readonly kind: 'range';
      readonly operation: string;
      readonly parameter?: number;
      readonly range: LogRange;
      readonly grouping?: Grouping;
    }
  | {
      readonly kind: 'aggregate';
      readonly operation: string;
      readonly parameter?: number;
      readonly grouping?: Grouping;
      readonly operand: LogqlExpression;
    }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly bool: boolean;
      readonly matching?: Matching;
      readonly left: LogqlExpression;
      readonly right: LogqlExpression;
    }
  /** `label_replace` and others. */
  | { readonly kind: 'other'; readonly text: string };

/** The metric query of an expression that parses, or `undefined` for a query of lines. */
export const expressionOf = remembered((expr: string): LogqlExpression | undefined => {
  const root = childOf(logqlTree(expr).topNode, 'Expr');
  const metric = root && childOf(root, 'MetricExpr');
  return metric && metricOf(expr, metric);
});

/** The parts that read lines, from left to right. */
export function rangesOf(expression: LogqlExpression): readonly (LogqlExpression & { kind: 'range' })[] {
  switch (expression.kind) {
    case 'range':
      return [expression];
    case 'aggregate':
      return rangesOf(expression.operand);
    case 'binary':
      return [...rangesOf(expression.left), ...rangesOf(expression.right)];
    default:
      return [];
  }
}

/** Every expression in an expression, the outer ones first. */
export function partsOf(expression: LogqlExpression): readonly LogqlExpression[] {
  switch (expression.kind) {
    case 'aggregate':
      return [expression, ...partsOf(expression.operand)];
    case 'binary':
      return [expression, ...partsOf(expression.left), ...partsOf(expression.right)];
    default:
      return [expression];
  }
}

function metricOf(expr: string, node: LogqlNode): LogqlExpression {
  const body = node.firstChild!;
  const number = () => childrenOf(body).find(({ name }) => name === 'Number');
  const parameter = () => {
    const found = number();
    return found && Number(textOf(expr, found));
  };
  switch (body.name) {
    // Parentheses.
    case 'MetricExpr':
      return metricOf(expr, body);
    case 'LiteralExpr':
      return { kind: 'number', value: Number(textOf(expr, body).replaceAll(/\s/g, '')) };
    case 'VectorExpr':
      return { kind: 'vector', value: parameter() ?? 0 };
    case 'RangeAggregationExpr':
      return {
        kind: 'range',
        operation: textOf(expr, childOf(body, 'RangeOp')!),
        parameter: parameter(),
        range: logRangeOf(expr, childOf(body, 'LogRangeExpr')!),
        grouping: groupingOf(expr, body),
      };
    case 'VectorAggregationExpr':
      return {
        kind: 'aggregate',
        operation: textOf(expr, childOf(body, 'VectorOp')!),
        parameter: parameter(),
        grouping: groupingOf(expr, body),
        operand: metricOf(expr, childOf(body, 'MetricExpr')!),
      };
    case 'BinOpExpr':
      return precedenceOf(chainOf(expr, body));
    default:
      return { kind: 'other', text: textOf(expr, body) };
  }
}

function groupingOf(expr: string, node: LogqlNode): Grouping | undefined {
  const grouping = childOf(node, 'Grouping');
  return (
    grouping && {
      without: childOf(grouping, 'Without') !== undefined,
      labels: nodesWithin(grouping, 'Identifier').map((label) => textOf(expr, label)),
    }
  );
}

/** An operator between two operands of a chain. */
interface Operator {
  readonly text: string;
  readonly bool: boolean;
  readonly matching?: Matching;
}

type Chain = readonly (LogqlExpression | Operator)[];

/**
 * The operands and operators from left to right. The tree of the grammar does not always have Loki's precedence, so
 * `precedenceOf()` orders them.
 */
function chainOf(expr: string, node: LogqlNode): Chain {
  return childrenOf(node).flatMap((child): Chain => {
    if (child.name === 'BinOpModifier') {
      return [];
    }
    if (child.name !== 'Expr') {
      const modifier = child.nextSibling;
      return [{ text: textOf(expr, child), bool: false, ...(modifier ? modifiersOf(expr, modifier) : {}) }];
    }
    const metric = childOf(child, 'MetricExpr')!;
    const inner = metric.firstChild!;
    return inner.name === 'BinOpExpr' ? chainOf(expr, inner) : [metricOf(expr, metric)];
  });
}

function modifiersOf(expr: string, node: LogqlNode): Partial<Operator> {
  const matching = childOf(node, 'OnOrIgnoringModifier');
  return {
    bool: childOf(node, 'Bool') !== undefined,
    matching: matching && {
      on: childOf(matching, 'On') !== undefined,
      labels: nodesWithin(matching, 'LabelName').map((label) => textOf(expr, label)),
    },
  };
}

/** https://grafana.com/docs/loki/latest/query/#order-of-operations, the weakest first */
const PRECEDENCE = [['or'], ['and', 'unless'], ['==', '!=', '<', '<=', '>', '>='], ['+', '-'], ['*', '/', '%'], ['^']];

function precedenceOf(chain: Chain): LogqlExpression {
  if (chain.length === 1) {
    return chain[0] as LogqlExpression;
  }
  for (const operators of PRECEDENCE) {
    const at = chain.findLastIndex((part) => 'text' in part && !('kind' in part) && operators.includes(part.text));
    if (at > 0) {
      const { text, bool, matching } = chain[at] as Operator;
      const left = precedenceOf(chain.slice(0, at));
      return { kind: 'binary', operator: text, bool, matching, left, right: precedenceOf(chain.slice(at + 1)) };
    }
  }
  return { kind: 'other', text: 'an unknown operator' };
}

function textOf(expr: string, { from, to }: LogqlNode): string {
  return expr.slice(from, to);
}
