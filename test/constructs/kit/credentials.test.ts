import { Credentials } from '../../../constructs';
import { containerOf, podOf, render } from '../../../testing/render';
import { component } from './sample';

test('keys are collected from every component that asks, each once and in order', () => {
  const credentials = new Credentials('demo-credentials');
  credentials.files('/etc/demo', ['SMTP_PASSWORD', 'API_TOKEN']);
  credentials.variable('PASSWORD', 'REDIS_PASSWORD');
  credentials.files('/etc/other', ['API_TOKEN']);
  expect(credentials.keys).toEqual(['API_TOKEN', 'REDIS_PASSWORD', 'SMTP_PASSWORD']);
});

test('nobody has asked for a key at first', () => {
  expect(new Credentials('demo-credentials').keys).toEqual([]);
});

test.each([
  ['waits for the Secret unless it is optional', undefined, false],
  ['starts without the Secret when it is optional', true, true],
])('a pod with files %s', (_name, optional, expected) => {
  const manifests = render((chart) =>
    component(chart, {
      mounts: [new Credentials('demo-credentials').files('/etc/demo', ['B_KEY', 'A_KEY', 'B_KEY'], optional)],
    }),
  );
  expect(podOf(manifests, 'demo').spec.volumes).toEqual([
    {
      name: 'credentials',
      secret: {
        secretName: 'demo-credentials',
        items: [
          { key: 'A_KEY', path: 'A_KEY' },
          { key: 'B_KEY', path: 'B_KEY' },
        ],
        optional: expected,
        defaultMode: 0o440,
      },
    },
  ]);
  expect(containerOf(manifests, 'demo').volumeMounts).toEqual([
    { name: 'credentials', mountPath: '/etc/demo', readOnly: true },
  ]);
});

test('a variable refers to its key, which has to be there', () => {
  expect(new Credentials('demo-credentials').variable('PASSWORD', 'REDIS_PASSWORD')).toEqual({
    name: 'PASSWORD',
    valueFrom: { secretKeyRef: { name: 'demo-credentials', key: 'REDIS_PASSWORD' } },
  });
});
