import { App } from 'cdk8s';
import { ExternalWorkload, type ExternalWorkloadProps } from '../../../constructs';
import { find, findAll, manifestsOf, NAMESPACE, render, testChart } from '../../../testing/render';
import { settingError } from '../../support/setting-error';
import { component, selected } from './sample';

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

test('a connection leaves pods as reachable as they were, unless it is asked to admit', () => {
  const foreign = (props: Partial<ExternalWorkloadProps>) =>
    connected(props).filter(({ metadata }) => metadata.namespace === 'shop');
  expect(foreign({})).toEqual([]);
  expect(foreign({ admit: false })).toEqual([]);
  expect(foreign({ admit: true }).map(({ kind }) => kind)).toEqual(['NetworkPolicy']);
});

test('with admit, a connection writes a policy beside the workload that admits the client on the port', () => {
  expect(find(connected({ admit: true }), 'NetworkPolicy', 'monitoring-to-redis')).toMatchObject({
    metadata: { namespace: 'shop' },
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'redis' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
              podSelector: selected(),
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

test('a workload that nobody connects to gets no policy', () => {
  const manifests = render((chart) => {
    new ExternalWorkload(chart, 'redis', { ...PROPS, admit: true });
    component(chart);
  });
  expect(findAll(manifests, 'NetworkPolicy', 'monitoring-to-redis')).toEqual([]);
});

test('several clients share one policy, each of them once', () => {
  const app = new App();
  const { endpoint } = new ExternalWorkload(testChart('owners', app, 'workload'), 'redis', { ...PROPS, admit: true });
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
  const { endpoint } = new ExternalWorkload(chart, 'redis', { ...PROPS, admit: true, servicePort: 16379 });
  expect(component(chart).connectTo(endpoint).url()).toBe('redis://redis-service.shop.svc:16379');
  expect(find(manifestsOf(chart), 'NetworkPolicy', 'monitoring-to-redis').spec.ingress[0].ports).toEqual([
    { port: 6379, protocol: 'TCP' },
  ]);
});

test('the policy may have another name, so that two platforms can connect to one namespace', () => {
  const policies = findAll(connected({ admit: true, policyName: 'orders-to-redis' }), 'NetworkPolicy');
  expect(policies.map(({ metadata }) => metadata.name)).toContain('orders-to-redis');
});

test.each<[Partial<ExternalWorkloadProps>, string]>([
  [{ podLabels: {} }, 'podLabels is {}: name a label: without one, every pod of the namespace is selected'],
  [{ podLabels: { 'a/b/c': 'x' } }, 'podLabels is "a/b/c": write the key of a label, e.g. app.kubernetes.io/name'],
  [
    { podLabels: { app: 'my redis' } },
    'podLabels.app is "my redis": write at most 63 letters, digits, dashes, dots and underscores',
  ],
  [{ namespace: 'Shop' }, 'namespace is "Shop": write a DNS label: lower-case letters, digits and dashes'],
  [{ namespace: '*' }, 'namespace is "*": name each namespace: the rights are granted in each of them'],
  [{ service: 'redis_1' }, 'service is "redis_1": write lower-case letters, digits, dashes and dots, at most 253'],
  [{ port: 0 }, 'port is 0: write a port from 1 to 65535'],
  [{ servicePort: 70_000 }, 'servicePort is 70000: write a port from 1 to 65535'],
  [
    { admit: true, policyName: 'To Redis' },
    'policyName is "To Redis": write lower-case letters, digits, dashes and dots, at most 253',
  ],
])('%j is refused', (props, message) => {
  expect(settingError(() => connected(props)).message).toBe(message);
});
