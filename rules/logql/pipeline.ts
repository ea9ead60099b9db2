import { childOf, childrenOf, type LogqlNode, nodesWithin, secondsOf, unquoted } from './syntax';

/** A condition on a label, as a selector and a label filter have it. */
export interface LabelMatcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** A condition on the labels of a line. */
export type LabelTest =
  | { readonly kind: 'matcher'; readonly matcher: LabelMatcher }
  | { readonly kind: 'number'; readonly label: string; readonly operator: string; readonly value: number }
  | { readonly kind: 'and' | 'or'; readonly tests: readonly LabelTest[] }
  /** `ip("…")`, durations and bytes. */
  | { readonly kind: 'other'; readonly label: string; readonly text: string };

/** A field that a parser picks. */
export interface PickedField {
  readonly label: string;
  /** Path in the line, e.g. `user.name`. */
  readonly path: string;
}

/** A step of a pipeline. */
export type Stage =
  | { readonly kind: 'line'; readonly operator: string; readonly texts: readonly string[]; readonly ip: boolean }
  /** `json` and `logfmt`. Without fields, every field of the line becomes a label. */
  | { readonly kind: 'fields'; readonly parser: string; readonly fields: readonly PickedField[] }
  | { readonly kind: 'pattern' | 'regexp'; readonly pattern: string }
  | { readonly kind: 'filter'; readonly test: LabelTest }
  | { readonly kind: 'label_format'; readonly assignments: readonly Assignment[] }
  | { readonly kind: 'line_format'; readonly template: string }
  | { readonly kind: 'drop' | 'keep'; readonly labels: readonly string[] }
  | { readonly kind: 'unwrap'; readonly label: string; readonly conversion?: string }
  /** `unpack`, `decolorize` and others. */
  | { readonly kind: 'other'; readonly text: string };

/** A label that `label_format` sets, from a template or from another label. */
export type Assignment =
  | { readonly label: string; readonly template: string }
  | { readonly label: string; readonly from: string };

/** The lines that a part of an expression reads. */
export interface LogRange {
  readonly matchers: readonly LabelMatcher[];
  readonly stages: readonly Stage[];
  /** Length of the window. */
  readonly seconds: number;
  /** How far the window is in the past. */
  readonly offsetSeconds: number;
}

/** The lines that a node of the kind `LogRangeExpr` reads. */
export function logRangeOf(expr: string, node: LogqlNode): LogRange {
  const selector = childOf(node, 'Selector');
  const duration = (kind: string) => {
    const part = nodesWithin(node, kind)[0];
    const text = part && nodesWithin(part, 'Duration')[0];
    return text ? secondsOf(textOf(expr, text)) : 0;
  };
  return {
    matchers: selector ? allMatchers(selector).map((matcher) => matcherOf(expr, matcher)) : [],
    stages: stageNodes(node).map((stage) => stageOf(expr, stage)),
    seconds: duration('Range'),
    offsetSeconds: duration('OffsetExpr'),
  };
}

/** A selector nests its matchers to the left. */
function allMatchers(node: LogqlNode): readonly LogqlNode[] {
  return childrenOf(node).flatMap((child) => (child.name === 'Matcher' ? [child] : allMatchers(child)));
}

function stageNodes(node: LogqlNode): readonly LogqlNode[] {
  return childrenOf(node).flatMap((child) => {
    switch (child.name) {
      case 'PipelineStage':
        // Consecutive line filters are one stage of the grammar.
        return childOf(child, 'LineFilters') ? lineFilters(child) : [child];
      case 'UnwrapExpr':
        return unwrapNodes(child);
      case 'PipelineExpr':
      case 'LogExpr':
        return stageNodes(child);
      default:
        return [];
    }
  });
}

function lineFilters(node: LogqlNode): readonly LogqlNode[] {
  return childrenOf(node).flatMap((child) => (child.name === 'LineFilter' ? [child] : lineFilters(child)));
}

/** `unwrap`, and the filters after it, which nest around it. */
function unwrapNodes(node: LogqlNode): readonly LogqlNode[] {
  const inner = childOf(node, 'UnwrapExpr');
  const filter = childOf(node, 'LabelFilter');
  return inner ? [...unwrapNodes(inner), ...(filter ? [filter] : [])] : [node];
}

function stageOf(expr: string, node: LogqlNode): Stage {
  if (node.name === 'LineFilter') {
    const texts = nodesWithin(node, 'String').map((each) => unquoted(textOf(expr, each)));
    const operator = textOf(expr, childOf(node, 'Filter')!);
    return { kind: 'line', operator, texts, ip: childOf(node, 'FilterOp') !== undefined };
  }
  if (node.name === 'LabelFilter') {
    return { kind: 'filter', test: labelTestOf(expr, node) };
  }
  if (node.name === 'UnwrapExpr') {
    const conversion = childOf(node, 'ConvOp');
    const label = textOf(expr, childOf(node, 'Identifier')!);
    return { kind: 'unwrap', label, conversion: conversion && textOf(expr, conversion) };
  }
  const body = childrenOf(node).find(({ name }) => name !== 'Pipe')!;
  const strings = () => nodesWithin(body, 'String').map((each) => unquoted(textOf(expr, each)));
  switch (body.name) {
    case 'LabelFilter':
      return stageOf(expr, body);
    case 'JsonExpressionParser':
    case 'LogfmtExpressionParser':
    case 'LogfmtParser':
      return fieldsStage(expr, body);
    case 'LabelParser': {
      const [parser] = textOf(expr, body).split(/\s/);
      if (parser === 'json' || parser === 'logfmt') {
        return fieldsStage(expr, body);
      }
      return parser === 'pattern' || parser === 'regexp'
        ? { kind: parser, pattern: strings()[0] ?? '' }
        : { kind: 'other', text: textOf(expr, body) };
    }
    case 'LabelFormatExpr':
      return {
        kind: 'label_format',
        assignments: nodesOfAll(body, 'LabelFormatMatcher').map((each) => assignment(expr, each)),
      };
    case 'LineFormatExpr':
      return { kind: 'line_format', template: strings()[0] ?? '' };
    case 'DropLabelsExpr':
      return { kind: 'drop', labels: nodesOfAll(body, 'DropLabel').map((each) => textOf(expr, each)) };
    case 'KeepLabelsExpr':
      return { kind: 'keep', labels: nodesOfAll(body, 'KeepLabel').map((each) => textOf(expr, each)) };
    default:
      return { kind: 'other', text: textOf(expr, body) };
  }
}

function fieldsStage(expr: string, node: LogqlNode): Stage {
  return {
    kind: 'fields',
    parser: textOf(expr, node).split(/\s/)[0]!,
    fields: nodesOfAll(node, 'LabelExtractionExpression').map((each) => {
      const label = textOf(expr, childOf(each, 'Identifier')!);
      const path = childOf(each, 'String');
      return { label, path: path ? unquoted(textOf(expr, path)) : label };
    }),
  };
}

function assignment(expr: string, node: LogqlNode): Assignment {
  const [label, from] = childrenOf(node)
    .filter(({ name }) => name === 'Identifier')
    .map((each) => textOf(expr, each));
  const template = childOf(node, 'String');
  return template ? { label: label!, template: unquoted(textOf(expr, template)) } : { label: label!, from: from ?? '' };
}

function labelTestOf(expr: string, node: LogqlNode): LabelTest {
  const parts = childrenOf(node);
  const inner = parts.filter(({ name }) => name === 'LabelFilter');
  if (inner.length === 2) {
    const kind = parts.some(({ name }) => name === 'Or') ? 'or' : 'and';
    return { kind, tests: inner.map((each) => labelTestOf(expr, each)) };
  }
  if (inner.length === 1) {
    return labelTestOf(expr, inner[0]!);
  }
  const [part] = parts;
  if (part?.name === 'Matcher') {
    return { kind: 'matcher', matcher: matcherOf(expr, part) };
  }
  const label = textOf(expr, nodesWithin(node, 'Identifier')[0] ?? node);
  if (part?.name === 'NumberFilter') {
    const [, operator] = childrenOf(part);
    const value = Number(textOf(expr, childOf(part, 'LiteralExpr')!));
    return { kind: 'number', label, operator: textOf(expr, operator!), value };
  }
  return { kind: 'other', label, text: textOf(expr, node) };
}

function matcherOf(expr: string, node: LogqlNode): LabelMatcher {
  const [label, operator, value] = childrenOf(node).map((part) => textOf(expr, part));
  return { label: label!, operator: operator as LabelMatcher['operator'], value: unquoted(value ?? '""') };
}

/** Every node of a kind below a node, in order, also within another. */
function nodesOfAll(node: LogqlNode, kind: string): readonly LogqlNode[] {
  return childrenOf(node).flatMap((child) => [...(child.name === kind ? [child] : []), ...nodesOfAll(child, kind)]);
}

function textOf(expr: string, { from, to }: LogqlNode): string {
  return expr.slice(from, to);
}
