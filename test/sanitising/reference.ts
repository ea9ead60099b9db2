import { RE2JS } from 're2js';
import { expressionOf, type Pattern } from '../../rules/sanitising';

const compiled = new Map<string, RE2JS>();

/** An expression, compiled by an RE2 engine once. */
export function re2(expression: string): RE2JS {
  const known = compiled.get(expression) ?? RE2JS.compile(expression);
  compiled.set(expression, known);
  return known;
}

/** Whether a text passes the guard of a pattern. */
export function passes({ guard }: Pattern, text: string): boolean {
  const lower = text.toLowerCase();
  if (guard.with !== undefined && !re2(guard.with).matcher(text).find()) {
    return false;
  }
  return guard.any.some((word) => lower.includes(word)) || guard.near.some((each) => re2(each).matcher(text).find());
}

/** Whether a number has the check digits that its pattern asks for. */
export function hasCheckDigits(checksum: Pattern['checksum'], secret: string): boolean {
  if (checksum === 'luhn') {
    const digits = [...secret.replaceAll(/%20|[^0-9]/g, '')].reverse().map(Number);
    const sum = digits.reduce(
      (total, digit, i) => total + (i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2),
      0,
    );
    return sum % 10 === 0;
  }
  const compact = secret.replaceAll(' ', '');
  const moved = `${compact.slice(4)}${compact.slice(0, 4)}`;
  const number = moved.replaceAll(/[A-Z]/g, (letter) => `${letter.charCodeAt(0) - 55}`);
  return BigInt(number) % 97n === 1n;
}

/** Masks a text as the collector does, with an RE2 engine. */
export function masked(text: string, patterns: readonly Pattern[], guarded = true): string {
  return patterns.reduce((current, pattern) => {
    if (guarded && !passes(pattern, current)) {
      return current;
    }
    const { before, secret, after, mask, checksum } = pattern;
    if (checksum === undefined) {
      return re2(expressionOf(pattern)).matcher(current).replaceAll(`$1${mask}$2`);
    }
    const matcher = re2(`(?:${before})(${secret})(?:${after})`).matcher(current);
    const found: string[] = [];
    while (matcher.find()) {
      found.push(matcher.group(1) ?? '');
    }
    return found
      .filter((each) => hasCheckDigits(checksum, each))
      .reduce((rest, each) => rest.replaceAll(each, inJson(rest, each) ? `"${mask}"` : mask), current);
  }, text);
}

function inJson(text: string, number: string): boolean {
  return text.includes(`":${number}`) && !text.includes(`\\":${number}`);
}
