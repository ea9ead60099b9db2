import { checkInterval } from '../../../constructs/prometheus-stack/scrape-interval';

/** The message for rules that read some expressions, or `undefined` when the interval is short enough. */
function problem(intervalSeconds: number, ...exprs: readonly string[]): string | undefined {
  try {
    checkInterval(
      intervalSeconds,
      exprs.map((expr) => ({ record: 'job:demo:rate', expr })),
    );
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test.each([
  ['rate(demo_total[5m])', 75],
  ['sum(increase(demo_total{job="a[1s]"}[1h30m])) > 0', 1350],
  ['deriv(demo_bytes[10m] offset 1m)', 150],
  ['predict_linear(demo_bytes[10m] @ end(), 60)', 150],
  // These need a single sample.
  ['min_over_time(demo_pending[2m])', 120],
  ['changes(demo_start[5m])', 300],
  // The step of a subquery belongs to the rule, not to the scrape.
  ['max_over_time(rate(demo_total[5m])[1h:1m])', 75],
  // The tightest of several windows decides.
  ['rate(demo_total[10m]) / rate(demo_total[4m])', 60],
])('%s allows an interval of %i s and not one more', (expr, longest) => {
  expect(problem(longest, expr)).toBeUndefined();
  expect(problem(longest + 1, expr)).toContain(`write at most ${longest}`);
});

test('the message names the window of the tightest rule', () => {
  expect(problem(80, 'rate(a_total[1h])', 'min_over_time(b[5m])', 'rate(c_total[5m])')).toBe(
    'intervalSeconds is 80: rules read 4 samples over [5m]; write at most 75',
  );
  expect(problem(200, 'max_over_time(b[2m])')).toBe(
    'intervalSeconds is 200: rules read a sample over [2m]; write at most 120',
  );
});

test('rules without windows allow every interval', () => {
  expect(problem(600, 'up == 0', 'vector(1)')).toBeUndefined();
});
