import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlertingRule, RuleCatalogue } from '../rules';
import { ROOT } from '../tools/catalogue';
import { runCommand } from './command';
import { sightEditRunbook } from './runbooks/sightedit';

const USAGE = `Writes the facts of each rule and its automated response into the runbooks.

  npm run runbooks`;

function main(): number {
  let changed = 0;
  const { files, logs } = RuleCatalogue.sightEdit();
  for (const { topic, groups } of [...files, ...logs]) {
    for (const rule of groups.flatMap(({ rules }) => rules).filter(isAlertingRule)) {
      const path = join(ROOT, 'runbooks', `${rule.alert}.md`);
      const before = readFileSync(path, 'utf8');
      const after = sightEditRunbook(before, rule, topic);
      if (after !== before) {
        writeFileSync(path, after);
        changed++;
      }
    }
  }
  console.log(`${changed} runbooks changed`);
  return 0;
}

runCommand({ usage: USAGE, run: main });
