import type { Target } from './targets';

/** A text in a statement. */
export function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Statements that replace what an expression matches in the texts and attributes of a target. */
export function replaced({ texts, attributes }: Target, ...args: readonly string[]): readonly string[] {
  const rest = args.join(', ');
  return [
    ...texts.map((path) => `replace_pattern(${path}, ${rest})`),
    `replace_all_patterns(${attributes}, "value", ${rest})`,
  ];
}
