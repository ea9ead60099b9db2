import { RuleCatalogue } from '../../rules';
import { affectedRules } from '../../scripts/scenarios/affected';
import { baselineSeries, readBaseline, seriesOf } from '../../scripts/scenarios/series';
import { readScenarios, scenarioOf } from '../../scripts/scenarios/stories';
import { runScenarios } from '../../scripts/scenarios/trial';
import { samplesOf } from '../../scripts/scenarios/values';
import { differences } from '../../scripts/scenarios/verdict';
import { describeWithTools } from '../support/tools';

const baseline = readBaseline();
const { files } = RuleCatalogue.sightEdit();
const scenarios = readScenarios(baseline);
/** Stories with more evaluations are told by the end-to-end tests. */
const SHORT = 300;

describe('The stories of rules/scenarios', () => {
  it('are at least 120, and change series that rules read', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(120);
    const idle = scenarios.filter(({ changed }) => changed.length > 0 && affectedRules(files, changed).length === 0);
    expect(idle.map(({ id }) => id)).toEqual([]);
  });

  it('expect alerts of the catalogue', () => {
    const names = RuleCatalogue.sightEdit().alerts.map(({ alert }) => alert);
    expect(scenarios.flatMap(({ fires }) => Object.keys(fires)).filter((alert) => !names.includes(alert))).toEqual([]);
  });
});

describeWithTools(['promtool'], 'Prometheus, told the short stories', () => {
  it('fires what they expect, and nothing else', async () => {
    const short = scenarios.filter(({ clock }) => clock.length / clock.every <= SHORT);
    const results = await runScenarios(short, files);
    const wrong = short.flatMap((scenario) =>
      differences(scenario, results.get(scenario.id)!).map((difference) => `${scenario.id}: ${difference}`),
    );
    expect(wrong).toEqual([]);
  }, 600_000);

  it('is wrong about a story that expects something else', async () => {
    const story = scenarioOf(
      'control',
      {
        id: 'control',
        story: 'A node is not ready',
        lasts: '20m',
        change: { 'kube_node_status_condition{node="node-b", condition="Ready", status="true"}': { 0: 1, '5m': 0 } },
        fires: { NodeNotReady: { by: '8m', ends: '9m', labels: { node: 'node-a' } }, NodePressure: '10m' },
      },
      baseline,
    );
    const results = await runScenarios([story], files);
    expect(differences(story, results.get('control')!)).toEqual([
      'NodeNotReady fires at 10m, later than 8m',
      'NodeNotReady fires until 20m, longer than 9m',
      'NodeNotReady{"node":"node-b"} has other labels than {"node":"node-a"}',
      'NodePressure does not fire',
    ]);
  }, 60_000);
});

describe('A story', () => {
  it('that changes a series which the baseline lacks is rejected', () => {
    expect(() =>
      scenarioOf('control', { id: 'x', story: 'x', lasts: '1h', change: { no_such_metric: 1 } }, baseline),
    ).toThrow('x changes no_such_metric, which selects nothing of the baseline: write it below add');
  });

  it('keeps the rest of the baseline', () => {
    const { series, changed } = scenarioOf(
      'control',
      { id: 'x', story: 'x', lasts: '1h', change: { 'up{job="grafana"}': 0 } },
      baseline,
    );
    expect(changed).toHaveLength(1);
    expect(series).toHaveLength(baselineSeries(baseline).length);
  });
});

describe('The values of a series', () => {
  const clock = { start: 86_400, length: 300, step: 60, every: 60 };

  it.each([
    ['a gauge', 3, '3x5'],
    ['a counter', '60/m', '0+60x5'],
    ['a counter that goes on', { 0: '60/m', '2m': '6/m' }, '0+60x1 66+6x3'],
    ['a counter with a start', '100 + 60/m', '100+60x5'],
    ['missing samples', { 0: 1, '2m': 'gone', '4m': 1 }, '1x1 stale _x1 1x1'],
    ['no sample at first', { 0: 'gone', '3m': 2 }, '_x3 2x2'],
    ['a cycle with a lost scrape', 'cycle 1 _ 0', '1 stale 0+1x1 stale 0'],
    ['a time of the story', 'start-1m', '86340x5'],
    ['the time of the sample', 'now+1h', '90000+60x5'],
    ['the values of the baseline', { 0: 'same', '3m': 0 }, '7x2 0x2'],
  ])('can be %s', (_, timeline, expected) => {
    expect(samplesOf(timeline as never, clock, 7)).toBe(expected);
  });

  it('can follow the hours of the day', () => {
    const hours = { start: 0, length: 3 * 3600, step: 3600, every: 3600 };
    expect(samplesOf(`hourly 0 1 2 ${'0 '.repeat(21)}`, hours)).toBe('0+60x1 180x1');
  });

  it.each([
    ['lots', '"lots" is no value of a series'],
    ['hourly 1 2', '"hourly 1 2" has 2 rates: write one for each of the 24 hours'],
  ])('cannot be %s', (value, message) => {
    expect(() => samplesOf(value, clock)).toThrow(message);
  });

  it('begin at 0', () => {
    expect(() => samplesOf({ '1m': 1 }, clock)).toThrow('a timeline starts at 0 and goes on in order');
  });
});

describe('The rules that a story reaches', () => {
  it('are those that read what it changes, through records too', () => {
    const reached = affectedRules(files, [seriesOf('node_load5{job="node-exporter", node="node-b"}', 1)]);
    const names = reached.flatMap(({ groups }) =>
      groups.flatMap(({ rules }) => rules.map((rule) => 'alert' in rule && rule.alert)),
    );
    expect(names.filter(Boolean)).toEqual(['NodeCPUSaturated', 'NodeStalledOnIO']);
  });
});
