import { isAlertingRule, type Rule, type RuleFile, rulesOf, selectorsIn } from '../../rules';
import { affectedRules } from '../scenarios/affected';
import { readBaseline } from '../scenarios/series';
import { readScenarios, type Scenario } from '../scenarios/stories';
import { runScenarios } from '../scenarios/trial';
import { differences } from '../scenarios/verdict';
import type { Mutant } from './mutants';
import { withEach } from './trial';

/** Most stories that a mutant is told: those that expect an alert of the rule come first. */
const MOST_STORIES = 12;

let known: readonly Scenario[] | undefined;

/** The mutants that no story notices, of those that no unit test has noticed. */
export async function untold(
  rule: Rule,
  survivors: readonly Mutant[],
  files: readonly RuleFile[],
): Promise<readonly Mutant[]> {
  if (survivors.length === 0) {
    return [];
  }
  known ??= readScenarios(readBaseline());
  const readers = alertsThatRead(rule, files);
  const stories = known
    .filter(({ changed }) => rulesOf(affectedRules(files, changed)).includes(rule))
    .sort((one, other) => Number(expects(other, readers)) - Number(expects(one, readers)))
    .slice(0, MOST_STORIES);
  const left: Mutant[] = [];
  for (const mutant of survivors) {
    if (!(await isNoticed(rule, mutant, stories, files, readers))) {
      left.push(mutant);
    }
  }
  return left;
}

async function isNoticed(
  rule: Rule,
  mutant: Mutant,
  stories: readonly Scenario[],
  files: readonly RuleFile[],
  readers: ReadonlySet<string>,
): Promise<boolean> {
  const changed = files.flatMap((file) => withEach(file, rule, [mutant.rule]));
  // Only the alerts that the rule can change: the others end as they do without the mistake.
  const needed = onlyNeeded(changed, readers);
  for (const story of stories) {
    const own = {
      ...story,
      id: `${story.id} with a mistake`,
      fires: Object.fromEntries(Object.entries(story.fires).filter(([alert]) => readers.has(alert))),
    };
    const firings = (await runScenarios([own], needed, { whole: true })).get(own.id)!;
    if (differences(own, firings).length > 0) {
      return true;
    }
  }
  return false;
}

function expects({ fires }: Scenario, alerts: ReadonlySet<string>): boolean {
  return Object.keys(fires).some((alert) => alerts.has(alert));
}

/** Names of the alerts that a rule can change: itself, or those that read what it records. */
function alertsThatRead(rule: Rule, files: readonly RuleFile[]): ReadonlySet<string> {
  const all = rulesOf(files);
  const reached = new Set<Rule>([rule]);
  for (const one of reached) {
    if (!isAlertingRule(one)) {
      for (const reader of all.filter(({ expr }) => selectorsIn(expr).some(({ name }) => name === one.record))) {
        reached.add(reader);
      }
    }
  }
  return new Set([...reached].filter(isAlertingRule).map(({ alert }) => alert));
}

/** The alerts, and every record that they read. */
function onlyNeeded(files: readonly RuleFile[], alerts: ReadonlySet<string>): readonly RuleFile[] {
  const all = rulesOf(files);
  const needed = new Set<Rule>(all.filter((rule) => isAlertingRule(rule) && alerts.has(rule.alert)));
  for (const rule of needed) {
    const names = new Set(selectorsIn(rule.expr).map(({ name }) => name));
    for (const read of all.filter((other) => !isAlertingRule(other) && names.has(other.record))) {
      needed.add(read);
    }
  }
  return files.map((file) => ({
    ...file,
    groups: file.groups.map((group) => ({ ...group, rules: group.rules.filter((rule) => needed.has(rule)) })),
  }));
}
