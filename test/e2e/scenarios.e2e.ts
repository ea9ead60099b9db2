import { RuleCatalogue } from '../../rules';
import { readBaseline } from '../../scripts/scenarios/series';
import { readScenarios } from '../../scripts/scenarios/stories';
import { runScenarios } from '../../scripts/scenarios/trial';
import { differences } from '../../scripts/scenarios/verdict';

describe('Every story of rules/scenarios', () => {
  const { files } = RuleCatalogue.sightEdit();
  const scenarios = readScenarios(readBaseline());

  it('ends as it says', async () => {
    const results = await runScenarios(scenarios, files);
    expect(
      scenarios.flatMap((scenario) =>
        differences(scenario, results.get(scenario.id)!).map((difference) => `${scenario.id}: ${difference}`),
      ),
    ).toEqual([]);
  }, 3_600_000);

  it('ends the same where every rule is evaluated, not only those that it reaches', async () => {
    const some = scenarios.filter(({ id }) => ['quiet-hour', 'g01', 'i06', 's11'].includes(id));
    const whole = await runScenarios(some, files, { whole: true });
    expect(some.flatMap((scenario) => differences(scenario, whole.get(scenario.id)!))).toEqual([]);
  }, 3_600_000);
});
