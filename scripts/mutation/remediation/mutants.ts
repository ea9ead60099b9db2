import { type Node, Syntax } from './syntax';

/** A source with one mistake: a piece of its text is replaced. */
export interface Mutant {
  /** The piece, the mistake, and the line of the source: `age > limit with >= for > in "if (age > limit) {"`. */
  readonly change: string;
  readonly line: number;
  /** Offsets of the piece, in bytes. */
  readonly start: number;
  readonly end: number;
  /** For `body`, a function body with its braces, the replacement is a statement to insert at its beginning. */
  readonly kind: 'expression' | 'statement' | 'body';
  readonly replacement: string;
}

/** Operators and methods that replace each other. */
const SWAPPED: ReadonlyMap<string, string> = new Map(
  [
    ['&&', '||'],
    ['<', '<='],
    ['>', '>='],
    ['===', '!=='],
    ['+', '-'],
    ['*', '/'],
    ['every', 'some'],
    ['min', 'max'],
  ].flatMap(([one, other]) => [
    [one!, other!],
    [other!, one!],
  ]),
);

/** Expressions that need not become `undefined`: `true` and `false` become each other. */
const NOT_LOST: readonly string[] = ['undefined', 'true', 'false'];

/**
 * The mutants of a TypeScript source:
 *
 * - a condition is negated,
 * - `&&` becomes `||`, `<` becomes `<=`, `===` becomes `!==`, `+` becomes `-`, `every` becomes `some`, and vice versa,
 * - `true` becomes `false`, and vice versa,
 * - a statement that calls, assigns, throws, or returns early is left out,
 * - what is returned becomes `undefined`.
 */
export function mutantsOf(source: string): readonly Mutant[] {
  const syntax = new Syntax(source);
  const lastStatements = new Set<unknown>();
  return [...syntax.nodes()].flatMap((node) => {
    if (node.type === 'FunctionBody') {
      lastStatements.add((node.stmts as readonly Node[]).at(-1));
    }
    return mistakesIn(node, syntax, lastStatements);
  });
}

/** @param lastStatements of functions: dropping a return there equals returning `undefined` */
function mistakesIn(node: Node, syntax: Syntax, lastStatements: ReadonlySet<unknown>): readonly Mutant[] {
  switch (node.type) {
    case 'IfStatement':
    case 'WhileStatement':
    case 'ConditionalExpression':
      return negated(node.test as Node, syntax);
    case 'BinaryExpression':
      return swappedOperator(node, syntax);
    case 'CallExpression':
      return swappedMethod(node, syntax);
    case 'BooleanLiteral':
      return [mutant(syntax, node, 'expression', `becomes ${!node.value}`, String(!node.value))];
    case 'ExpressionStatement':
    case 'ThrowStatement':
      return [leftOut(node, syntax)];
    case 'ReturnStatement':
      return [
        ...(lastStatements.has(node) ? [] : [leftOut(node, syntax)]),
        ...(node.argument ? lost(node.argument as Node, syntax) : []),
      ];
    case 'ArrowFunctionExpression':
      return (node.body as Node).type === 'FunctionBody' ? [] : lost(node.body as Node, syntax);
    default:
      return [];
  }
}

function negated(condition: Node, syntax: Syntax): readonly Mutant[] {
  // An equality is negated by its operator.
  return /^[!=]==$/.test(String(condition.operator))
    ? []
    : [mutant(syntax, condition, 'expression', 'negated', `!(${syntax.textOf(condition)})`)];
}

function swappedOperator(node: Node, syntax: Syntax): readonly Mutant[] {
  const { operator, left, right } = node as unknown as { operator: string; left: Node; right: Node };
  const swapped = SWAPPED.get(operator);
  // `+` concatenates strings, and `-` would not compile.
  const isText = operator === '+' && [left, right].some(({ type }) => /^(StringLiteral|TemplateLiteral)$/.test(type));
  const replacement = `${syntax.textOf(left)} ${swapped} ${syntax.textOf(right)}`;
  return swapped && !isText ? [mutant(syntax, node, 'expression', `with ${swapped} for ${operator}`, replacement)] : [];
}

function swappedMethod(node: Node, syntax: Syntax): readonly Mutant[] {
  const callee = node.callee as Node;
  if (callee.type !== 'MemberExpression') {
    return [];
  }
  const { span } = callee.property as Node;
  const method = syntax.textOf({ span });
  const swapped = SWAPPED.get(method);
  const replacement = `${syntax.slice(node.span.start, span.start)}${swapped}${syntax.slice(span.end, node.span.end)}`;
  return swapped ? [mutant(syntax, node, 'expression', `with ${swapped} for ${method}`, replacement)] : [];
}

function leftOut(statement: Node, syntax: Syntax): Mutant {
  return mutant(syntax, statement, 'statement', 'left out', '');
}

function lost(value: Node, syntax: Syntax): readonly Mutant[] {
  return NOT_LOST.includes(syntax.textOf(value))
    ? []
    : [mutant(syntax, value, 'expression', 'becomes undefined', 'undefined')];
}

/** @param mistake what happens to the piece, in words */
export function mutant(
  syntax: Syntax,
  node: Pick<Node, 'span'>,
  kind: Mutant['kind'],
  mistake: string,
  replacement: string,
): Mutant {
  const [line, shown] = syntax.lineOf(node);
  const piece = oneLine(syntax.textOf(node));
  const place = shown.includes(piece) && piece.length < shown.length ? ` in "${shown}"` : '';
  const [start, end] = [node.span.start - 1, node.span.end - 1];
  return { change: `${piece} ${mistake}${place}`, line, start, end, kind, replacement };
}

/** The beginning of a text, in one line. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
