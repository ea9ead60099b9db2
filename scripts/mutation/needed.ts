import { isAlertingRule, type Rule, type RuleFile, rulesOf, selectorsIn } from '../../rules';

/**
 * The part of a file that one alert needs: the alert and the records that it reads, directly or through other records.
 * Empty groups stay, because tests name the order of the groups.
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

/** The alerts of a file whose tests can notice a change of a rule: itself, or those that read what it records. */
export function readersOf(rule: Rule, file: RuleFile): readonly string[] {
  if (isAlertingRule(rule)) {
    return [rule.alert];
  }
  return rulesOf([file])
    .filter(isAlertingRule)
    .map(({ alert }) => alert)
    .filter((alert) => rulesOf([neededFor(alert, file)]).includes(rule));
}

/** Whether a rule reads the series that another rule records. */
function isReadBy(rule: Rule, other: Rule): boolean {
  return !isAlertingRule(other) && selectorsIn(rule.expr).some(({ name }) => name === other.record);
}
