import { readFileSync } from 'node:fs';
import { parseYaml } from '../../formats/yaml';
import { remembered } from '../../memo';
import { packagePath } from '../../package-root';
import { ibanBeginnings, ibanExpression } from './iban';
import {
  type Guard,
  type Kind,
  maskOf,
  type NationalId,
  NUMBER_BEGINNING,
  type Pattern,
  PLACEHOLDERS,
} from './pattern';

/** A kind, as `patterns.yaml` has it. */
export interface KindEntry {
  /** What is masked. */
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
  readonly any?: readonly string[];
  readonly near?: readonly string[];
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
  readonly near?: readonly string[];
  readonly with?: string;
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
  /** The patterns. The order matters: what one has masked, the next ones do not see. */
  readonly patterns: readonly Pattern[];
}

/**
 * Reads `rules/sanitising/patterns.yaml`. The file comes with the package, and its tests check it with an RE2 engine.
 */
export function readPatterns(): Patterns {
  return patternsIn(packagePath('rules', 'sanitising', 'patterns.yaml'));
}

/** Read once: the file does not change while a program runs. */
const patternsIn = remembered((path: string): Patterns => {
  const file = parseYaml(readFileSync(path, 'utf8')) as PatternFile;
  return { kinds: file.kinds, patterns: expand(file) };
});

function expand({ fields, forms, patterns, ibans }: PatternFile): readonly Pattern[] {
  const entries = patterns.map((entry): Pattern => {
    const { kind, option, luhn, iban, hash } = entry;
    return {
      ...expressions(entry, kind),
      ...(iban ? { secret: ibanExpression(ibans) } : {}),
      kind,
      guard: guardOf(iban ? { ...entry, near: ibanBeginnings(ibans) } : entry),
      escaped: false,
      option,
      checksum: luhn ? 'luhn' : iban ? 'iban' : undefined,
      hash,
    };
  });
  const inFields = fields.flatMap(({ names, wholeLine = false, ...field }) =>
    forms
      .filter((form) => form.wholeLine === undefined || form.wholeLine === wholeLine)
      .map((form): Pattern => {
        const { before, ...rest } = expressions(form, field.kind);
        const named = `(?i)${before.replaceAll(PLACEHOLDERS.name, names)}`;
        return {
          ...rest,
          before: named,
          kind: field.kind,
          guard: guardOf(field),
          escaped: form.escaped ?? false,
          names,
        };
      }),
  );
  // A private key is masked as a whole before a field that has it is looked at.
  const first = entries.filter(({ kind }) => kind === 'private_key');
  return [...first, ...inFields, ...entries.filter((pattern) => !first.includes(pattern))];
}

function expressions({ before = '', secret = '', after = '', mask = PLACEHOLDERS.mask }: Expressions, kind: Kind) {
  return { before, secret, after, mask: mask.replace(PLACEHOLDERS.mask, maskOf(kind)) };
}

function guardOf(entry: {
  readonly any?: readonly string[];
  readonly near?: readonly string[];
  readonly with?: string;
  readonly digits?: true;
}): Guard {
  return { any: entry.any ?? [], near: entry.near ?? [], with: entry.digits ? NUMBER_BEGINNING : entry.with };
}
