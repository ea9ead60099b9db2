import { find, NAMESPACE, render } from '../../../testing/render';
import { component, stateful } from './sample';

const { spec } = find(
  render((chart) => component(chart, { workload: stateful(2) })),
  'StatefulSet',
);

test('claim templates are written as the API server completes them, so that applying again changes nothing', () => {
  expect(spec.volumeClaimTemplates).toEqual([
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        volumeMode: 'Filesystem',
        resources: { requests: { storage: '1Gi' } },
      },
      status: { phase: 'Pending' },
    },
  ]);
});

test('replicas start together and are found by the headless Service, ready or not', () => {
  const headless = find(
    render((chart) => component(chart, { workload: stateful(2) })),
    'Service',
    'demo-headless',
  );
  expect(spec).toMatchObject({ serviceName: 'demo-headless', podManagementPolicy: 'Parallel', replicas: 2 });
  expect(headless).toMatchObject({
    metadata: { namespace: NAMESPACE },
    spec: { clusterIP: 'None', publishNotReadyAddresses: true },
  });
});

test.each([
  [1, undefined],
  [2, 'ClientIP'],
])('with %i replicas the session affinity is %s', (replicas, affinity) => {
  const manifests = render((chart) => component(chart, { workload: stateful(replicas) }));
  expect(find(manifests, 'Service', 'demo').spec.sessionAffinity).toBe(affinity);
});
