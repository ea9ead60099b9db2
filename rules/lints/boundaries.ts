import { type Matcher, selectorsIn } from '../promql';
import type { Rule } from '../rule';

/** Labels whose values Prometheus 3 writes in one form, whatever the target sent: `1` becomes `1.0`. */
const BOUNDARY_LABELS = ['le', 'quantile'];

/** A number that stands alone or as an alternative of a regular expression, with its dot escaped or not. */
const NUMBER = /(?<=^|[(|])[+-]?(?:\d+(?:\\?\.\d+)?(?:e[+-]?\d+)?|Inf)(?=$|[)|])/gi;

/** A matcher for a form of a number that Prometheus 3 stores nowhere matches nothing, and says nothing. */
export function boundaryProblem({ expr }: Rule): string | undefined {
  for (const { matchers } of selectorsIn(expr)) {
    for (const matcher of matchers.filter(({ label }) => BOUNDARY_LABELS.includes(label))) {
      const missed = numbersOf(matcher).find((number) => !isAbout(matcher, normalForm(number)));
      if (missed) {
        const { label, operator, value } = matcher;
        return `${label}${operator}"${value}" misses what Prometheus 3 stores: write ${normalForm(missed)} for ${missed}`;
      }
    }
  }
  return undefined;
}

function numbersOf({ operator, value }: Matcher): string[] {
  if (operator === '=' || operator === '!=') {
    return value !== '' && Number.isFinite(Number(value)) ? [value] : [];
  }
  return (value.match(NUMBER) ?? []).map((number) => number.replace('\\', ''));
}

/** Whether a matcher, taken without its negation, is about this text. */
function isAbout({ operator, value }: Matcher, text: string): boolean {
  return operator === '=' || operator === '!=' ? value === text : new RegExp(`^(?:${value})$`).test(text);
}

/**
 * A number as Prometheus 3 writes it: with a dot, or with an exponent of two digits from a million on and below 0.0001.
 *
 * @see https://prometheus.io/docs/prometheus/latest/migration/#le-and-quantile-label-values
 */
function normalForm(number: string): string {
  const value = Number(number.replace(/inf/i, 'Infinity'));
  if (!Number.isFinite(value)) {
    return value > 0 ? '+Inf' : '-Inf';
  }
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
