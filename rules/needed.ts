import { selectorsIn } from './promql';
import { isAlertingRule, type Rule, type RuleFile } from './rule';

/**
 * A file with one alert and what it reads: the other alerts, and the records that only they need, are left out. Groups
 * stay, empty ones too, because tests name their order.
 */
export function neededFor(alert: string, { topic, groups }: RuleFile): RuleFile {
  const all = groups.flatMap(({ rules }) => rules);
  const needed = new Set(all.filter((rule) => isAlertingRule(rule) && rule.alert === alert));
  for (const rule of needed) {
    for (const read of all.filter((other) => isReadBy(rule, other))) {
      needed.add(read);
    }
  }
  return {
    topic,
    groups: groups.map((group) => ({ ...group, rules: group.rules.filter((rule) => needed.has(rule)) })),
  };
}

/** Whether a rule reads what another one records. */
function isReadBy(rule: Rule, other: Rule): boolean {
  return !isAlertingRule(other) && selectorsIn(String(rule.expr)).some(({ name }) => name === other.record);
}
