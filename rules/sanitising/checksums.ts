import { quoted, replaced } from './ottl-text';
import { expressionOf, type Pattern } from './pattern';
import type { Target } from './targets';

/** Numbers of one line that are checked. If more remain, they are masked unchecked. */
const ROUNDS = 4;

/**
 * Statements that mask card numbers with a valid Luhn digit and account numbers with valid check digits.
 *
 * A regular expression cannot check digits. The statements take one candidate after the other out of a copy of the text,
 * check it, and mask it in the record if it is valid.
 */
export function checksumStatements(target: Target, patterns: readonly Pattern[]): readonly string[] {
  return patterns.flatMap((pattern) => [
    `set(cache["rest"], ${target.all})`,
    ...Array.from({ length: ROUNDS }, () => round(target, pattern)).flat(),
    ...maskUnchecked(target, pattern),
  ]);
}

function round(target: Target, pattern: Pattern): readonly string[] {
  const { before, secret, after, mask, checksum } = pattern;
  const candidate = quoted(`(?:${before})(?P<number>${secret})(?:${after})`);
  const number = 'cache["found"]["number"]';
  const isThere = 'cache["there"] == true';
  const when = (statements: readonly string[], condition: string) =>
    statements.map((statement) => `${statement} where ${condition}`);
  const literal = (before: string) => `Concat([${quoted(before)}, cache["literal"], ${quoted('\\b')}], "")`;
  const { statements, isValid } = checksum === 'luhn' ? luhn() : iban();
  return [
    `set(cache["there"], IsMatch(cache["rest"], ${candidate}))`,
    'set(cache["valid"], false)',
    ...when(
      [
        `set(cache["found"], ExtractPatterns(cache["rest"], ${candidate}))`,
        `set(cache["literal"], ${number})`,
        // A plus between the digits is an operator in the expressions below.
        'replace_pattern(cache["literal"], "[+]", "[+]")',
        `set(cache["digits"], ${number})`,
        ...statements,
      ],
      isThere,
    ),
    `set(cache["valid"], true) where ${isThere} and ${isValid}`,
    // In JSON, a number needs quotes to become a text; in JSON within JSON, escaped ones.
    ...when(
      [
        ...replaced(target, literal('(\\\\":\\s*)'), quoted(`\${1}\\"${mask}\\"`)),
        ...replaced(target, literal('(":\\s*)'), quoted(`\${1}"${mask}"`)),
        ...replaced(target, literal(''), quoted(mask)),
      ],
      'cache["valid"] == true',
    ),
    `replace_pattern(cache["rest"], ${literal('')}, " ") where ${isThere}`,
  ];
}

interface Check {
  readonly statements: readonly string[];
  readonly isValid: string;
}

function luhn(): Check {
  return {
    statements: ['replace_pattern(cache["digits"], "%20|[^0-9]", "")'],
    isValid: 'IsValidLuhn(cache["digits"])',
  };
}

/** Length to which a number is filled up with zeros: no account number has more digits once its letters are numbers. */
const IBAN_DIGITS = 72;

/** Digits that are divided at a time: with a remainder before them, they fit into an integer of 64 bits. */
const CHUNK = 9;

/** ISO 7064 as of ISO 13616: the first four characters go to the end, letters become 10 to 35, modulo 97 is 1. */
function iban(): Check {
  const digits = 'cache["digits"]';
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map(
    (letter, index) => `replace_pattern(${digits}, "${letter}", "${index + 10}")`,
  );
  const chunks = Array.from({ length: IBAN_DIGITS / CHUNK }, (_, index) => [
    `set(cache["value"], cache["remainder"] * ${10 ** CHUNK} + Int(Substring(${digits}, ${index * CHUNK}, ${CHUNK})))`,
    'set(cache["remainder"], cache["value"] - (cache["value"] / 97) * 97)',
  ]).flat();
  const statements = [
    `replace_pattern(${digits}, " ", "")`,
    `replace_pattern(${digits}, "^(....)(.*)$", "\${2}\${1}")`,
    ...letters,
    `set(${digits}, Concat(["${'0'.repeat(IBAN_DIGITS)}", ${digits}], ""))`,
    `set(${digits}, Substring(${digits}, Len(${digits}) - ${IBAN_DIGITS}, ${IBAN_DIGITS}))`,
    'set(cache["remainder"], 0)',
    ...chunks,
  ];
  return { statements, isValid: 'cache["remainder"] == 1' };
}

function maskUnchecked(target: Target, pattern: Pattern): readonly string[] {
  const expression = quoted(expressionOf(pattern));
  return replaced(target, expression, quoted(`\${1}${pattern.mask}\${2}`)).map(
    (statement) => `${statement} where IsMatch(cache["rest"], ${expression})`,
  );
}
