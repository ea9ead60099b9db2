import { KubeStateMetrics, type KubeStateMetricsProps } from '../../constructs';
import { containerOf, find, findAll, NAMESPACE, render } from '../../testing/render';
import { testProps } from '../support/props';

interface PolicyRule {
  resources: string[];
  verbs: string[];
}

describe('KubeStateMetrics', () => {
  testProps<KubeStateMetricsProps>({
    make: (scope, props) => new KubeStateMetrics(scope, 'exporter', props),
    minimal: () => ({ namespaces: ['shop'] }),
    full: () => ({
      name: 'object-metrics',
      namespaces: ['shop', 'kube-system'],
      apiCidrs: ['10.42.0.0/16'],
      pod: { priorityClassName: 'objects-first' },
    }),
    traces: {
      name: 'name: object-metrics',
      namespaces: '--namespaces=shop,kube-system',
      apiCidrs: '10.42.0.0/16',
      pod: 'priorityClassName: objects-first',
    },
  });

  const manifests = render((chart) => new KubeStateMetrics(chart, 'exporter', { namespaces: ['shop', NAMESPACE] }));
  const roles = [...findAll(manifests, 'Role'), ...findAll(manifests, 'ClusterRole')];
  const rules: PolicyRule[] = roles.flatMap((role) => role.rules);

  test('may read the watched namespaces and no others', () => {
    expect(findAll(manifests, 'Role').map(({ metadata }) => metadata.namespace)).toEqual(
      expect.arrayContaining(['shop', NAMESPACE]),
    );
    expect(findAll(manifests, 'Role')).toHaveLength(2);
    expect(find(manifests, 'ClusterRole').rules.flatMap(({ resources }: PolicyRule) => resources)).toEqual([
      'namespaces',
      'nodes',
      'persistentvolumes',
    ]);
  });

  test('reports every namespace on request, with rights of the whole cluster', () => {
    const all = render((chart) => new KubeStateMetrics(chart, 'exporter', { namespaces: 'all' }));
    expect(findAll(all, 'Role')).toEqual([]);
    const granted = find(all, 'ClusterRole').rules.flatMap(({ resources }: PolicyRule) => resources);
    expect(new Set(granted)).toEqual(new Set(rules.flatMap(({ resources }) => resources)));
    expect(containerOf(all, 'kube-state-metrics').args.join(' ')).not.toContain('--namespaces');
  });

  test('may list and watch, and change nothing', () => {
    expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(['list', 'watch']));
  });

  test('may read no Secret and no ConfigMap', () => {
    const resources = rules.flatMap(({ resources }) => resources);
    expect(resources).toContain('pods');
    expect(resources).not.toContain('secrets');
    expect(resources).not.toContain('configmaps');
  });

  test('reports exactly the kinds that it may read', () => {
    const argument = containerOf(manifests, 'kube-state-metrics').args.find((arg: string) =>
      arg.startsWith('--resources='),
    );
    const reported = argument.slice('--resources='.length).split(',');
    expect(reported).toEqual([...new Set(rules.flatMap(({ resources }) => resources))].sort());
  });

  test('reaches the API server', () => {
    expect(find(manifests, 'NetworkPolicy').spec.egress[1].ports).toEqual([
      { port: 443, protocol: 'TCP' },
      { port: 6443, protocol: 'TCP' },
      { port: 8443, protocol: 'TCP' },
    ]);
  });
});
