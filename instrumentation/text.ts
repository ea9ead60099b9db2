/** A value of a caller as text: JavaScript callers pass anything, and `String()` throws for some of it. */
export function textOf(value: unknown, longest = Number.POSITIVE_INFINITY): string {
  const text = typeof value === 'string' ? value : isPlain(value) ? `${value}` : '';
  return text.length > longest ? text.slice(0, longest) : text;
}

function isPlain(value: unknown): value is number | boolean | bigint {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
}
