import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryDirectory } from '../../testing/cleanup';
import { succeed } from '../../testing/cluster';
import { ROOT } from '../../tools/catalogue';
import { describeOnCluster } from './support/cluster';
import { applyDist, ensureProduction, MONITORING, waitUntilReady } from './support/platform';

/** The manifests that were committed before those of HEAD. `undefined`: the history does not reach so far. */
function previousDist(): string | undefined {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
    const [, previous] = git('rev-list', '--max-count=2', 'HEAD', '--', 'dist').split('\n').filter(Boolean);
    if (!previous) {
      return undefined;
    }
    const directory = temporaryDirectory();
    const archive = execFileSync('git', ['archive', previous, 'dist'], { cwd: ROOT, maxBuffer: 1 << 28 });
    execFileSync('tar', ['--extract', `--directory=${directory}`], { input: archive });
    return join(directory, 'dist');
  } catch {
    return undefined; // Not a checkout of git.
  }
}

/** Replicas that must answer at any time, by workload. */
const AT_LEAST = {
  'statefulset/alertmanager': 2,
  'statefulset/prometheus': 1,
  'deployment/remediation-webhook': 1,
} as const;

describeOnCluster('An update', (cluster) => {
  const previous = previousDist();
  beforeAll(() => ensureProduction(cluster()));

  /** Runs `work`, and finds the smallest number of Ready replicas that there was meanwhile. */
  const lowest = async (work: () => Promise<void>): Promise<Record<string, number>> => {
    const found: Record<string, number> = {};
    let done = false;
    const watch = async () => {
      while (!done) {
        for (const workload of Object.keys(AT_LEAST)) {
          const ready = await succeed(
            cluster().api.kubectl(
              ...['get', workload, `--namespace=${MONITORING}`, '--output=jsonpath={.status.readyReplicas}'],
            ),
          );
          found[workload] = Math.min(found[workload] ?? Number.POSITIVE_INFINITY, Number(ready || 0));
        }
      }
    };
    const watching = watch();
    try {
      await work();
    } finally {
      done = true;
      await watching;
    }
    return found;
  };

  const expectAvailable = (found: Record<string, number>) => {
    for (const [workload, least] of Object.entries(AT_LEAST)) {
      expect([workload, found[workload]]).toEqual([workload, expect.any(Number)]);
      expect(found[workload]).toBeGreaterThanOrEqual(least);
    }
  };

  it('restarts every workload and keeps replicas of each', async () => {
    const workloads = Object.keys(AT_LEAST);
    expectAvailable(
      await lowest(async () => {
        await succeed(cluster().api.kubectl('rollout', 'restart', ...workloads, `--namespace=${MONITORING}`));
        await waitUntilReady(cluster());
      }),
    );
  });

  if (previous === undefined) {
    process.stderr.write(
      '\n!!! NOT CHECKED: an update from the previous manifests\n!!! git has no earlier version of dist/\n',
    );
  }
  (previous === undefined ? it.skip : it)('leads from the previous manifests to those of today', async () => {
    expectAvailable(
      await lowest(async () => {
        await applyDist(cluster(), previous);
        await waitUntilReady(cluster());
        await applyDist(cluster());
        await waitUntilReady(cluster());
      }),
    );
  });
});
