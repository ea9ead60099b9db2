import { configMapFiles, identityToken, type Mount, scratch, secretFiles } from '../../../constructs';
import { containerOf, podOf, render } from '../../../testing/render';
import { component } from './sample';

/** A pod with one mount. */
const withMount = (mount: Mount) => render((chart) => component(chart, { mounts: [mount] }));

test('a token of identity is for one audience, renewed within the hour, and for the group of the pod to read', () => {
  const manifests = withMount(identityToken('webhook-token', '/etc/demo/webhook-token', 'demo-webhook'));
  expect(podOf(manifests, 'demo').spec.volumes).toEqual([
    {
      name: 'webhook-token',
      projected: {
        defaultMode: 0o440,
        sources: [{ serviceAccountToken: { audience: 'demo-webhook', expirationSeconds: 3600, path: 'token' } }],
      },
    },
  ]);
  expect(containerOf(manifests, 'demo').volumeMounts).toEqual([
    { name: 'webhook-token', mountPath: '/etc/demo/webhook-token', readOnly: true },
  ]);
});

test('a token of identity does not restart the pod when it is renewed', () => {
  const annotations = (mount: Mount) => podOf(withMount(mount), 'demo').metadata.annotations;
  const [token, none] = [identityToken('token', '/etc/token', 'demo'), scratch('tmp', '/tmp')];
  expect(annotations(token)).toEqual(annotations(none));
});

test('scratch space can be written to, and is bounded', () => {
  const manifests = withMount(scratch('tmp', '/tmp', '8Mi'));
  expect(podOf(manifests, 'demo').spec.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: '8Mi' } }]);
  expect(containerOf(manifests, 'demo').volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
});

describe('files', () => {
  const volumeOf = (mount: Mount) => podOf(withMount(mount), 'demo').spec.volumes[0];
  const ITEMS = [{ key: 'ca.crt', path: 'ca.crt' }];

  test.each<[string, Mount, object]>([
    ['a ConfigMap', configMapFiles('ca', 'authority', '/etc/ca'), { configMap: { name: 'authority' } }],
    [
      'a ConfigMap that may be missing',
      configMapFiles('ca', 'authority', '/etc/ca', true),
      { configMap: { name: 'authority', optional: true } },
    ],
    [
      'a Secret, for the group of the pod to read',
      secretFiles('ca', 'authority', '/etc/ca'),
      { secret: { secretName: 'authority', defaultMode: 0o440 } },
    ],
    [
      'some keys of a Secret that may be missing',
      secretFiles('ca', 'authority', '/etc/ca', { keys: ['ca.crt'], optional: true }),
      { secret: { secretName: 'authority', items: ITEMS, optional: true, defaultMode: 0o440 } },
    ],
  ])('come from %s, read-only', (_source, mount, expected) => {
    expect(volumeOf(mount)).toEqual({ name: 'ca', ...expected });
    expect(containerOf(withMount(mount), 'demo').volumeMounts).toEqual([
      { name: 'ca', mountPath: '/etc/ca', readOnly: true },
    ]);
  });
});
