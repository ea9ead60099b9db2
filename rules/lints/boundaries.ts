import { type Matcher, selectorsIn } from '../promql';
import type { Rule } from '../rule';

/** Labels whose values Prometheus 3 normalizes: `1` from a target is stored as `1.0`. */
const BOUNDARY_LABELS = ['le', 'quantile'];

/** A whole alternative of a regular expression that is a number; its dot may be escaped. */
const NUMBER = /(?<=^|[(|])[+-]?(?:\d+(?:\\?\.\d+)?(?:e[+-]?\d+)?|Inf)(?=$|[)|])/gi;

/** A matcher such as `le="1"` silently matches nothing, because Prometheus 3 stores `1.0`. */
export function boundaryProblem({ expr }: Rule): string | undefined {
  for (const { matchers } of selectorsIn(expr)) {
    for (const matcher of matchers.filter(({ label }) => BOUNDARY_LABELS.includes(label))) {
      const missed = numbersOf(matcher).find((number) => !isAbout(matcher, normalForm(number)));
      if (missed) {
        const { label, operator, value } = matcher;
        return `${label}${operator}"${value}" never matches in Prometheus 3: write ${normalForm(missed)} for ${missed}`;
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

/** Whether a matcher names this text, be it to select or to exclude it. */
function isAbout({ operator, value }: Matcher, text: string): boolean {
  return operator === '=' || operator === '!=' ? value === text : new RegExp(`^(?:${value})$`).test(text);
}

/**
 * A number as Prometheus 3 writes it: with a dot, or, from a million on and below 0.0001, with an exponent of two
 * digits.
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
