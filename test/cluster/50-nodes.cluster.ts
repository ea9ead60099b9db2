import { succeed } from '../../testing/cluster';
import { NODES } from '../../testing/cluster/layout';
import { killNode, nodeNamed, startNode } from '../../testing/cluster/nodes';
import { waitFor } from '../../testing/server';
import { describeOnCluster } from './support/cluster';
import { ensureProduction, MONITORING, waitUntilReady } from './support/platform';
import { httpFrom, type Pod, runningPods } from './support/pods';

describeOnCluster('Nodes that go', (cluster) => {
  beforeAll(() => ensureProduction(cluster()));

  const pod = async (name: string): Promise<Pod> => {
    const found = (await runningPods(cluster(), MONITORING)).find(({ metadata }) => metadata.name.startsWith(name));
    if (!found) {
      throw new Error(`no pod ${name} runs`);
    }
    return found;
  };
  const drain = (node: string, seconds: number) =>
    cluster().api.kubectl(
      ...['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--force', `--timeout=${seconds}s`],
    );

  it('are drained one at a time: PodDisruptionBudgets hold the second back', async () => {
    const { api } = cluster();
    const nodes = [
      ...new Set([(await pod('alertmanager-0')).spec.nodeName, (await pod('alertmanager-1')).spec.nodeName]),
    ];
    const [first, second] = nodes as [string, string];
    try {
      expect(await drain(first, 120)).toMatchObject({ code: 0 });
      // One Alertmanager has nowhere to go: its volume is on the drained node.
      const { code, stderr } = await drain(second, 10);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/would violate the pod's disruption budget/);
      const alertmanagers = (await runningPods(cluster(), MONITORING)).filter(({ metadata }) =>
        metadata.name.startsWith('alertmanager-'),
      );
      expect(alertmanagers).toHaveLength(2);
    } finally {
      await succeed(api.kubectl('uncordon', ...nodes));
    }
    await waitUntilReady(cluster());
  });

  it('are reported when they are lost, and come back with their volumes', async () => {
    const state = cluster();
    const lost = await pod('prometheus-0');
    const node = nodeNamed(lost.spec.nodeName);
    // Another Prometheus watches.
    const observer = await pod('prometheus-1');
    const query = async (promql: string) => {
      const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(promql)}`;
      return JSON.parse(await httpFrom(observer, url)).data.result as { value: [number, string] }[];
    };
    const marker = Date.now() / 1000;
    await killNode(node, state.directory, state.cgroups);
    const isReady = async () =>
      (
        await succeed(
          state.api.kubectl(
            ...['get', 'node', node.name, '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}'],
          ),
        )
      ).trim();
    await waitFor('Kubernetes to notice', async () => (await isReady()) === 'Unknown', { timeoutSeconds: 90 });
    await waitFor(
      'Prometheus to notice',
      async () => (await query(`up{job="kubelet",node="${node.name}"} == 0`)).length > 0,
    );
    await waitFor('the alert to be pending', async () => {
      return (await query(`ALERTS{alertname="KubeletDown"}`)).length > 0;
    });

    await startNode(node, state);
    await waitFor('the node', async () => (await isReady()) === 'True', { timeoutSeconds: 90 });
    await waitUntilReady(state);
    const back = await pod('prometheus-0');
    expect(back.spec.nodeName).toBe(node.name);
    // It still has the samples from before.
    const url = `http://127.0.0.1:9090/api/v1/query?query=up{job="prometheus"}&time=${marker - 30}`;
    await waitFor('the samples from before', async () => {
      return JSON.parse(await httpFrom(back, url)).data.result.length > 0;
    });
    expect(NODES).toHaveLength(3);
  });
});
