import { keptReleases, readRelease } from '../../scripts/upgrade/release';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { DIST, type Manifest, ofKind, readManifests } from '../../testing/manifests';

describe.each(keptReleases())('an upgrade from %s on a real API server', (version) => {
  const previous = readRelease(version) as readonly Manifest[];
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await makeNamespace(kubernetes, 'sightedit');
  });
  afterAll(() => kubernetes?.stop());

  const apply = (items: readonly Manifest[]) =>
    kubernetes.kubectlWith({ apiVersion: 'v1', kind: 'List', items }, 'apply');

  it('begins with the manifests of that release', async () => {
    const { code, stderr } = await apply(previous);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('is one apply, without an error about an immutable field', async () => {
    const { code, stdout, stderr } = await kubernetes.kubectl('apply', '--filename', DIST);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('statefulset.apps/prometheus configured');
  });

  it('can be rolled back in the same way', async () => {
    const { code, stderr } = await apply(previous);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const again = await kubernetes.kubectl('apply', '--filename', DIST);
    expect(again.code).toBe(0);
  });

  it('would fail with another claim template, which the check at synthesis finds', async () => {
    const [set] = ofKind(readManifests(), 'StatefulSet').filter(({ metadata }) => metadata.name === 'prometheus');
    const changed = structuredClone(set!);
    changed.spec.volumeClaimTemplates[0].spec.resources.requests.storage = '1Ti';
    const { code, stderr } = await apply([changed]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('updates to statefulset spec') });
  });

  it.each([
    ['PriorityClass', 'sightedit-monitoring', 'value', 7],
    ['Service', 'grafana', 'spec.clusterIP', 'None'],
    ['Deployment', 'grafana', 'spec.selector.matchLabels.tier', 'web'],
    ['PersistentVolumeClaim', 'grafana', 'spec.accessModes', ['ReadWriteMany']],
  ] as const)('would fail with another %s %s: %s', async (kind, name, path, value) => {
    const [object] = ofKind(readManifests(), kind).filter(({ metadata }) => metadata.name === name);
    const patch = path.split('.').reduceRight<unknown>((child, key) => ({ [key]: child }), value);
    const namespace = object!.metadata.namespace ? [`--namespace=${object!.metadata.namespace}`] : [];
    const args = ['patch', kind, name, ...namespace, '--type=merge', `--patch=${JSON.stringify(patch)}`];
    const { code, stderr } = await kubernetes.kubectl(...args);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/immutable|may not change|may not be changed|forbidden|Invalid value/i),
    });
  });
});
