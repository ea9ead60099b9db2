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

/** When a pattern is tried. */
export type Guard =
  /** Texts in lower case, one of which stands in every text that the pattern matches. */
  | { readonly any: readonly string[] }
  /** An expression that begins with a literal, so that the engine finds its place without trying each character. */
  | { readonly match: string }
  /** The text has eight digits with at most one separator after the fourth. */
  | { readonly digits: true };

/** A pattern, in the syntax of RE2 and without capturing groups. */
export interface Pattern {
  readonly kind: Kind;
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

/** Groups, and what a name in the file may stand for. */
export const PLACEHOLDERS = { name: '{name}', mask: '{mask}' } as const;

/** The expression of a pattern. What stays is captured: first what stands before the secret, then what stands behind. */
export function expressionOf({ before, secret, after }: Pattern): string {
  return `(${before})(?:${secret})(${after})`;
}

/**
 * An expression that matches the whole of a text without eight digits in a row, or four and four with a blank, hyphen or
 * plus between them. Every card number and IBAN has them.
 *
 * Each character decides alone how the match goes on, so the engine runs it in one pass without a stack or threads. That
 * takes a quarter of the time of looking for the digits.
 */
export const NO_LONG_NUMBER = (() => {
  const [digit, end] = ['[0-9]', '[^0-9]|$'];
  const fewer = `${digit}(?:${end}|${digit}(?:${end}|${digit}(?:${end})))`;
  // After four digits: a separator and then fewer than four digits, or fewer than four digits.
  const rest = `[^0-9 +%-]|$|[ +-](?:${end}|${fewer})|%(?:[^2]|$|2(?:[^0]|$|0(?:${end}|${fewer})))|${fewer}`;
  return `(?s)^(?:[^0-9]|${digit}(?:${end}|${digit}(?:${end}|${digit}(?:${end}|${digit}(?:${rest})))))*$`;
})();
