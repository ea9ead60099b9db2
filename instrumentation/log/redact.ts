/** Names of fields whose values never reach a log. */
const SECRET_FIELD =
  /pass(?:word|wd|phrase)?$|^pwd$|secret|token|authorization|cookie|api[_-]?key|private[_-]?key|credential|card[_-]?(?:no|num)|^(?:pan|cvv|cvc|iban|ssn)$/i;

const REDACTED = '[redacted]';

/**
 * Secrets in running text. Each pattern has bounded repetition, so its time grows linearly with the text.
 */
const SECRETS: readonly (readonly [RegExp, string | ((match: string) => string)])[] = [
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,8000}(?:-----END [A-Z ]{0,30}-----)?/g, '[private key]'],
  [/\beyJ[\w-]{5,2000}\.[\w-]{5,4000}(?:\.[\w-]{0,1000})?/g, '[token]'],
  [/\b(Bearer|Basic) {1,3}[\w.~+/=-]{6,4000}/gi, '$1 [redacted]'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, '[access key]'],
  [
    /\b(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{8,200}|\bgh[pousr]_[A-Za-z0-9]{20,255}|\bxox[abprs]-[\w-]{10,200}/g,
    '[key]',
  ],
  [/\b([a-z][a-z\d+.-]{1,20}:\/\/)[^\s:/@]{0,100}:[^\s@/]{1,200}@/gi, '$1[redacted]@'],
  [
    /\b(pass(?:word|wd)?|pwd|secret|token|api[_-]?key|access[_-]?key)(["']?\s{0,5}[=:]\s{0,5}["']?)[^\s"'&,;}]{1,1000}/gi,
    '$1$2[redacted]',
  ],
  [/[\w.%+-]{1,64}@[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63}){1,8}/gi, '[e-mail]'],
  [/\b\d(?:[ -]?\d){12,18}\b/g, (match) => (isCardNumber(match) ? '[card]' : match)],
];

/** Longer texts are cut. A log line is not a dump. */
const LONGEST_TEXT = 4_096;
const DEEPEST = 4;
const MOST_FIELDS = 50;

/** A text without secrets and e-mail addresses, at most 4096 characters long. */
export function redactText(text: string): string {
  // A secret that the limit cuts in two must still be recognized, so the limit applies afterwards as well.
  const cut = text.slice(0, 2 * LONGEST_TEXT);
  const clean = SECRETS.reduce((result, [pattern, by]) => result.replace(pattern, by as string), cut);
  return text.length > LONGEST_TEXT || clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT)}…` : clean;
}

/** A copy of a value that can be logged: no secret, no cycle, four levels deep, at most 50 fields a level. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return redactText(value);
  }
  if (value instanceof Error) {
    return redactError(value);
  }
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function'
      ? String(value).slice(0, 100)
      : value;
  }
  if (depth >= DEEPEST) {
    return '[deeper]';
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  }
  if (Array.isArray(value)) {
    return value.slice(0, MOST_FIELDS).map((each) => redact(each, depth + 1));
  }
  return redactFields(value, depth);
}

function redactFields(value: object, depth: number): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null);
  let count = 0;
  for (const key in value) {
    if (!Object.hasOwn(value, key) || count++ >= MOST_FIELDS) {
      continue;
    }
    const name = key.slice(0, 100);
    fields[name] = SECRET_FIELD.test(name) ? REDACTED : redact((value as Record<string, unknown>)[key], depth + 1);
  }
  return fields;
}

function redactError(error: Error): Record<string, unknown> {
  return {
    type: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: redactText(String(error.cause)) }),
  };
}

/** Luhn's checksum, which every card number has. */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
