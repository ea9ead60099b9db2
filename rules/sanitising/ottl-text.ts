import type { Target } from './targets';

/** A text in a statement. */
export function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Statements that replace what an expression matches in texts. */
export function replacedInTexts({ texts }: Target, ...args: readonly string[]): readonly string[] {
  return texts.map((path) => `replace_pattern(${path}, ${args.join(', ')})`);
}

/** Statements that replace what an expression matches in attributes. */
export function replacedInAttributes({ attributes }: Target, ...args: readonly string[]): readonly string[] {
  return [`replace_all_patterns(${attributes}, "value", ${args.join(', ')})`];
}

/** Statements that replace what an expression matches in the texts and attributes of a target. */
export function replaced(target: Target, ...args: readonly string[]): readonly string[] {
  return [...replacedInTexts(target, ...args), ...replacedInAttributes(target, ...args)];
}
