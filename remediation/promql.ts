/** Strings and comments of PromQL and LogQL. */
const QUOTED = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*/gs;
const PLACEHOLDER = /\$([a-zA-Z_][a-zA-Z0-9_]*)/g;

/** The text for a placeholder. */
type Lookup = (name: string) => string;

/**
 * Replaces `$name` in a PromQL or LogQL query by a value: `up{namespace="$namespace"}`. Values come from labels, so
 * they are escaped: they cannot end the string, and in a regular expression they match literally.
 *
 * @throws when a placeholder stands outside a string, where it could not be escaped, or has no value
 */
export function renderQuery(query: string, values: { readonly [name: string]: string }): string {
  return render(query, (name) => {
    if (!Object.hasOwn(values, name)) {
      const known = Object.keys(values).map((key) => `$${key}`);
      throw new Error(`the query has no value for $${name}: it may use ${known.join(', ') || 'none'}`);
    }
    return values[name]!;
  });
}

/**
 * The names of the placeholders in a query.
 *
 * @throws when one of them stands outside a string
 */
export function placeholdersOf(query: string): readonly string[] {
  const names = new Set<string>();
  render(query, (name) => {
    names.add(name);
    return '';
  });
  return [...names];
}

function render(query: string, lookup: Lookup): string {
  let rendered = '';
  let end = 0;
  for (const { 0: token, index } of query.matchAll(QUOTED)) {
    const code = outsideStrings(query.slice(end, index));
    rendered += code + (token.startsWith('#') ? token : renderString(token, code.trimEnd().endsWith('~'), lookup));
    end = index + token.length;
  }
  return rendered + outsideStrings(query.slice(end));
}

function outsideStrings(code: string): string {
  const [placeholder] = code.match(PLACEHOLDER) ?? [];
  if (placeholder) {
    throw new Error(`${placeholder} stands outside a string: write it between quotes, {name="${placeholder}"}`);
  }
  return code;
}

function renderString(token: string, isPattern: boolean, lookup: Lookup): string {
  const quote = token[0]!;
  return token.replace(PLACEHOLDER, (placeholder, name: string) => {
    const value = lookup(name);
    const text = isPattern ? value.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&') : value;
    if (quote === '`' && text.includes('`')) {
      throw new Error(`the value of ${placeholder} has a backquote: write the string in double quotes`);
    }
    // Between backquotes nothing can be escaped, and nothing needs to be.
    return quote === '`' ? text : text.replace(/[\\"'\p{Cc}]/gu, (character) => escaped(character, quote));
  });
}

/** A quote of the other kind stays as it is, because Prometheus rejects a needless escape. */
function escaped(character: string, quote: string): string {
  if (character === '\\' || character === quote) {
    return `\\${character}`;
  }
  return `"'`.includes(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
