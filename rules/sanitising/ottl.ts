import { checksumStatements } from './checksums';
import { anyGuard, conditionOf } from './guards';
import { quoted, replaced, replacedInTexts } from './ottl-text';
import { expressionOf, type Guard, type Kind, maskOf, NUMBER_BEGINNING, type Pattern } from './pattern';
import type { Sanitising } from './sanitising';
import type { Target } from './targets';

/** Attribute with the kinds that were masked, separated by commas. */
export const MASKED_ATTRIBUTE = 'masked';

/** Attributes that make a group of statements run. The group removes it. */
const FLAGS = { words: 'sanitising.words', numbers: 'sanitising.numbers' } as const;

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
 * Most records have nothing to mask, so the first group decides which of the others run. The engine's variables end with
 * a group: what one tells the next is an attribute.
 */
export function statementGroups(target: Target, sanitising: Sanitising): readonly StatementGroup[] {
  const { context, all, attributes, hasOwnAttributes } = target;
  const { patterns } = sanitising;
  const plain = patterns.filter(isPlain);
  const checked = patterns.filter(({ checksum }) => checksum !== undefined);
  const flag = (name: string) => `${attributes}[${quoted(name)}]`;
  const group = (conditions: readonly string[], statements: readonly string[]): StatementGroup => ({
    context,
    error_mode: 'ignore',
    ...(conditions.length === 0 ? {} : { conditions: conditions.map(escaped) }),
    statements: statements.map(escaped).map(qualified),
  });
  // Without the context in front, the collector completes every statement, and logs both forms of all.
  const qualified = (statement: string) => statement.replaceAll(/(?<![\w.])cache\[/g, `${context}.cache[`);
  return [
    group(
      [],
      [
        ...(target.first ?? []),
        `set(cache["lower"], ToLowerCase(${all}))`,
        `set(${flag(FLAGS.words)}, true) where ${anyGuard(plain, all)}`,
        ...(checked.length === 0 ? [] : [`set(${flag(FLAGS.numbers)}, true) where ${hasCandidate(checked, all)}`]),
      ],
    ),
    group(
      [`${flag(FLAGS.words)} == true`],
      [`delete_key(${attributes}, ${quoted(FLAGS.words)})`, ...maskStatements(target, plain)],
    ),
    group(
      [`${flag(FLAGS.numbers)} == true`],
      [`delete_key(${attributes}, ${quoted(FLAGS.numbers)})`, ...checksumStatements(target, checked)],
    ),
    ...hashGroups(target, sanitising),
    group(
      [`Index(${all}, "[masked:") >= 0`],
      [...(hasOwnAttributes ? [] : attributeStatements(target, plain)), ...kindStatements(target, sanitising)],
    ),
  ];
}

/** A number with the form of a card or an account: the cheapest expression first, the form itself last. */
function hasCandidate(patterns: readonly Pattern[], all: string): string {
  const anyMatches = (expressions: readonly string[]) =>
    expressions.map((expression) => `IsMatch(${all}, ${quoted(expression)})`).join(' or ');
  return [
    `(${anyMatches(patterns.flatMap(({ guard }) => guard.near))})`,
    anyMatches([NUMBER_BEGINNING]),
    `(${anyMatches(patterns.map(expressionOf))})`,
  ].join(' and ');
}

/** The collector expands `$` in its file. */
function escaped(statement: string): string {
  return statement.replaceAll('$', '$$$$');
}

function maskStatements(target: Target, patterns: readonly Pattern[]): readonly string[] {
  const { all, hasOwnAttributes } = target;
  const flags = new Map<string, string>();
  const flagOf = (guard: Guard) => {
    const condition = conditionOf(guard, all);
    const flag = flags.get(condition) ?? `cache["guard${flags.size}"]`;
    flags.set(condition, flag);
    return `${flag} == true`;
  };
  const statements = merged(patterns).flatMap((one) => {
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
    `set(cache["lower"], ToLowerCase(${all}))`,
    `set(cache["escaped"], true) where ${isEscaped}`,
    ...[...flags].map(([condition, flag]) => `set(${flag}, true) where ${condition}`),
    ...statements,
  ];
}

function isPlain({ checksum, hash }: Pattern): boolean {
  return checksum === undefined && !hash;
}

/** An attribute whose name says that its value is a secret is removed; what takes its place tells the kind. */
function removalStatements({ attributes }: Target, kind: Kind, names: string, flag: string): readonly string[] {
  const named = `(?i)(?:${names})`;
  const isThere = `IsMatch(ToKeyValueString(${attributes}), ${quoted(`${named}"?=`)})`;
  return [
    `set(${attributes}[${quoted(`sanitising.${kind}.removed`)}], ${quoted(maskOf(kind))}) where ${flag} and ${isThere}`,
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
    return { kind, guard, escaped, ...alternatives(group, names, mask), names: isFirst ? names : undefined };
  });
}

/** One expression for several patterns. A name that they begin with stands in front of them: it is looked for once. */
function alternatives(patterns: readonly Pattern[], names: string | undefined, mask: string) {
  const name = `(?i)${names}`;
  const isNamed = ({ before }: Pattern) => names !== undefined && before.startsWith(name);
  const others = patterns.filter((pattern) => !isNamed(pattern));
  const named = patterns
    .filter(isNamed)
    .map((pattern) => ({ ...pattern, before: `(?i)${pattern.before.slice(name.length)}` }));
  const inFront = named.length === 0 ? [] : [`(${name})(?:${named.map(expressionOf).join('|')})`];
  // Each pattern has two groups, before and behind its secret. A group of a pattern that has not matched is empty.
  const nameGroup = 2 * others.length + 1;
  const groups = [...others.map((_, index) => 2 * index + 1), ...named.map((_, index) => nameGroup + 1 + 2 * index)];
  const references = (numbers: readonly number[]) => numbers.map((number) => `\${${number}}`).join('');
  const before = references([...(named.length === 0 ? [] : [nameGroup]), ...groups]);
  return {
    expression: [...others.map(expressionOf), ...inFront].join('|'),
    replacement: `${before}${mask}${references(groups.map((group) => group + 1))}`,
  };
}

/** The attributes of a line that was masked, which are parts of it. */
function attributeStatements(target: Target, patterns: readonly Pattern[]): readonly string[] {
  const all = `ToKeyValueString(${target.attributes})`;
  return maskStatements({ ...target, texts: [], all, hasOwnAttributes: true }, patterns);
}

/**
 * Each address becomes `[ip:…]`, a hash of the key and the address. It is wrapped first: the function of the collector
 * hashes all that an expression matches, also what stands around the address.
 */
function hashGroups(target: Target, { patterns, key }: Sanitising): readonly StatementGroup[] {
  const { context, all } = target;
  return patterns
    .filter(({ hash }) => hash)
    .map(({ before, secret, after, guard }) => {
      const wrapped = '\\[address_([0-9A-Fa-f.:]+)\\]';
      const wrap = replaced(target, quoted(`(${before})(${secret})(${after})`), quoted('${1}[address_${2}]${3}'));
      return {
        context,
        error_mode: 'ignore',
        conditions: guard.near.map((expression) => escaped(`IsMatch(${all}, ${quoted(expression)})`)),
        statements: [
          // Twice: two addresses may share the character between them. The underscore keeps a wrapped one from matching.
          ...[...wrap, ...wrap].map(escaped),
          ...replaced(target, quoted(wrapped), `"\${env:${key}}$$1"`, 'SHA256', '"[ip:%s]"'),
          ...replaced(target, `"\\\\[ip:([0-9a-f]{${HASH_DIGITS}})[0-9a-f]+\\\\]"`, '"[ip:$$1]"'),
        ],
      };
    });
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
