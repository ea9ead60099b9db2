/** Characters that a letter of a form stands for. */
const CLASSES: { readonly [letter: string]: string } = { n: '[0-9]', a: '[A-Z]', c: '[0-9A-Z]' };

/**
 * An expression of account numbers: without blanks, or in groups of four.
 *
 * @param forms by country, e.g. `4a14n` for four letters and 14 digits after the check digits
 */
export function ibanExpression(forms: { readonly [country: string]: string }): string {
  return Object.entries(forms)
    .map(([country, form]) => {
      const classes = [...form.matchAll(/(\d+)([nac])/g)].flatMap(([, count, letter]) =>
        Array.from({ length: Number(count) }, () => CLASSES[letter!]!),
      );
      const grouped = classes.map((each, index) => (index % 4 === 0 ? `[ ]?${each}` : each));
      return `${country}[0-9]{2}${repeated(grouped)}`;
    })
    .join('|');
}

/** Expressions of the beginnings of account numbers, one for each first letter: each begins with a literal. */
export function ibanBeginnings(forms: { readonly [country: string]: string }): readonly string[] {
  const countries = Object.keys(forms);
  return [...new Set(countries.map((country) => country[0]!))].map((first) => {
    const others = countries.filter((country) => country.startsWith(first)).map((country) => country[1]!);
    return `${first}[${others.join('')}][0-9]{2} ?[0-9A-Z]{4} ?[0-9A-Z]{4}`;
  });
}

/** Runs of the same expression, counted. */
function repeated(expressions: readonly string[]): string {
  const parts: { readonly expression: string; count: number }[] = [];
  for (const expression of expressions) {
    const last = parts.at(-1);
    if (last?.expression === expression) {
      last.count += 1;
    } else {
      parts.push({ expression, count: 1 });
    }
  }
  return parts.map(({ expression, count }) => (count === 1 ? expression : `${expression}{${count}}`)).join('');
}
