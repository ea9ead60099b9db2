import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlertingRule, RuleCatalogue } from '../rules';
import { sightEditPlaybook } from '../runbooks/sight-edit';
import { ROOT } from '../tools/catalogue';
import { runCommand } from './command';

const USAGE = `Writes what stands in rules and policies into the playbooks: the facts of each alert, and the response to it.

  npm run playbooks`;

function main(): number {
  let changed = 0;
  for (const { topic, groups } of RuleCatalogue.sightEdit().files) {
    for (const rule of groups.flatMap(({ rules }) => rules).filter(isAlertingRule)) {
      const path = join(ROOT, 'runbooks', `${rule.alert}.md`);
      const before = readFileSync(path, 'utf8');
      const after = sightEditPlaybook(before, rule, topic);
      if (after !== before) {
        writeFileSync(path, after);
        changed++;
      }
    }
  }
  console.log(`${changed} playbooks changed`);
  return 0;
}

runCommand({ usage: USAGE, run: main });
