import { checksumStatements } from './checksums';
import { quoted, replaced, replacedInAttributes, replacedInTexts } from './ottl-text';
import { expressionOf, type Guard, type Kind, maskOf, NO_LONG_NUMBER, type Pattern } from './pattern';
import type { Sanitising } from './sanitising';
import type { Target } from './targets';

/** Attribute with the kinds that were masked, separated by commas. */
export const MASKED_ATTRIBUTE = 'masked';

/** Attribute that makes the statements run that check digits. They remove it. */
const CANDIDATE = 'sanitising.candidate';

/** Hexadecimal digits of a hash that are left. */
const HASH_DIGITS = 16;

/** Statements as the fields `log_statements` and `trace_statements` of the processor `transform` take them. */
export interface StatementGroup {
  readonly context: Target['context'];
  readonly error_mode: 'ignore';
  /** The statements run if one of them holds. @default - they run */
  readonly conditions?: readonly string[];
  readonly statements: readonly string[];
}

/**
 * Everything that masks the records of a target, and writes the kinds into the attribute `masked`.
 *
 * The engine has no variable that outlives a group, and a group's conditions are read once for a record. So the first
 * group sets an attribute for the few records that the second one, which checks digits, is for.
 */
export function statementGroups(target: Target, sanitising: Sanitising): readonly StatementGroup[] {
  const { context, all, attributes, hasOwnAttributes } = target;
  const checked = sanitising.patterns.filter(({ checksum }) => checksum !== undefined);
  const candidate = `${attributes}[${quoted(CANDIDATE)}]`;
  const isCandidate = checked.map((pattern) => `IsMatch(${all}, ${quoted(expressionOf(pattern))})`).join(' or ');
  const group = (conditions: readonly string[], statements: readonly string[]): StatementGroup => ({
    context,
    error_mode: 'ignore',
    ...(conditions.length === 0 ? {} : { conditions: conditions.map(escaped) }),
    statements: statements.map(escaped),
  });
  return [
    group(
      [],
      [
        ...maskStatements(target, sanitising),
        `set(${candidate}, true) where not IsMatch(${all}, ${quoted(NO_LONG_NUMBER)}) and (${isCandidate})`,
      ],
    ),
    group(
      [`${candidate} == true`],
      [...checksumStatements(target, checked), `delete_key(${attributes}, ${quoted(CANDIDATE)})`],
    ),
    ...hashGroups(target, sanitising),
    group(
      [`Index(${all}, "[masked:") >= 0`],
      [...(hasOwnAttributes ? [] : attributeStatements(target, sanitising)), ...kindStatements(target, sanitising)],
    ),
  ];
}

/** The collector expands `$` in its file. */
function escaped(statement: string): string {
  return statement.replaceAll('$', '$$$$');
}

function maskStatements(target: Target, { patterns }: Sanitising): readonly string[] {
  const { all, first = [], hasOwnAttributes } = target;
  const flags = new Map<string, string>();
  const flagOf = (guard: Guard) => {
    const condition = conditionOf(guard, all);
    const flag = flags.get(condition) ?? `cache["g${flags.size}"]`;
    flags.set(condition, flag);
    return `${flag} == true`;
  };
  const statements = merged(patterns.filter(isPlain)).flatMap((one) => {
    const flag = flagOf(one.guard);
    const removal =
      hasOwnAttributes && one.names !== undefined ? removalStatements(target, one.kind, one.names, flag) : [];
    const where = one.escaped ? `${flag} and cache["escaped"] == true` : flag;
    const replace = hasOwnAttributes ? replaced : replacedInTexts;
    const replacements = replace(target, quoted(one.expression), quoted(one.replacement));
    return [...removal, ...replacements.map((statement) => `${statement} where ${where}`)];
  });
  const isEscaped = ['\\', '%', '&'].map((each) => `Index(cache["lower"], ${quoted(each)}) >= 0`).join(' or ');
  return [
    ...first,
    `set(cache["lower"], ToLowerCase(${all}))`,
    `set(cache["escaped"], true) where ${isEscaped}`,
    ...[...flags].map(([condition, flag]) => `set(${flag}, true) where ${condition}`),
    ...statements,
  ];
}

function isPlain({ checksum, hash }: Pattern): boolean {
  return checksum === undefined && !hash;
}

function conditionOf(guard: Guard, all: string): string {
  if ('any' in guard) {
    return guard.any.map((word) => `Index(cache["lower"], ${quoted(word)}) >= 0`).join(' or ');
  }
  return 'match' in guard
    ? `IsMatch(${all}, ${quoted(guard.match)})`
    : `not IsMatch(${all}, ${quoted(NO_LONG_NUMBER)})`;
}

/** An attribute whose name says that its value is a secret is removed; what takes its place tells the kind. */
function removalStatements({ attributes }: Target, kind: Kind, names: string, flag: string): readonly string[] {
  const named = `(?i)(?:${names})`;
  const isThere = `IsMatch(ToKeyValueString(${attributes}), ${quoted(`${named}"?=`)})`;
  return [
    `set(${attributes}[${quoted(`removed.${kind}`)}], ${quoted(maskOf(kind))}) where ${flag} and ${isThere}`,
    `delete_matching_keys(${attributes}, ${quoted(`${named}$`)}) where ${flag}`,
  ];
}

interface Replacement {
  readonly kind: Kind;
  readonly guard: Guard;
  readonly escaped: boolean;
  readonly expression: string;
  readonly replacement: string;
  /** Names of the field, for the first replacement of its values. */
  readonly names?: string;
}

/** Patterns that differ only in their expressions become one statement: each statement costs time on every line. */
function merged(patterns: readonly Pattern[]): readonly Replacement[] {
  const groups = new Map<string, Pattern[]>();
  for (const pattern of patterns) {
    const { kind, guard, mask, escaped, names } = pattern;
    const key = JSON.stringify([kind, guard, mask, escaped, names]);
    groups.set(key, [...(groups.get(key) ?? []), pattern]);
  }
  const seen = new Set<string>();
  return [...groups.values()].map((group) => {
    const { kind, guard, escaped, mask, names } = group[0]!;
    const isFirst = names !== undefined && !seen.has(names);
    seen.add(names ?? '');
    const references = (offset: number) => group.map((_, index) => `\${${2 * index + offset}}`).join('');
    return {
      kind,
      guard,
      escaped,
      expression: group.map(expressionOf).join('|'),
      // A group of a pattern that has not matched is empty.
      replacement: `${references(1)}${mask}${references(2)}`,
      names: isFirst ? names : undefined,
    };
  });
}

/** Few lines are masked, so their attributes need no guards. */
function attributeStatements(target: Target, { patterns }: Sanitising): readonly string[] {
  return merged(patterns.filter(isPlain)).flatMap(({ expression, replacement }) =>
    replacedInAttributes(target, quoted(expression), quoted(replacement)),
  );
}

/** Each address becomes `[ip:…]`, a hash of the key and the address. */
function hashGroups(target: Target, { patterns, key }: Sanitising): readonly StatementGroup[] {
  const { context, all } = target;
  return patterns
    .filter(({ hash }) => hash)
    .map(({ before, secret, after, guard }) => ({
      context,
      error_mode: 'ignore',
      conditions: [escaped(conditionOf(guard, all))],
      statements: [
        ...replaced(
          target,
          escaped(quoted(`${before}(${secret})${after}`)),
          `"\${env:${key}}$$1"`,
          'SHA256',
          '"[ip:%s]"',
        ),
        ...replaced(target, `"\\\\[ip:([0-9a-f]{${HASH_DIGITS}})[0-9a-f]+\\\\]"`, '"[ip:$$1]"'),
      ],
    }));
}

function kindStatements({ all, attributes }: Target, { patterns }: Sanitising): readonly string[] {
  const kinds = [...new Set(patterns.filter(({ hash }) => !hash).map(({ kind }) => kind))];
  return [
    'set(cache["kinds"], "")',
    ...kinds.map(
      (kind) =>
        `set(cache["kinds"], Concat([cache["kinds"], "${kind}"], ",")) where Index(${all}, ${quoted(maskOf(kind))}) >= 0`,
    ),
    `set(${attributes}["${MASKED_ATTRIBUTE}"], Substring(cache["kinds"], 1, Len(cache["kinds"]) - 1)) where Len(cache["kinds"]) > 1`,
  ];
}
