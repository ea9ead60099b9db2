/** What is masked, and how often it was, by these words: `[masked:email]`, `{kind="email"}`. */
export type Kind =
  | 'password'
  | 'token'
  | 'cookie'
  | 'authorization'
  | 'api_key'
  | 'private_key'
  | 'card'
  | 'iban'
  | 'email'
  | 'phone'
  | 'national_id'
  | 'ip_address';

/** Countries whose national identification numbers can be masked. */
export type NationalId = 'us' | 'gb' | 'es' | 'it' | 'br';

/** When a pattern is tried: if one of its words or expressions is in the text. */
export interface Guard {
  /** Texts in lower case. */
  readonly any: readonly string[];
  /** Expressions. One that begins with a literal costs as little as the search for a text. */
  readonly near: readonly string[];
  /** Expression that must match too. @default - none */
  readonly with?: string;
}

/** A pattern, in the syntax of RE2 and without capturing groups. */
export interface Pattern {
  /** What it finds. */
  readonly kind: Kind;
  /** When it is tried. */
  readonly guard: Guard;
  /** What stands before the secret, and stays. */
  readonly before: string;
  /** What is masked. */
  readonly secret: string;
  /** What stands behind the secret, and stays. */
  readonly after: string;
  /** What takes the place of the secret. */
  readonly mask: string;
  /** Whether the quotes around it are escaped or encoded. */
  readonly escaped: boolean;
  /** Expression of the names of the field, whose value the secret is. @default - it is found by its form */
  readonly names?: string;
  /** Country, for a national identification number. @default - always on */
  readonly option?: NationalId;
  /** Which check digits the secret has, without which it stays. @default - none */
  readonly checksum?: 'luhn' | 'iban';
  /** Whether a keyed hash takes the place of the secret, so that equal secrets stay equal. @default false */
  readonly hash?: boolean;
}

/** Text that takes the place of a secret. */
export function maskOf(kind: Kind): string {
  return `[masked:${kind}]`;
}

/** What names and masks in the file stand for. */
export const PLACEHOLDERS = { name: '{name}', mask: '{mask}' } as const;

/** The expression of a pattern. What stays is captured: first what stands before the secret, then what stands behind. */
export function expressionOf({ before, secret, after }: Pattern): string {
  return `(${before})(?:${secret})(${after})`;
}

/**
 * The beginning of a card number or an account number, behind a character that is no part of a word, or an escaped or
 * encoded one. Most characters fail at the class in front, so it takes half of the time of the numbers' own expressions.
 */
export const NUMBER_BEGINNING = [
  '(?:^|[^0-9A-Za-z_])(?:[nrt]|[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})?',
  '(?:[2-6][0-9]{3}(?:[ +-]|%20)?[0-9]{4}(?:[ +-]|%20)?[0-9]{2}|[A-Z]{2}[0-9]{2} ?[0-9A-Z]{4} ?[0-9A-Z]{4})',
].join('');
