import type { ApiClient } from '../../../testing/api-client';
import { type ClusterState, clusterClient, runningCluster } from '../../../testing/cluster';
import { missingRequirements } from '../../../testing/cluster/machine';

/** The running cluster, with an administrator's client. */
export interface Cluster extends ClusterState {
  readonly api: ApiClient;
}

/**
 * Tests on the cluster that `npm run test:cluster` has started. On a machine that cannot run one they are skipped with
 * a warning: a check that did not run must not pass in silence.
 */
export function describeOnCluster(title: string, tests: (cluster: () => Cluster) => void): void {
  const state = runningCluster();
  const missing = state ? [] : missingRequirements();
  const cluster = () => {
    if (!state) {
      throw new Error('no cluster runs: start the tests with "npm run test:cluster"');
    }
    return { ...state, api: clusterClient(state) };
  };
  if (missing.length > 0) {
    // Jest prints no console of a suite whose tests are all skipped.
    process.stderr.write([`\n!!! NOT CHECKED: ${title}`, ...missing.map((each) => `!!! ${each}`), '\n'].join('\n'));
    describe.skip(title, () => tests(cluster));
    return;
  }
  describe(title, () => tests(cluster));
}
