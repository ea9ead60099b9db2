import { App } from 'cdk8s';
import { ExternalWorkload, type ExternalWorkloadProps } from '../../../constructs';
import { find, findAll, manifestsOf, NAMESPACE, render, testChart } from '../../../testing/render';
import { component } from './sample';

const PROPS: ExternalWorkloadProps = {
  namespace: 'shop',
  podLabels: { 'app.kubernetes.io/name': 'redis' },
  service: 'redis-service',
  port: 6379,
  scheme: 'redis',
};

const connected = (props: Partial<ExternalWorkloadProps> = {}) =>
  render((chart) => {
    const { endpoint } = new ExternalWorkload(chart, 'redis', { ...PROPS, ...props });
    component(chart).connectTo(endpoint);
  });

test('a connection writes a policy beside the workload that admits the client on the port', () => {
  expect(find(connected(), 'NetworkPolicy', 'monitoring-to-redis')).toMatchObject({
    metadata: { namespace: 'shop' },
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'redis' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
              podSelector: { matchLabels: { 'app.kubernetes.io/name': 'demo' } },
            },
          ],
          ports: [{ port: 6379, protocol: 'TCP' }],
        },
      ],
    },
  });
});

test.each([true, false])('the client may leave for the workload when admit is %s', (admit) => {
  expect(find(connected({ admit }), 'NetworkPolicy', 'demo').spec.egress).toContainEqual({
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'redis' } },
      },
    ],
    ports: [{ port: 6379, protocol: 'TCP' }],
  });
});

test('an owner who writes the policy finds none of ours', () => {
  expect(connected({ admit: false }).filter(({ metadata }) => metadata.namespace === 'shop')).toEqual([]);
});

test('a workload that nobody connects to gets no policy', () => {
  const manifests = render((chart) => {
    new ExternalWorkload(chart, 'redis', PROPS);
    component(chart);
  });
  expect(findAll(manifests, 'NetworkPolicy', 'monitoring-to-redis')).toEqual([]);
});

test('several clients share one policy, each of them once', () => {
  const app = new App();
  const { endpoint } = new ExternalWorkload(testChart('owners', app, 'workload'), 'redis', PROPS);
  for (const namespace of ['metrics', 'tools']) {
    const client = component(testChart(namespace, app, namespace));
    client.connectTo(endpoint);
    client.connectTo(endpoint);
  }
  const [rule] = find(manifestsOf(app), 'NetworkPolicy', 'monitoring-to-redis').spec.ingress;
  expect(
    rule.from.map((peer: { namespaceSelector: { matchLabels: object } }) => peer.namespaceSelector.matchLabels),
  ).toEqual([{ 'kubernetes.io/metadata.name': 'metrics' }, { 'kubernetes.io/metadata.name': 'tools' }]);
});

test('the address is that of the Service, the rule that of the pods', () => {
  const chart = testChart();
  const { endpoint } = new ExternalWorkload(chart, 'redis', { ...PROPS, servicePort: 16379 });
  expect(component(chart).connectTo(endpoint).url()).toBe('redis://redis-service.shop.svc:16379');
  expect(find(manifestsOf(chart), 'NetworkPolicy', 'monitoring-to-redis').spec.ingress[0].ports).toEqual([
    { port: 6379, protocol: 'TCP' },
  ]);
});
