import type { Mutant } from './mutants';

/** A mutant with the number that activates it. */
export interface Numbered extends Mutant {
  readonly id: number;
}

/** Name of the global function that tells whether a mutant is active. */
export const SWITCH = '$mutant';

/**
 * Puts all mutants into their source, each behind a switch, so that it is compiled once for all of them (mutation
 * switching, as in https://stryker-mutator.io/docs/stryker-js/introduction/).
 *
 * ```
 * if (age > limit)   →   if (($mutant(1) ? !(age > limit) : $mutant(2) ? age >= limit : age > limit))
 * ```
 */
export function withSwitches(source: string, mutants: readonly Numbered[]): string {
  const text = Buffer.from(source);
  // Outer pieces come before the pieces in them.
  const sorted = [...mutants].sort((one, other) => one.start - other.start || other.end - one.end);
  let next = 0;

  /** Renders a range of the source. Mutants of the same piece are nested switches around it. */
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

/** A piece of text behind the switches of its mutants. */
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
