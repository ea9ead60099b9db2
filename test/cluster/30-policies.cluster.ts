import { succeed } from '../../testing/cluster';
import { readManifests } from '../../testing/manifests';
import { find } from '../../testing/render';
import { waitFor } from '../../testing/server';
import { describeOnCluster } from './support/cluster';
import { dialEverything, policiesOf, wrongOf } from './support/matrix';
import { ensureProduction, MONITORING } from './support/platform';

describeOnCluster('NetworkPolicies, by packets', (cluster) => {
  beforeAll(() => ensureProduction(cluster()));

  it('open exactly what they say, for every pod and every port', async () => {
    const outcomes = await dialEverything(cluster(), await policiesOf(cluster()));
    const wrong = wrongOf(outcomes);
    const open = outcomes.filter((each) => each.open);
    process.stdout.write(
      `\n${outcomes.length - wrong.length} of ${outcomes.length} connections went as the policies say: ` +
        `${open.length} were open, ${outcomes.length - open.length} were closed\n`,
    );
    expect(wrong).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(500);
    // Both verdicts occur: a network that carries nothing, or everything, does not pass.
    expect(open.length).toBeGreaterThan(50);
    expect(outcomes.length - open.length).toBeGreaterThan(200);
    // Some facts, without the evaluator.
    const isOpen = (from: string, to: string) =>
      outcomes
        .filter(({ name }) => name.startsWith(`${MONITORING}/${from}`) && name.includes(to))
        .map((each) => each.open);
    expect(isOpen('grafana', '-> the metadata service:80')).toEqual([false]);
    expect(isOpen('grafana', `-> ${MONITORING}/prometheus-0:9090`)).toEqual([true]);
    expect(isOpen('redis-exporter', '-> the Internet:443')).toEqual([false]);
    expect(isOpen('redis-exporter', '-> sightedit/redis')).toEqual([true]);
    expect(isOpen('alertmanager-0', '-> the Internet:443')).toEqual([true]);
    expect(isOpen('alertmanager-0', '-> the Internet:80')).toEqual([false]);
    expect(isOpen('prometheus-0', '-> Service kube-dns:53/UDP')).toEqual([true]);
  });

  it('is noticed when a policy is missing (control)', async () => {
    const rules = await policiesOf(cluster());
    const aboutGrafana = (source: string, target: string) => `${source} ${target}`.includes('/grafana');
    await succeed(cluster().api.kubectl('delete', 'networkpolicy', 'grafana', `--namespace=${MONITORING}`));
    try {
      const wrong = async () => wrongOf(await dialEverything(cluster(), rules, aboutGrafana));
      let found: readonly string[] = [];
      await waitFor('closed connections', async () => {
        found = await wrong();
        return found.length > 0;
      });
      expect(found.filter((each) => !each.endsWith('should be open'))).toEqual([]);
    } finally {
      await succeed(cluster().api.kubectlWith(find(readManifests(), 'NetworkPolicy', 'grafana'), 'apply'));
    }
  });

  it('is noticed when a policy is too wide (control)', async () => {
    const rules = await policiesOf(cluster());
    const toRedisExporter = (_: string, target: string) => target.includes('/redis-exporter');
    const path = ['networkpolicy', 'redis-exporter', `--namespace=${MONITORING}`];
    const everyone = JSON.stringify({ spec: { ingress: [{}] } });
    await succeed(cluster().api.kubectl('patch', ...path, '--type=merge', `--patch=${everyone}`));
    try {
      const wrong = async () => wrongOf(await dialEverything(cluster(), rules, toRedisExporter));
      let found: readonly string[] = [];
      await waitFor('open connections', async () => {
        found = await wrong();
        return found.length > 0;
      });
      expect(found.filter((each) => !each.endsWith('should be closed'))).toEqual([]);
    } finally {
      await succeed(cluster().api.kubectlWith(find(readManifests(), 'NetworkPolicy', 'redis-exporter'), 'apply'));
    }
  });
});
