import { parseArgs } from 'node:util';
import { cleanUp } from '../testing/cleanup';
import { runCampaign } from './attack/campaign';
import { progress, runCommand } from './command';

const LONGEST_MINUTES = 30;

const USAGE = `Attacks two replicas of the remediation webhook at random, and checks the API server's audit log afterwards.

  npm run attack -- [--minutes <1-${LONGEST_MINUTES}>] [--seed <number>]

The attack: forged records and statuses, removed labels, false alerts, floods, faults of the API, doubtful answers of
Prometheus, clocks that are up to five minutes wrong, and killed replicas.
The invariants: no change outside policy, none without an alert that fires, none twice, none in a dry run, none left.

The default is 3 minutes and a new seed, which is printed. The same seed makes the same choices; what they meet depends
on the time that the servers take. Exit code 1 when an invariant is violated.
Requires etcd, kube-apiserver, kube-controller-manager, kubectl and node: npm run tools`;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string' } },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= LONGEST_MINUTES)) {
    throw new Error(`--minutes is ${values.minutes}: write a number up to ${LONGEST_MINUTES}`);
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (!Number.isInteger(seed)) {
    throw new Error(`--seed is ${values.seed}: write a whole number`);
  }
  const { violations, moves, changes } = await runCampaign({ seed, seconds: minutes * 60, say: progress });
  console.log(`seed ${seed}, ${minutes} minutes`);
  for (const [title, counts] of [
    ['moves', moves],
    ['changes', changes],
  ] as const) {
    console.log(`${title}:`);
    for (const [name, count] of counts) {
      console.log(`  ${name.padEnd(32)}${String(count).padStart(6)}`);
    }
  }
  for (const violation of violations) {
    console.log(`VIOLATED: ${violation}`);
  }
  console.log(violations.length === 0 ? 'every invariant held' : `npm run attack -- --seed ${seed}`);
  return violations.length === 0 ? 0 : 1;
}

runCommand({ usage: USAGE, run: main, finish: cleanUp });
