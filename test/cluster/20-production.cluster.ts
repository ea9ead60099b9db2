import { succeed } from '../../testing/cluster';
import { readManifests } from '../../testing/manifests';
import { waitFor } from '../../testing/server';
import { describeOnCluster } from './support/cluster';
import { contentOf } from './support/inventory';
import {
  applyDist,
  deployApplication,
  MONITORING,
  NODE_MONITORING,
  prepareNamespaces,
  waitUntilReady,
} from './support/platform';
import { httpFrom, nameOf, runningPods } from './support/pods';

/** Kinds that dist/ has, and those that controllers make of them. */
const KINDS = [
  ...['configmaps', 'services', 'serviceaccounts', 'deployments', 'statefulsets', 'daemonsets', 'pods'],
  ...['networkpolicies', 'poddisruptionbudgets', 'persistentvolumeclaims', 'roles', 'rolebindings', 'clusterroles'],
  ...['clusterrolebindings', 'customresourcedefinitions', 'validatingadmissionpolicies'],
];

/**
 * Warnings that a correct start may cause: a probe before the program listens; a mount before the API server lets the
 * node read a claim or a ConfigMap of its new pod; the age of this kernel's cgroups; a Service that the API server's
 * repair loop sees before the address that the same request allocated.
 */
const EXPECTED_WARNINGS = ['Unhealthy', 'FailedMount', 'CgroupV1', 'ClusterIPNotAllocated'];

describeOnCluster('dist/ on three nodes', (cluster) => {
  beforeAll(async () => {
    await deployApplication(cluster());
    await prepareNamespaces(cluster(), readManifests());
    await applyDist(cluster());
  });

  it('has every pod Ready, without a restart', async () => {
    await waitUntilReady(cluster());
    const pods = await runningPods(cluster());
    const restarted = pods.filter(({ status }) =>
      status.containerStatuses.some(({ restartCount }) => restartCount > 0),
    );
    expect(restarted.map(nameOf)).toEqual([]);
    process.stdout.write(`\n${pods.length} pods are Ready on three nodes\n`);
  });

  it('spreads replicas over the nodes', async () => {
    const pods = await runningPods(cluster(), MONITORING);
    const nodesOf = (name: string) =>
      new Set(
        pods
          .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === name)
          .map(({ spec }) => spec.nodeName),
      ).size;
    expect({
      alertmanager: nodesOf('alertmanager'),
      prometheus: nodesOf('prometheus'),
      'remediation-webhook': nodesOf('remediation-webhook'),
    }).toEqual({ alertmanager: 3, prometheus: 2, 'remediation-webhook': 2 });
    const agents = await runningPods(cluster(), NODE_MONITORING);
    const ofName = (name: string) =>
      agents.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === name);
    expect(['node-exporter', 'log-collector'].map((name) => ofName(name).length)).toEqual([3, 3]);
  });

  it('warns of nothing', async () => {
    const namespaces = [MONITORING, NODE_MONITORING];
    const { items } = JSON.parse(
      await succeed(cluster().api.kubectl('get', 'events', '--all-namespaces', '--output=json')),
    ) as {
      items: { type: string; reason: string; message: string; involvedObject: { name: string; namespace: string } }[];
    };
    const warnings = items.filter(
      ({ type, reason, involvedObject }) =>
        type === 'Warning' && namespaces.includes(involvedObject.namespace) && !EXPECTED_WARNINGS.includes(reason),
    );
    expect(warnings.map(({ reason, message, involvedObject }) => [involvedObject.name, reason, message])).toEqual([]);
  });

  it('changes nothing when it is applied again', async () => {
    const before = await contentOf(cluster(), KINDS);
    // kubectl sends a patch for every PodDisruptionBudget, because of its merge strategy; it changes nothing.
    const lines = (await applyDist(cluster())).filter((line) => !line.endsWith(' unchanged'));
    expect(lines.filter((line) => !line.startsWith('poddisruptionbudget.policy/'))).toEqual([]);
    expect(await contentOf(cluster(), KINDS)).toEqual(before);
  });

  it('has every scrape target up that exists here', async () => {
    interface Target {
      readonly labels: { readonly job: string };
      readonly health: string;
      readonly scrapeUrl: string;
      readonly lastError: string;
    }
    const [prometheus] = (await runningPods(cluster(), MONITORING)).filter(
      ({ metadata }) => metadata.name === 'prometheus-0',
    );
    const targets = async () => {
      const { data } = JSON.parse(await httpFrom(prometheus!, 'http://127.0.0.1:9090/api/v1/targets?state=active'));
      // The probed URLs are on the Internet.
      return (data.activeTargets as Target[]).filter(({ labels }) => labels.job !== 'blackbox-http');
    };
    const down = async () =>
      (await targets())
        .filter(({ health }) => health !== 'up')
        .map(({ labels, scrapeUrl, lastError }) => `${labels.job} ${scrapeUrl} ${lastError}`);
    await waitFor('every target', async () => (await down()).length === 0, { timeoutSeconds: 90 }).catch(() => {});
    expect(await down()).toEqual([]);
    expect([...new Set((await targets()).map(({ labels }) => labels.job))].sort()).toEqual([
      'alertmanager',
      'apiserver',
      'blackbox-exporter',
      'cadvisor',
      'grafana',
      'jaeger',
      'kube-state-metrics',
      'kube-state-metrics-telemetry',
      'kubelet',
      'log-collector',
      'log-collector-events',
      'log-collector-masked',
      'loki',
      'node-exporter',
      'otel-collector',
      'otel-collector-sampler',
      'postgres-exporter',
      'prometheus',
      'redis-exporter',
      'remediation-webhook',
      'sightedit-pods',
      'span-metrics',
      'sql-exporter',
    ]);
  });

  it('evaluates every rule', async () => {
    const [prometheus] = (await runningPods(cluster(), MONITORING)).filter(
      ({ metadata }) => metadata.name === 'prometheus-1',
    );
    const rules = async () => {
      const { data } = JSON.parse(await httpFrom(prometheus!, 'http://127.0.0.1:9090/api/v1/rules'));
      return (data.groups as { rules: { name: string; health: string; lastError?: string }[] }[]).flatMap(
        (group) => group.rules,
      );
    };
    // A group is evaluated first within its interval, which is two minutes for averages over days.
    const settled = async () => (await rules()).every(({ health }) => health !== 'unknown');
    await waitFor('every rule', settled, { timeoutSeconds: 180 });
    const failed = (await rules()).filter(({ health }) => health !== 'ok');
    expect(failed.map(({ name, lastError }) => [name, lastError])).toEqual([]);
  });
});
