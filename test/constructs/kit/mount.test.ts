import {
  Credentials,
  configMapFiles,
  identityToken,
  type Mount,
  projectedFiles,
  scratch,
  secretFiles,
} from '../../../constructs';
import { containerOf, podOf, render, synthError, testChart } from '../../../testing/render';
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
  expect(annotations(identityToken('token', '/etc/token', 'demo'))).toBeUndefined();
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

test('files of several Secrets and ConfigMaps stand in one directory', () => {
  const credentials = new Credentials('client');
  const authority = { configMap: { name: 'trust', items: [{ key: 'ca.crt', path: 'ca.crt' }] } };
  const sources = [credentials.projection('tls.key', 'client.key'), authority];
  const manifests = withMount(projectedFiles('client', '/etc/client', sources));
  expect(credentials.keys).toEqual(['tls.key']);
  expect(podOf(manifests, 'demo').spec.volumes).toEqual([
    {
      name: 'client',
      projected: {
        defaultMode: 0o440,
        sources: [
          { secret: { name: 'client', items: [{ key: 'tls.key', path: 'client.key' }], optional: false } },
          authority,
        ],
      },
    },
  ]);
});

describe('several mounts in a pod', () => {
  const mounted = (...mounts: Mount[]) => {
    const manifests = render((chart) => component(chart, { mounts }));
    return {
      volumes: podOf(manifests, 'demo').spec.volumes,
      paths: containerOf(manifests, 'demo').volumeMounts.map(
        ({ name, mountPath }: { name: string; mountPath: string }) => `${name} ${mountPath}`,
      ),
    };
  };
  const first = new Credentials('first');

  test('of credentials have volumes of different names', () => {
    const { volumes, paths } = mounted(
      first.files('/etc/a', ['A']),
      first.files('/etc/b', ['B']),
      new Credentials('second').files('/etc/c', ['A']),
    );
    expect(paths).toEqual(['credentials /etc/a', 'credentials-2 /etc/b', 'credentials-3 /etc/c']);
    expect(
      volumes.map(({ name, secret }: { name: string; secret: { secretName: string } }) => [name, secret.secretName]),
    ).toEqual([
      ['credentials', 'first'],
      ['credentials-2', 'first'],
      ['credentials-3', 'second'],
    ]);
  });

  test('with the same source share a volume', () => {
    const { volumes, paths } = mounted(first.files('/etc/a', ['A']), first.files('/etc/b', ['A']));
    expect(volumes).toHaveLength(1);
    expect(paths).toEqual(['credentials /etc/a', 'credentials /etc/b']);
  });

  test.each<[string, Mount[], string]>([
    ['another volume', [scratch('a', '/a'), configMapFiles('a', 'files', '/b')], 'duplicate volume "a" of demo'],
    ['the volume of the data', [scratch('data', '/a')], 'duplicate volume "data" of demo'],
    ['a path', [scratch('a', '/a'), scratch('b', '/a')], 'duplicate mount path "/a" of demo'],
    ['the path of the data', [scratch('a', '/data')], 'duplicate mount path "/data" of demo'],
    ['a relative path', [scratch('a', 'etc/a')], 'the mount path "etc/a" of demo is relative'],
  ])('do not take %s', (_what, mounts, message) => {
    const chart = testChart();
    component(chart, {
      mounts,
      workload: { kind: 'Deployment', replicas: 1, storage: { path: '/data', size: '1Gi' } },
    });
    expect(synthError(chart)).toContain(message);
  });
});

describe('a mount below another', () => {
  const problems = (below: Mount, above: Mount) => {
    const chart = testChart();
    component(chart, { mounts: [below, above] });
    return () => synthError(chart);
  };

  test.each<[string, Mount]>([
    ['a ConfigMap', configMapFiles('files', 'files', '/etc/files')],
    ['a Secret', secretFiles('files', 'files', '/etc/files')],
    ['a projection', projectedFiles('files', '/etc/files', [])],
  ])('is refused in %s, where the runtime cannot create its directory', (_source, above) => {
    expect(problems(configMapFiles('more', 'more', '/etc/files/more'), above)()).toContain(
      'the mount path "/etc/files/more" of demo is below /etc/files, which is read-only: move it out',
    );
  });

  test.each<[string, Mount, string]>([
    ['scratch space', scratch('files', '/etc/files'), '/etc/files/more'],
    ['a directory whose name begins alike', configMapFiles('files', 'files', '/etc/files'), '/etc/files-more'],
  ])('is possible in %s', (_source, above, path) => {
    expect(problems(configMapFiles('more', 'more', path), above)).toThrow('synthesis succeeded');
  });
});
