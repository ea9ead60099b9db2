import { type Mutant, mutant } from './mutants';
import { type Node, Syntax } from './syntax';

/** A safety check of the server, and how it is switched off. */
export type Check = {
  readonly name: string;
  /** Path under `remediation/`. */
  readonly file: string;
} & (
  | {
      /** A function that returns at once. */
      readonly returning: string;
      /** What it returns. @default - nothing */
      readonly value?: string;
    }
  | {
      /** An expression that is in the file once. */
      readonly expression: string;
      readonly becomes: string;
    }
);

/** The checks that stand between an alert and a change. Each must be noticed when it is missing. */
export const CHECKS: readonly Check[] = [];

/**
 * A check switched off in the source of its file.
 *
 * @throws when the source has no such check
 */
export function switchedOff(check: Check, source: string): Mutant {
  const syntax = new Syntax(source);
  if ('returning' in check) {
    const body = bodyOf(check.returning, syntax);
    const value = check.value ?? 'undefined';
    const [kind, replacement] =
      body.type === 'FunctionBody' ? (['body', `return ${value};`] as const) : (['expression', value] as const);
    return { ...mutant(syntax, body, kind, '', replacement), change: `${check.returning}() returns ${value} at once` };
  }
  const found = [...syntax.nodes()].filter((node) => syntax.textOf(node) === check.expression);
  // An expression is found again as the whole of what it is in.
  if (new Set(found.map(({ span }) => span.start)).size !== 1) {
    throw new Error(`${check.file} has not one "${check.expression}": say in ${CHECKS_FILE} what ${check.name} is now`);
  }
  return mutant(syntax, found[0]!, 'expression', `becomes ${check.becomes}`, check.becomes);
}

const CHECKS_FILE = 'scripts/mutation/remediation/checks.ts';

/** The body of a function, a method, or a constant that is a function. */
function bodyOf(name: string, syntax: Syntax): Node {
  for (const node of syntax.nodes()) {
    const named = (node.identifier ?? node.id ?? node.key) as Node | undefined;
    if (named?.value === name) {
      const owner = (node.init ?? node.function ?? node) as Node;
      if (owner.body) {
        return owner.body as Node;
      }
    }
  }
  throw new Error(`there is no function ${name}: say in ${CHECKS_FILE} what the check is now`);
}
