import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlertingRule, RuleCatalogue, rulesOf } from '../../../rules';
import { evaluate, PipelineError } from '../../../testing/logql/evaluate';
import type { LogLine } from '../../../testing/logql/lines';
import {
  firing,
  linesOf,
  type RuleTest,
  seconds,
  type TestedRule,
  testedRules,
} from '../../../testing/logql/rule-tests';
import { ROOT } from '../../../tools/catalogue';

const BEGIN = 1_800_000_000;
const tested = testedRules();

/** What fires in a test, for each time that it states. */
async function outcome(rule: TestedRule, test: RuleTest) {
  const lines = linesOf(test, BEGIN);
  const times = test.expect.map(({ at }) => at);
  return Promise.all(
    times.map(async (at) => ({
      at,
      alerts: await firing(rule, async (expr, time) => evaluate(expr, lines, time), BEGIN + seconds(at)),
    })),
  );
}

test('every alert over logs has tests that it fires, stays quiet and recovers', () => {
  const names = rulesOf(RuleCatalogue.sightEdit().logs)
    .filter(isAlertingRule)
    .map(({ alert }) => alert);
  expect(tested.map(({ rule }) => rule.alert).sort()).toEqual(names.sort());
  const kinds = (tests: readonly RuleTest[]) => [
    ...new Set(tests.map(({ name }) => /^(fires|stays quiet|recovers) /.exec(name)?.[1])),
  ];
  expect(tested.filter(({ tests }) => kinds(tests).sort().join() !== 'fires,recovers,stays quiet')).toEqual([]);
});

describe.each(tested.map((rule) => [rule.rule.alert, rule] as const))('%s', (_alert, rule) => {
  test.each(rule.tests.map((each) => [each.name, each] as const))('%s', async (_name, each) => {
    expect(await outcome(rule, each)).toEqual(each.expect);
  });

  test('has tests that notice a mistake', async () => {
    const mutants = mutantsOf(rule);
    expect(mutants.length).toBeGreaterThan(0);
    const survivors: string[] = [];
    for (const { change, mutant } of mutants) {
      let noticed = false;
      for (const each of mutant.tests) {
        noticed ||= JSON.stringify(await outcome(mutant, each)) !== JSON.stringify(each.expect);
      }
      if (!noticed) {
        survivors.push(change);
      }
    }
    expect(survivors).toEqual([]);
  });
});

const FLIPPED: { readonly [operator: string]: string } = { '>': '<', '<': '>', '>=': '<', '<=': '>' };

/** The rule with one mistake: a comparison inverted, its number times or divided by ten, `for` removed. */
function mutantsOf(rule: TestedRule): readonly { readonly change: string; readonly mutant: TestedRule }[] {
  const { expr } = rule.rule;
  // A text in quotes has no comparisons. Of its length, so that places stay.
  const masked = expr.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, (text) => '_'.repeat(text.length));
  const edits = [...masked.matchAll(/(>=|<=|>|<) *(\d+)?/g)].flatMap(
    ({ 0: whole, 1: operator = '', 2: number, index }) => {
      const replaced = (text: string) => expr.slice(0, index) + text + expr.slice(index + whole.length);
      const scaled = number === undefined || Number(number) === 0 ? [] : [Number(number) * 10, Number(number) / 10];
      return [
        { change: `${whole} at ${index} inverted`, expr: replaced(`${FLIPPED[operator]} ${number ?? ''}`) },
        ...scaled.map((value) => ({
          change: `${whole} at ${index} with ${value}`,
          expr: replaced(`${operator} ${value}`),
        })),
      ];
    },
  );
  const mutants = edits.map(({ change, expr: edited }) => ({
    change,
    mutant: { ...rule, rule: { ...rule.rule, expr: edited } },
  }));
  const immediate = { change: 'for removed', mutant: { ...rule, rule: { ...rule.rule, for: undefined } } };
  // An alert on absence compares nothing.
  return rule.rule.for === undefined ? mutants : [...mutants, immediate];
}

test('the probes undo disguises in the same way', () => {
  const text = readFileSync(join(ROOT, 'rules/logs/probes.yaml'), 'utf8');
  const steps = text.split('\n').filter((line) => /label_format u=`\{\{ \.u \| replace "%(61|c0%ae|50)"/.test(line));
  expect(steps).toHaveLength(15);
  expect(new Set(steps.map((line) => line.trim())).size).toBe(3);
});

describe('the engine of the tests', () => {
  const line = (text: string, labels = {}): LogLine => ({ at: BEGIN, labels: { app: 'a', ...labels }, text });
  const value = (expr: string, ...lines: readonly LogLine[]) => evaluate(expr, lines, BEGIN);
  const count = (stages: string) => `sum(count_over_time({app="a"} ${stages} [1m]))`;

  test.each<[string, string, string, boolean]>([
    ['a text', '|= "b"', 'abc', true],
    ['one of several texts', '|= "x" or "b"', 'abc', true],
    ['no text', '!= "b"', 'abc', false],
    ['an expression anywhere', '|~ "b."', 'abc', true],
    ['an expression without case', '|~ "(?i)B"', 'abc', true],
    ['no expression', '!~ "b."', 'abc', false],
    ['a label, as a whole', '| app=~"[a-z]"', 'abc', true],
    ['a label, not a part of it', '| regexp "(?P<x>.*)" | x=~"b"', 'abc', false],
    ['both of two labels', '| app="a" and app="b"', 'abc', false],
    ['one of two labels', '| app="a" or app="b"', 'abc', true],
    ['a field', '| json x="b.c" | x="7"', '{"b":{"c":7}}', true],
    ['a field of damaged JSON', '| json x="b" | x="7" | drop __error__', '{"b":7', false],
    ['a part of a pattern', '| pattern `<a> [<_>] "<b>" <_>` | a="x" | b="GET /"', 'x [y] "GET /" 200', true],
    ['a pattern that begins with a text', '| pattern `a<x>` | x="b"', 'cab', false],
    [
      'a template',
      '| label_format x=`{{ regexReplaceAll "b+" (upper __line__ | lower) "-" }}` | x="a-c"',
      'abbc',
      true,
    ],
    ['a replaced line', '| line_format `{{ .app | replace "a" "z" }}` |= "z"', 'abc', true],
  ])('matches %s', (_what, stages, text, isFound) => {
    expect(value(count(stages), line(text))).toEqual(isFound ? [{ labels: {}, value: 1 }] : []);
  });

  test('calls a field by another name where the line has a label of its name', () => {
    const expr = 'sum by (user_id, user_id_extracted) (count_over_time({app="a"} | json user_id="user_id" [1m]))';
    expect(value(expr, line('{"user_id":"body"}', { user_id: 'label' }))).toEqual([
      { labels: { user_id: 'label', user_id_extracted: 'body' }, value: 1 },
    ]);
  });

  test('fails as Loki does when a line has an error', () => {
    expect(() => value(count('| json x="b"'), line('{"b":'))).toThrow(PipelineError);
    expect(value(count('| json x="b" | __error__!=""'), line('{"b":'))).toEqual([{ labels: {}, value: 1 }]);
  });

  test('does not count the beginning of a range, and counts its end', () => {
    expect(value(count(''), { ...line('x'), at: BEGIN - 60 })).toEqual([]);
    expect(value('sum(count_over_time({app="a"}[1m] offset 1m))', { ...line('x'), at: BEGIN - 60 })).toHaveLength(1);
  });

  test('refuses what it does not evaluate', () => {
    expect(() => value('sum(count_over_time({app="a"} | unpack [1m]))', line('x'))).toThrow(
      'the stage other is not evaluated here',
    );
    expect(() => value('stddev(count_over_time({app="a"}[1m]))', line('x'))).toThrow('stddev is not evaluated here');
    expect(() => value('{app="a"}', line('x'))).toThrow('is no metric query');
  });
});
