import { k8s } from 'cdk8s-plus-28';
import { lazily } from '../../../constructs';
import { find, render } from '../../../testing/render';

test('a lazy value is asked for when the manifests are written', () => {
  const data: Record<string, string> = {};
  const manifests = render((chart) => {
    new k8s.KubeConfigMap(chart, 'config', { metadata: { name: 'config' }, data: lazily(() => data) });
    data.late = 'value';
  });
  expect(find(manifests, 'ConfigMap').data).toEqual({ late: 'value' });
});

test('a lazy value that is undefined leaves its property out', () => {
  const manifests = render((chart) => {
    new k8s.KubeConfigMap(chart, 'config', { metadata: { name: 'config' }, data: lazily(() => undefined) });
  });
  expect(find(manifests, 'ConfigMap')).not.toHaveProperty('data');
});
