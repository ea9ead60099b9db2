import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RuleCatalogue } from '../rules';
import { BIN } from '../tools/catalogue';
import { progress, runCommand } from './command';
import { durationText } from './scenarios/duration';
import { readBaseline } from './scenarios/series';
import { readScenarios, type Scenario } from './scenarios/stories';
import { runScenarios } from './scenarios/trial';
import { differences, summary } from './scenarios/verdict';

const USAGE = `Tells the stories of rules/scenarios to every rule, and prints which alerts fire and when.

  npm run scenarios                    every story
  npm run scenarios -- n02 kind:blind  the stories of an id or of a kind
  npm run scenarios -- --whole n02     with every rule, not only those that the story can reach

Exits with 1 when an alert does not fire in time, or when another one fires. Results are kept in .tools/cache/scenarios
until a rule or the story changes. Requires promtool: npm run tools -- promtool`;

async function main(args: readonly string[]): Promise<number> {
  if (!existsSync(join(BIN, 'promtool'))) {
    console.error('promtool is missing: run "npm run tools -- promtool"');
    return 1;
  }
  const names = args.filter((arg) => !arg.startsWith('--'));
  const all = readScenarios(readBaseline());
  const isNamed = ({ id, kind }: Scenario) =>
    names.some((name) => (name.startsWith('kind:') ? kind.includes(name.slice(5)) : id === name));
  const wanted = names.length === 0 ? all : all.filter(isNamed);
  let done = 0;
  const results = await runScenarios(wanted, RuleCatalogue.sightEdit().files, {
    whole: args.includes('--whole'),
    onEnd: ({ id }) => {
      done += 1;
      progress(`${done} of ${wanted.length}: ${id}`);
    },
  });
  const wrong = wanted.map((scenario) => differences(scenario, results.get(scenario.id)!));
  wanted.forEach((scenario, index) => {
    const expected = Object.entries(scenario.fires).map(([alert, { by }]) => `${alert} by ${by}`);
    console.log(`${scenario.id} (${scenario.kind}, ${durationText(scenario.clock.length)}): ${scenario.story}`);
    console.log(`  expected  ${expected.join(', ') || 'nothing'}`);
    console.log(`  got       ${summary(results.get(scenario.id)!)}`);
    for (const difference of wrong[index]!) {
      console.log(`  WRONG     ${difference}`);
    }
  });
  const failed = wrong.filter((list) => list.length > 0).length;
  console.log(`${wanted.length - failed} of ${wanted.length} stories end as expected`);
  return failed === 0 && wanted.length > 0 ? 0 : 1;
}

runCommand({ usage: USAGE, run: main });
