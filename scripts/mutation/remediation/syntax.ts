import { parseSync } from '@swc/core';

/** A node of SWC's syntax tree. */
export interface Node {
  readonly type: string;
  /** Offsets in bytes of the source, counted from 1. */
  readonly span: { readonly start: number; readonly end: number };
  readonly [field: string]: unknown;
}

/** Fields of a node that hold types only. */
const TYPE_FIELDS: readonly string[] = [
  'typeAnnotation',
  'returnType',
  'typeParameters',
  'typeArguments',
  'typeParams',
];

/** TypeScript nodes that hold an expression and a type. */
const TYPED_EXPRESSIONS: readonly string[] = [
  'TsAsExpression',
  'TsNonNullExpression',
  'TsConstAssertion',
  'TsSatisfiesExpression',
];

/** A source of TypeScript and its syntax tree. */
export class Syntax {
  readonly tree: Node;
  private readonly bytes: Buffer;

  constructor(readonly source: string) {
    this.tree = parseSync(source, { syntax: 'typescript', target: 'es2022' }) as unknown as Node;
    this.bytes = Buffer.from(source);
  }

  textOf({ span }: Pick<Node, 'span'>): string {
    return this.bytes.subarray(span.start - 1, span.end - 1).toString();
  }

  /** The text between two offsets. */
  slice(start: number, end: number): string {
    return this.bytes.subarray(start - 1, end - 1).toString();
  }

  /** The line in which a node begins, and its number from 1. */
  lineOf({ span }: Pick<Node, 'span'>): readonly [number, string] {
    const number = this.bytes
      .subarray(0, span.start - 1)
      .toString()
      .split('\n').length;
    return [number, this.source.split('\n')[number - 1]!.trim()];
  }

  /** The nodes that hold code, parents before children. */
  *nodes(node: Node = this.tree): Generator<Node> {
    yield node;
    for (const child of childrenOf(node)) {
      yield* this.nodes(child);
    }
  }
}

function childrenOf(node: Node): readonly Node[] {
  return node.type === 'ImportDeclaration'
    ? []
    : Object.entries(node).flatMap(([field, value]) => (TYPE_FIELDS.includes(field) ? [] : nodesIn(value)));
}

function nodesIn(value: unknown): readonly Node[] {
  if (Array.isArray(value)) {
    return value.flatMap(nodesIn);
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const node = value as Partial<Node>;
  if (node.type?.startsWith('Ts')) {
    return TYPED_EXPRESSIONS.includes(node.type) ? nodesIn(node.expression) : [];
  }
  // SWC wraps arguments, and the functions of methods, in objects that are not nodes.
  return node.type && node.span ? [node as Node] : Object.values(value).flatMap(nodesIn);
}
