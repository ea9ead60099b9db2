import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlertingRule, RuleCatalogue } from '../rules';
import { withFacts } from '../runbooks/facts';
import { ROOT } from '../tools/catalogue';

/** Writes severity, team, waiting time and expression of each alert into its playbook. */
let changed = 0;
for (const { topic, groups } of RuleCatalogue.sightEdit().files) {
  for (const rule of groups.flatMap(({ rules }) => rules).filter(isAlertingRule)) {
    const path = join(ROOT, 'runbooks', `${rule.alert}.md`);
    const before = readFileSync(path, 'utf8');
    const after = withFacts(before, rule, topic);
    if (after !== before) {
      writeFileSync(path, after);
      changed++;
    }
  }
}
console.log(`${changed} playbooks changed`);
