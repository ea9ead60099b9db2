import { identityToken, scratch } from '../../../constructs';
import { containerOf, podOf, render } from '../../../testing/render';
import { component } from './sample';

/** A pod with one mount. */
const withMount = (mount: ReturnType<typeof scratch>) => render((chart) => component(chart, { mounts: [mount] }));

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
  const annotations = (mount: ReturnType<typeof scratch>) => podOf(withMount(mount), 'demo').metadata.annotations;
  const [token, none] = [identityToken('token', '/etc/token', 'demo'), scratch('tmp', '/tmp')];
  expect(annotations(token)).toEqual(annotations(none));
});

test('scratch space can be written to, and is bounded', () => {
  const manifests = withMount(scratch('tmp', '/tmp', '8Mi'));
  expect(podOf(manifests, 'demo').spec.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: '8Mi' } }]);
  expect(containerOf(manifests, 'demo').volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
});
