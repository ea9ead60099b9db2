import { type AlertingRule, type RecordingRule, RuleCatalogue, rulesOf } from '../../rules';
import { lints } from '../../rules/lints';

/** A valid alert, apart from the given expression and description. */
function alert(expr: string, description = 'It is {{ $value }}.'): AlertingRule {
  return {
    alert: 'DemoBad',
    expr,
    labels: { severity: 'low', category: 'meta' },
    annotations: { summary: 'Bad', description },
  };
}

const record = (expr: string): RecordingRule => ({ record: 'job:demo:ratio', expr });

const problems = (rule: AlertingRule | RecordingRule) =>
  lints.map((lint) => lint(rule)).filter((problem) => problem !== undefined);

test("SightEdit's rules have none of these mistakes", () => {
  const rules = rulesOf(RuleCatalogue.sightEdit().files);
  expect(rules.length).toBeGreaterThan(200);
  expect(rules.flatMap(problems)).toEqual([]);
});

describe('a percentage', () => {
  const HALF = 'a / (b > 0) > 0.5';
  const signed = (text: string) =>
    `an annotation prints "${text}": compute a ratio from 0 to 1 and write {{ $value | humanizePercentage }}`;

  test.each<[string, AlertingRule | RecordingRule, string]>([
    [
      'a hundred times too big',
      alert('100 * (a / (b > 0)) > 50', '{{ $value | humanizePercentage }} fail.'),
      'humanizePercentage prints a value that expr multiplies by 100: remove "* 100"',
    ],
    [
      'a hundred times too big, in a condition',
      alert('a * 100 > 50 and c', '{{ humanizePercentage $value }} fail.'),
      'humanizePercentage prints a value that expr multiplies by 100: remove "* 100"',
    ],
    [
      'of a percentage',
      alert('disk_used_percent > 90', '{{ $value | humanizePercentage }} is used.'),
      'humanizePercentage prints a metric that is already a percentage: divide it by 100 in expr',
    ],
    ['a hundred times too small', alert(HALF, '{{ $value }}% fail.'), signed('{{ $value }}%')],
    [
      'with two signs',
      alert(HALF, '{{ $value | humanizePercentage }}% fail.'),
      signed('{{ $value | humanizePercentage }}%'),
    ],
    ['rounded to nothing', alert(HALF, '{{ printf "%.0f" $value }} % fail.'), signed('{{ printf "%.0f" $value }} %')],
    ['that is recorded', record('a / (b > 0) * 100'), 'expr multiplies by 100: record the ratio from 0 to 1'],
  ])('%s', (_, rule, message) => {
    expect(problems(rule)).toEqual([message]);
  });

  test.each([
    ['printed from a ratio', alert(HALF, '{{ $value | humanizePercentage }} fail (limit 50%).')],
    ['next to arithmetic on numbers', alert('a / (b > 0) > 100 * 0.005', '{{ $value | humanizePercentage }} fail.')],
    ['next to a count', alert('a > 100', '{{ $value }} requests wait; 100% is the limit.')],
  ])('%s is fine', (_, rule) => {
    expect(problems(rule)).toEqual([]);
  });
});

describe('a value in a label', () => {
  const message = (text: string) =>
    `count_values puts a value into a label that is kept: aggregate it away, e.g. count(${text})`;

  test.each([
    ['at the top', 'count_values("version", a) > 1', 'count_values("version", a)'],
    ['that is aggregated by', 'sum by (version) (count_values("version", a)) > 1', 'count_values("version", a)'],
    ['that is not aggregated away', 'sum without (job) (count_values("version", a)) > 1', 'count_values("version", a)'],
  ])('%s', (_, expr, text) => {
    expect(problems(alert(expr))).toEqual([message(text)]);
  });

  test.each([
    'count(count_values("version", a)) > 1',
    'count by (job) (count_values by (job) ("version", a)) > 1',
    'count without (version) (count_values("version", a)) > 1',
  ])('is gone in %s', (expr) => {
    expect(problems(alert(expr))).toEqual([]);
  });
});

describe('a bucket boundary', () => {
  test.each([
    ['le="1"', '1.0', '1'],
    ['quantile="1"', '1.0', '1'],
    ['le!="0"', '0.0', '0'],
    ['le=".5"', '0.5', '.5'],
    ['le="0.50"', '0.5', '0.50'],
    ['le="1000000"', '1e+06', '1000000'],
    ['le="2500000.0"', '2.5e+06', '2500000.0'],
    ['le="0.00001"', '1e-05', '0.00001'],
    ['le=~"0.5|1"', '1.0', '1'],
    ['le=~"(5|10)"', '5.0', '5'],
    ['le!~"1e3"', '1000.0', '1e3'],
  ])('%s is stored in another form', (matcher, form, number) => {
    expect(problems(alert(`a_bucket{${matcher}} > 1`))).toEqual([
      `${matcher} never matches in Prometheus 3: write ${form} for ${number}`,
    ]);
  });

  test.each([
    'le="0.5"',
    'le="1.0"',
    'le="+Inf"',
    'le="1e+06"',
    'le=~"1|1.0"',
    'le=~"1\\\\.0|2\\\\.5"',
    'le=~".+"',
    'size="1"',
  ])('%s is stored like this', (matcher) => {
    expect(problems(alert(`a_bucket{${matcher}} > 1`))).toEqual([]);
  });
});

describe('a division by what counts events', () => {
  const message = (divisor: string) =>
    `expr divides by ${divisor}, which is 0 without traffic: write (${divisor} > 0), or require more than a few events`;
  const FAILED = 'sum(rate(failed_total[5m]))';
  const ALL = 'sum(rate(all_total[5m]))';

  test.each([
    ['without a guard', `${FAILED} / ${ALL} > 0.1`, ALL],
    ['with a guard of something else', `${FAILED} / ${ALL} > 0.1 and ${FAILED} > 1`, ALL],
    ['with a guard that is a number', `${FAILED} / (${ALL} > bool 0) > 0.1`, `${ALL} > bool 0`],
    ['with a guard that lets little through', `${FAILED} / ${ALL} > 0.1 and ${ALL} < 5`, ALL],
    ['with a guard that is an alternative', `${FAILED} / ${ALL} > 0.1 or ${ALL} > 5`, ALL],
    ['of a record', 'a / job:requests:rate5m > 0.1', 'job:requests:rate5m'],
    ['of an increase', 'a / increase(b_total[1h]) > 0.1', 'increase(b_total[1h])'],
  ])('%s', (_, expr, divisor) => {
    expect(problems(alert(expr))).toEqual([message(divisor)]);
  });

  test.each([
    ['that must exceed a number', `${FAILED} / (${ALL} > 0) > 0.1`],
    ['that must exceed a number beside it', `${FAILED} / ${ALL} > 0.1 and ${ALL} > 5`],
    [
      'laid out in another way',
      `${FAILED} / ${ALL} > 0.1 and (sum(\n  rate(all_total[5m])) >= 5)`.replace('(\n  ', '('),
    ],
    ['with a term that must exceed a number', `${FAILED} / (${FAILED} + ${ALL}) > 0.1 and ${ALL} > 5`],
    ['of which there is always one', 'count(up == 0) / count(up) > 0.1'],
  ])('%s is fine', (_, expr) => {
    expect(problems(alert(expr))).toEqual([]);
  });
});
