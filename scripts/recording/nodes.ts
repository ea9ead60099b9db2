import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterClient, runningCluster, succeed } from '../../testing/cluster';
import { SCHEDULER_PORT } from '../../testing/cluster/control-plane';
import { NODES } from '../../testing/cluster/layout';
import { ROOT } from '../../tools/catalogue';
import type { Recorder } from './recording';

/** The kubelets, the cAdvisor in them, and the scheduler of the running cluster. */
export const recordNodes: Recorder = async () => {
  const state = runningCluster();
  if (!state) {
    throw new Error('no cluster runs: npm run cluster -- exec npm run metrics:record -- nodes');
  }
  const { kubectl } = clusterClient(state);
  const pagesAt = (path: string) =>
    Promise.all(NODES.map(({ name }) => succeed(kubectl('get', '--raw', `/api/v1/nodes/${name}/proxy${path}`))));
  const scheduler = await succeed(
    kubectl(
      ...['get', '--raw', '/metrics', `--server=https://127.0.0.1:${SCHEDULER_PORT}`],
      ...['--insecure-skip-tls-verify', '--certificate-authority='],
    ),
  );
  return [
    { job: 'kubelet', tool: 'kubelet', pages: await pagesAt('/metrics') },
    {
      job: 'cadvisor',
      tool: 'cadvisor',
      version: cadvisorVersion(),
      pages: await pagesAt('/metrics/cadvisor'),
      // The version of cgroups and the devices decide which metrics exist.
      dependsOnHost: true,
    },
    { job: 'kube-scheduler', tool: 'kube-scheduler', pages: [scheduler] },
  ];
};

/** Version of cAdvisor, which is compiled into the kubelet. */
function cadvisorVersion(): string {
  const goMod = readFileSync(join(ROOT, 'tools', 'kubernetes', 'go.mod'), 'utf8');
  return /github\.com\/google\/cadvisor v(\S+)/.exec(goMod)![1]!;
}
