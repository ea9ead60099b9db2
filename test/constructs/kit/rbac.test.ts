import type { Component } from '../../../constructs';
import { find, findAll, NAMESPACE, podOf, render, testChart } from '../../../testing/render';
import { component } from './sample';

const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['list'] });
const rendered = (grant: (made: Component) => void) => render((chart) => grant(component(chart)));

test.each([NAMESPACE, 'shop'])(
  'rules of several steps become one Role of namespace %s, each rule once',
  (namespace) => {
    const manifests = rendered((made) => {
      made.addRole(namespace, [rule('pods')]);
      made.addRole(namespace, [rule('services'), rule('pods')]);
    });
    expect(find(manifests, 'Role')).toMatchObject({
      metadata: { namespace },
      rules: [rule('pods'), rule('services')],
    });
    expect(find(manifests, 'RoleBinding').metadata).toMatchObject({ namespace });
  },
);

test('each namespace has its own', () => {
  const manifests = rendered((made) => {
    made.addRole('shop', [rule('pods')]);
    made.addRole('warehouse', [rule('services')]);
  });
  expect(findAll(manifests, 'Role').map(({ metadata, rules }) => [metadata.namespace, rules])).toEqual([
    ['shop', [rule('pods')]],
    ['warehouse', [rule('services')]],
  ]);
});

test('the component lists what it has been granted', () => {
  const chart = testChart();
  const made = component(chart);
  expect(made.rights).toEqual([]);
  made.addRole('shop', [rule('pods')]);
  made.addRole('shop', [rule('services'), rule('pods')]);
  made.addClusterRole([rule('nodes')]);
  expect(made.rights).toEqual([
    { namespace: 'shop', rules: [rule('pods'), rule('services')] },
    { namespace: undefined, rules: [rule('nodes')] },
  ]);
});

test('rules of several steps become one ClusterRole', () => {
  const manifests = rendered((made) => {
    made.addClusterRole([rule('nodes')]);
    made.addClusterRole([rule('nodes'), rule('namespaces')]);
  });
  expect(find(manifests, 'ClusterRole').rules).toEqual([rule('nodes'), rule('namespaces')]);
  expect(find(manifests, 'ClusterRole').metadata).not.toHaveProperty('namespace');
  expect(findAll(manifests, 'ClusterRoleBinding')).toHaveLength(1);
});

test.each<[string, (made: Component) => void]>([
  ['a Role', (made) => made.addRole('shop', [rule('pods')])],
  ['a ClusterRole', (made) => made.addClusterRole([rule('nodes')])],
])('%s comes with a token and the way to the API server', (_name, grant) => {
  const manifests = rendered(grant);
  expect(podOf(manifests, 'demo').spec.automountServiceAccountToken).toBe(true);
  expect(find(manifests, 'NetworkPolicy').spec.egress).toHaveLength(2);
  expect(find(manifests, 'NetworkPolicy').spec.egress[1].ports).toContainEqual({ port: 6443, protocol: 'TCP' });
});
