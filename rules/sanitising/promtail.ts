import type { Pattern } from './pattern';
import type { Sanitising } from './sanitising';

/** A stage of Promtail's pipeline. */
export interface ReplaceStage {
  /** Settings of the stage. */
  readonly replace: {
    /** Expression whose one group is replaced. */
    readonly expression: string;
    /** What takes its place: a Go template. */
    readonly replace: string;
  };
}

/**
 * Stages that mask. Promtail has no guards, so each stage is tried on each line, and no function for check digits: every
 * number of the form of a card or an account is masked.
 */
export function promtailSanitisingStages({ patterns, key }: Sanitising): readonly ReplaceStage[] {
  return patterns.map((pattern) => ({
    replace: { expression: expressionOf(pattern), replace: replacementOf(pattern, key) },
  }));
}

/**
 * Promtail replaces what is captured, so here the secret is. When it expands the variables of its file, it takes two
 * backslashes for one, so a backslash is written as its code.
 */
function expressionOf({ before, secret, after }: Pattern): string {
  return `(?:${before})(${secret})(?:${after})`.replaceAll('\\\\', '\\x5c');
}

function replacementOf({ hash, mask }: Pattern, key: string | undefined): string {
  return hash ? `[ip:{{ .Value | Sha2Hash "\${${key}}" }}]` : mask;
}
