import { storedScore } from '../test/sanitising/stored';
import { cleanUp } from '../testing/cleanup';
import { findProgram } from '../testing/loki';
import { runCommand } from './command';

const USAGE = `Sends secrets, personal data and their look-alikes through the log agent into Loki, and looks for them there.

  npm run score:sanitising

Takes a minute. Exit code 1 when a secret is in Loki, or more than one look-alike in a hundred was changed.
Requires otelcol, etcd and kube-apiserver ("npm run tools"), and Loki in .tools/bin or on PATH: see docs/testing.md.`;

async function main(): Promise<number> {
  if (findProgram('loki') === undefined) {
    console.error('loki is missing: put the program into .tools/bin or on PATH, see docs/testing.md');
    return 2;
  }
  const { secrets, leaking, lookAlikes, changed, counted, complaints } = await storedScore();
  const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  console.log(`secrets and personal data   ${secrets}, found in Loki: ${leaking.length}`);
  console.log(
    `look-alikes                 ${lookAlikes}, untouched: ${share(lookAlikes - changed.length, lookAlikes)}`,
  );
  console.log(`lines masked, by the agent's counter:`);
  for (const [kind, count] of [...counted].sort(([a], [b]) => a.localeCompare(b))) {
    console.log(`  ${kind.padEnd(26)}${count}`);
  }
  for (const line of [...leaking, ...changed.map((text) => `changed: ${text}`), ...complaints]) {
    console.log(`! ${line}`);
  }
  return leaking.length === 0 && changed.length <= lookAlikes / 100 ? 0 : 1;
}

void runCommand({ usage: USAGE, run: main, finish: cleanUp });
