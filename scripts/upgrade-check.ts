import { existsSync } from 'node:fs';
import { DIST } from '../testing/manifests';
import { runCommand } from './command';
import { type UpgradeProblem, upgradeProblems } from './upgrade/problems';
import { keptReleases, readDirectory, readRelease } from './upgrade/release';

const USAGE = `npm run upgrade:check -- <release or directory>

Compares dist/ with the manifests that are in the cluster, and prints what "kubectl apply -f dist" cannot do: fields that
are immutable, and objects that it leaves behind, each with the fix.

  <release>    a release whose manifests are kept: ${keptReleases().join(', ')}
  <directory>  a directory with the manifests, e.g. dist/ of another checkout

Exits with 1 if there is something to do.`;

/** The problem in one line. */
function line({ object, field, fix }: UpgradeProblem): string {
  const what = field === 'removed' ? 'is no longer written' : `${field} is immutable and changes`;
  return `${object}: ${what}; ${fix}`;
}

runCommand({
  usage: USAGE,
  run: ([previous]) => {
    if (previous === undefined) {
      throw new Error(USAGE);
    }
    const old = existsSync(previous) ? readDirectory(previous) : readRelease(previous);
    const problems = upgradeProblems(old, readDirectory(DIST));
    console.log(problems.length > 0 ? problems.map(line).join('\n') : 'kubectl apply -f dist is enough');
    return problems.length > 0 ? 1 : 0;
  },
});
