import type { Mutant } from './mutants';

/** A mutant with the number by which it is switched on. */
export interface Numbered extends Mutant {
  readonly id: number;
}

/** The function that a source with switches calls: whether a mutant is the one that is switched on. */
export const SWITCH = '$mutant';

/**
 * Puts all mutants of a source into it, each behind a switch, so that it is compiled once for all of them.
 *
 * ```
 * if (age > limit)   →   if (($mutant(1) ? !(age > limit) : $mutant(2) ? age >= limit : age > limit))
 * ```
 */
export function withSwitches(source: string, mutants: readonly Numbered[]): string {
  const text = Buffer.from(source);
  // Whatever contains another piece comes first.
  const sorted = [...mutants].sort((one, other) => one.start - other.start || other.end - one.end);
  let next = 0;

  /** The text from one place to another; mutants of the same piece share its switch. */
  const render = (from: number, to: number): string => {
    let rendered = '';
    let position = from;
    while (sorted[next] && sorted[next]!.start < to) {
      const { start, end } = sorted[next]!;
      const same: Numbered[] = [];
      while (sorted[next]?.start === start && sorted[next]?.end === end) {
        same.push(sorted[next++]!);
      }
      rendered += text.subarray(position, start) + switched(same, render(start, end));
      position = end;
    }
    return rendered + text.subarray(position, to);
  };
  return render(0, text.length);
}

/** A piece of text as it is, unless one of its mutants is switched on. */
function switched(mutants: readonly Numbered[], original: string): string {
  const start = mutants[0]!.kind === 'expression' ? `(${original})` : original;
  return mutants.reduceRight((rest, mutant) => either(mutant, rest), start);
}

function either({ id, kind, replacement }: Numbered, rest: string): string {
  switch (kind) {
    case 'expression':
      return `(${SWITCH}(${id}) ? (${replacement}) : ${rest})`;
    case 'statement':
      return `if (${SWITCH}(${id})) { ${replacement} } else { ${rest} }`;
    case 'body':
      return `{ if (${SWITCH}(${id})) { ${replacement} } ${rest.slice(1)}`;
  }
}
