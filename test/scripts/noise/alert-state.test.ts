import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toYaml } from '../../../formats/yaml';
import type { AlertingRule } from '../../../rules';
import { AlertState, secondsOf } from '../../../scripts/noise/alert-state';
import { temporaryDirectory } from '../../../testing/cleanup';
import { BIN } from '../../../tools/catalogue';
import { describeWithTools } from '../../support/tools';

const rule: AlertingRule = {
  alert: 'Sample',
  expr: 'sample == 1',
  for: '3m',
  keep_firing_for: '4m',
  labels: { severity: 'low', category: 'meta' },
  annotations: {},
};

/** One sample a minute: 1 matches, 0 does not, _ is missing. */
const STORIES = [
  { what: 'a match that is shorter than `for`', values: '0 1 1 1 0 0 0 0' },
  { what: 'a match that is as long as `for`', values: '0 1 1 1 1 0 0 0 0 0 0 0' },
  { what: 'one sample without a match while pending', values: '1 1 1 0 1 1 1 1 0 0 0 0 0 0' },
  { what: 'a gap that keep_firing_for bridges', values: '1 1 1 1 1 0 0 0 1 0 0 0 0 0 0 0' },
  { what: 'a gap that it does not', values: '1 1 1 1 1 0 0 0 0 0 1 1 1 1 1 1' },
  { what: 'a missing sample', values: '1 1 1 1 1 _ 1 1 1 0 0 0 0 0 0' },
];

/** Whether the alert fires at each minute, by the simulation. */
function simulated(values: readonly string[], own: AlertingRule): boolean[] {
  const state = new AlertState(own);
  const times = values.flatMap((value, index) => (value === '1' ? [index * 60] : []));
  // In two parts, as a long time is evaluated.
  const middle = Math.floor(values.length / 2) * 60;
  const series = (from: number, to: number) => [{ labels: {}, times: times.filter((t) => t >= from && t <= to) }];
  state.evaluate(series(0, middle), 0, middle, 60);
  state.evaluate(series(middle + 60, Number.MAX_SAFE_INTEGER), middle + 60, (values.length - 1) * 60, 60);
  return values.map((_, index) =>
    state.episodes.some(({ start, end = Number.POSITIVE_INFINITY }) => start <= index * 60 && index * 60 < end),
  );
}

/** The same by promtool: the minutes at which it finds the alert although the test expects none. */
function evaluated(values: readonly string[], own: AlertingRule): boolean[] {
  const directory = temporaryDirectory();
  const test = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: [
          { series: 'sample', values: values.map((value) => (value === '_' ? 'stale' : value)).join(' ') },
        ],
        alert_rule_test: values.map((_, minute) => ({ eval_time: `${minute}m`, alertname: 'Sample', exp_alerts: [] })),
      },
    ],
  };
  writeFileSync(join(directory, 'rules.yaml'), toYaml({ groups: [{ name: 'sample', rules: [own] }] }));
  writeFileSync(join(directory, 'test.yaml'), toYaml(test));
  let output = '';
  try {
    execFileSync(join(BIN, 'promtool'), ['test', 'rules', join(directory, 'test.yaml')], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    output = stdout + stderr;
  }
  const minutes = new Set(
    [...output.matchAll(/time: (?:(\d+)h)?(?:(\d+)m)?(?:0s)?,/g)].map(([, h = 0, m = 0]) => Number(h) * 60 + Number(m)),
  );
  return values.map((_, minute) => minutes.has(minute));
}

describeWithTools(['promtool'], 'The state of an alert', () => {
  it.each(STORIES)('is that of promtool: $what', ({ values }) => {
    const samples = values.split(' ');
    expect(simulated(samples, rule)).toEqual(evaluated(samples, rule));
  });

  it('is another one without `for`', () => {
    const samples = STORIES[0]!.values.split(' ');
    const { for: _, ...immediate } = rule;
    expect(simulated(samples, immediate)).toEqual(evaluated(samples, immediate));
    expect(simulated(samples, immediate)).not.toEqual(simulated(samples, rule));
  });
});

test('A duration has seconds', () => {
  expect(['90s', '1h30m', '2d', undefined].map(secondsOf)).toEqual([90, 5400, 172_800, 0]);
});
