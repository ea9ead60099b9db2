import { readFileSync } from 'node:fs';
import { RE2JS } from 're2js';
import { parseYaml } from '../../formats/yaml';
import { stored } from '../../memo';
import { packagePath } from '../../package-root';
import { CatalogueError } from '../catalogue-error';
import { ibanExpression } from './iban';
import { type Guard, type Kind, maskOf, type NationalId, type Pattern, PLACEHOLDERS } from './pattern';

/** A kind, as `patterns.yaml` has it. */
interface KindEntry {
  readonly description: string;
  /** Whether it is masked only on request. @default false */
  readonly optional?: boolean;
}

interface Expressions {
  readonly before?: string;
  readonly secret?: string;
  readonly after?: string;
  readonly mask?: string;
}

interface FieldEntry {
  readonly kind: Kind;
  readonly any: readonly string[];
  readonly names: string;
  readonly wholeLine?: boolean;
}

interface FormEntry extends Expressions {
  readonly name: string;
  readonly escaped?: boolean;
  /** Only for fields with the same value. @default - for every field */
  readonly wholeLine?: boolean;
}

interface PatternEntry extends Expressions {
  readonly kind: Kind;
  readonly any?: readonly string[];
  readonly match?: string;
  readonly digits?: true;
  readonly option?: NationalId;
  readonly luhn?: true;
  readonly iban?: true;
  readonly hash?: true;
}

interface PatternFile {
  readonly kinds: { readonly [kind in Kind]: KindEntry };
  readonly fields: readonly FieldEntry[];
  readonly forms: readonly FormEntry[];
  readonly patterns: readonly PatternEntry[];
  readonly ibans: { readonly [country: string]: string };
}

/** The patterns, in the order in which they are applied. */
export interface Patterns {
  /** What each kind is. */
  readonly kinds: { readonly [kind in Kind]: KindEntry };
  readonly patterns: readonly Pattern[];
}

/**
 * Reads `rules/sanitising/patterns.yaml`.
 *
 * @throws CatalogueError for an expression that RE2 does not take, that captures, or that matches the empty text, and for
 *   a guard that is not in lower case
 */
export function readPatterns(path = packagePath('rules', 'sanitising', 'patterns.yaml')): Patterns {
  const file = parseYaml(readFileSync(path, 'utf8')) as PatternFile;
  const patterns = expand(file);
  const problems = problemsOf(patterns);
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  return { kinds: file.kinds, patterns };
}

function expand({ fields, forms, patterns, ibans }: PatternFile): readonly Pattern[] {
  const entries = patterns.map((entry): Pattern => {
    const { kind, option, luhn, iban, hash } = entry;
    return {
      ...expressions(entry, kind),
      ...(iban ? { secret: ibanExpression(ibans) } : {}),
      kind,
      guard: guardOf(entry),
      escaped: false,
      option,
      checksum: luhn ? 'luhn' : iban ? 'iban' : undefined,
      hash,
    };
  });
  const inFields = fields.flatMap(({ kind, any, names, wholeLine = false }) =>
    forms
      .filter((form) => form.wholeLine === undefined || form.wholeLine === wholeLine)
      .map((form): Pattern => {
        const { before, ...rest } = expressions(form, kind);
        const named = `(?i)${before.replaceAll(PLACEHOLDERS.name, names)}`;
        return { ...rest, before: named, kind, guard: { any }, escaped: form.escaped ?? false, names };
      }),
  );
  // A private key is masked as a whole before a field that has it is looked at.
  const first = entries.filter(({ kind }) => kind === 'private_key');
  return [...first, ...inFields, ...entries.filter((pattern) => !first.includes(pattern))];
}

function expressions({ before = '', secret = '', after = '', mask = PLACEHOLDERS.mask }: Expressions, kind: Kind) {
  return { before, secret, after, mask: mask.replace(PLACEHOLDERS.mask, maskOf(kind)) };
}

function guardOf({ any, match }: PatternEntry): Guard {
  if (any !== undefined) {
    return { any };
  }
  return match === undefined ? { digits: true } : { match };
}

function problemsOf(patterns: readonly Pattern[]): readonly string[] {
  return patterns.flatMap((pattern) => {
    const { kind, guard, before, secret, after } = pattern;
    const parts = { before, secret, after, ...('match' in guard ? { match: guard.match } : {}) };
    const broken = Object.entries(parts).flatMap(([part, expression]) =>
      problemOf([part, expression]).map((problem) => `patterns.yaml: ${kind}: ${part}: ${expression}: ${problem}`),
    );
    const guards = 'any' in guard ? guard.any : [];
    const upper = guards.filter((text) => text !== text.toLowerCase());
    return [
      ...broken,
      ...upper.map(
        (text) => `patterns.yaml: ${kind}: any: ${text}: write it in lower case, as the text it is looked for in`,
      ),
    ];
  });
}

const problemOf = stored('sanitisingExpression', ([part, expression]: readonly [string, string]): readonly string[] => {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(expression);
  } catch (error) {
    return [`RE2 does not take it: ${(error as Error).message}`];
  }
  return [
    ...(compiled.groupCount() > 0 ? ['write (?: instead of (, what stays is captured already'] : []),
    ...(part === 'secret' && compiled.matches('') ? ['it matches the empty text'] : []),
  ];
});
