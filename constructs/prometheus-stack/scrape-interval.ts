import { stored } from '../../memo';
import { ancestors, nodesOf, type Rule, textOf } from '../../rules';
import { SettingError } from '../kit';
import { secondsOf } from '../kit/checks';

/** Functions that need two samples in their window, as the parser names them. */
const RATES = ['Rate', 'Irate', 'Increase', 'Delta', 'Idelta', 'Deriv', 'PredictLinear'];

/**
 * Samples that the window of a rate must have room for: two are needed, and a missed scrape must not leave fewer.
 * Grafana's `$__rate_interval` is four scrape intervals for the same reason:
 * https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/#use-__rate_interval
 */
const SAMPLES_OF_A_RATE = 4;

/** The range of a range selector, and how many samples the function around it needs there. */
interface Window {
  readonly range: string;
  readonly samples: number;
}

/**
 * Checks that the windows of rules hold enough samples.
 *
 * @throws SettingError that names the shortest window and the longest interval for it
 */
export function checkInterval(intervalSeconds: number, rules: readonly Rule[]): void {
  const windows = rules
    .flatMap(({ expr }) => windowsIn(String(expr)))
    .map((window) => ({ ...window, longest: Math.floor(secondsOf(window.range) / window.samples) }));
  const [tightest] = windows.sort((a, b) => a.longest - b.longest);
  if (tightest && intervalSeconds > tightest.longest) {
    const { range, samples, longest } = tightest;
    throw new SettingError(
      'intervalSeconds',
      intervalSeconds,
      `rules read ${samples === 1 ? 'a sample' : `${samples} samples`} over [${range}]; write at most ${longest}`,
    );
  }
}

const windowsIn = stored('windowsIn', (expr: string): readonly Window[] =>
  nodesOf(expr, 'MatrixSelector').map((selector) => {
    const call = ancestors(selector).find(({ name }) => name === 'FunctionCall');
    const reader = call?.getChild('FunctionIdentifier')?.firstChild?.name ?? '';
    return {
      range: textOf(expr, selector.getChild('DurationExpr')!),
      samples: RATES.includes(reader) ? SAMPLES_OF_A_RATE : 1,
    };
  }),
);
