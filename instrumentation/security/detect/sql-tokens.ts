/**
 * Kinds of SQL tokens, one character each:
 *
 * | kind | is | kind | is |
 * |---|---|---|---|
 * | `s` | string | `o` | comparison |
 * | `1` | number, `null`, `true`, `false` | `+` | arithmetic |
 * | `v` | variable | `&` | `and`, `or`, `xor`, `&&`, `\|\|` |
 * | `b` | name | `n` | `not`, `!`, `~` |
 * | `f` | name of a function, before `(` | `U` | `union`, `intersect`, `except` |
 * | `c` | comment to the end | `E` | first word of a statement |
 * | `k` | word of a clause | | `(` `)` `,` `;` `.` themselves |
 */
export interface SqlToken {
  /** Kind of the token. */
  readonly kind: string;
  /** Text of the token, in lower case. */
  readonly text: string;
}

const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '&': 'and or xor',
    n: 'not',
    U: 'union intersect except',
    E: 'select insert update delete drop create alter truncate exec execute declare shutdown waitfor grant merge call copy load handler replace',
    k: 'from where order group having limit into by procedure values table all distinct distinctrow as offset top join on using returning',
    o: 'like rlike regexp ilike in between is similar glob sounds div mod',
    '1': 'null true false',
  }).flatMap(([kind, words]) => words.split(' ').map((word) => [word, kind] as const)),
);

/** One token at the beginning of a text. Repetition is bounded, so that a token costs constant time. */
const TOKEN =
  /\s{1,200}|\/\*!\d{0,5}|\*\/|\/\*|--[-+\s]?|#|0x[\da-f]{1,200}|\d{1,40}(?:\.\d{0,40})?(?:e[-+]?\d{1,5})?|@{1,2}[\w$.`]{0,80}|[a-z_\u0080-\uffff][\w$\u0080-\uffff]{0,80}|'|"|`|&&|\|\||<=>|<>|!=|<=|>=|==|::|[=<>]|[-+*/%^|&]|[!~]|[(),;.]|[\s\S]/iy;

const MOST_TOKENS = 40;
const LONGEST_STRING = 400;

/** The first tokens of a text, read as SQL. */
export function sqlTokens(text: string): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  let position = 0;
  while (position < text.length && tokens.length < MOST_TOKENS) {
    TOKEN.lastIndex = position;
    const raw = TOKEN.exec(text)?.[0] ?? text[position]!;
    position += raw.length;
    if (/^\s|^\/\*!|^\*\//.test(raw)) {
      continue;
    }
    if (raw === '/*') {
      const end = text.indexOf('*/', position);
      if (end < 0) {
        return [...tokens, { kind: 'c', text: text.slice(position, position + 40) }];
      }
      position = end + 2;
      continue;
    }
    if (raw.startsWith('--') || raw === '#') {
      const line = text.indexOf('\n', position);
      const rest = text.slice(position, line < 0 ? undefined : line);
      tokens.push({ kind: 'c', text: rest.slice(0, 80).trim() });
      if (line < 0) {
        return tokens;
      }
      position = line + 1;
      continue;
    }
    if (raw === "'" || raw === '"' || raw === '`') {
      const end = text.indexOf(raw, position);
      tokens.push({ kind: 's', text: text.slice(position, end < 0 ? position + LONGEST_STRING : end) });
      position = end < 0 ? text.length : end + 1;
      continue;
    }
    tokens.push({ kind: kindOf(raw, text, position), text: raw.toLowerCase() });
  }
  return tokens;
}

function kindOf(raw: string, text: string, next: number): string {
  if (/^\d/.test(raw)) {
    return '1';
  }
  if (raw.startsWith('@')) {
    return 'v';
  }
  if (/^[a-z_\u0080-\uffff]/i.test(raw)) {
    const kind = WORDS.get(raw.toLowerCase());
    return kind ?? (/^\s{0,5}\(/.test(text.slice(next, next + 6)) ? 'f' : 'b');
  }
  if (raw === '&&' || raw === '||') {
    return '&';
  }
  if (/^(?:[=<>!]=?|<=>|<>|==)$/.test(raw) && raw !== '!') {
    return 'o';
  }
  return raw === '!' || raw === '~' ? 'n' : /^[-+*/%^|&]$/.test(raw) ? '+' : raw;
}
