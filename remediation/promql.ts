/**
 * Puts values in the place of `$name` in a query. They come from labels, so they are escaped: inside the quotes of a
 * matcher nothing that they hold ends the string.
 *
 * @throws when the query names a value that is not there
 */
export function renderQuery(query: string, values: { readonly [name: string]: string }): string {
  return query.replace(/\$([a-zA-Z_][a-zA-Z0-9_]*)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new Error(
        `the query has no value for $${name}: it may use ${Object.keys(values)
          .map((known) => `$${known}`)
          .join(', ')}`,
      );
    }
    return value.replace(/[\\"'`\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
  });
}
