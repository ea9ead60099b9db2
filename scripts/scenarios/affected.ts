import type { Rule, RuleFile } from '../../rules';
import { isAlertingRule } from '../../rules';
import { selectorsIn } from '../../rules/promql';
import type { Series } from './series';
import { selects } from './series';

const CLOCK_FUNCTIONS = /\b(hour|minute|day_of_week|day_of_month|day_of_year|days_in_month|month|year)\s*\(/;

/**
 * The rules whose result can differ from the healthy baseline: those that read a changed series, directly or through a
 * record, and those that read the clock. All records that they read come with them. Every other rule reads only series
 * of the baseline, and the stories of the baseline prove that it stays silent.
 */
export function affectedRules(files: readonly RuleFile[], changed: readonly Series[]): readonly RuleFile[] {
  const rules = files.flatMap(({ groups }) => groups.flatMap((group) => group.rules));
  const names = new Set<string>();
  let grown = true;
  while (grown) {
    grown = false;
    for (const rule of rules) {
      if (!isAlertingRule(rule) && !names.has(rule.record) && isAffected(rule, changed, names)) {
        names.add(rule.record);
        grown = true;
      }
    }
  }
  const wanted = new Set<Rule>(rules.filter((rule) => isAlertingRule(rule) && isAffected(rule, changed, names)));
  let needed = [...wanted];
  while (needed.length > 0) {
    const read = new Set(needed.flatMap(({ expr }) => selectorsIn(expr).map(({ name }) => name)));
    needed = rules.filter((rule) => !isAlertingRule(rule) && !wanted.has(rule) && read.has(rule.record));
    for (const rule of needed) {
      wanted.add(rule);
    }
  }
  return files.flatMap((file) => {
    const groups = file.groups
      .map((group) => ({ ...group, rules: group.rules.filter((rule) => wanted.has(rule)) }))
      .filter((group) => group.rules.length > 0);
    return groups.length > 0 ? [{ ...file, groups }] : [];
  });
}

function isAffected({ expr }: Rule, changed: readonly Series[], records: ReadonlySet<string>): boolean {
  return (
    CLOCK_FUNCTIONS.test(expr) ||
    selectorsIn(expr).some(
      (selector) =>
        (selector.name !== undefined && records.has(selector.name)) ||
        changed.some((series) => selects(selector, series)),
    )
  );
}
