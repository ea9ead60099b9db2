import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { ConfigDirectory, Credentials, Grafana, type Patch, patchable, patchObjects } from '../../../constructs';
import type { Manifest } from '../../../testing/manifests';
import { containerOf, find, findAll, manifestsOf, podOf, synthError, testChart } from '../../../testing/render';
import { component, selected, stateful } from './sample';

/** A component whose objects of a target are patched. */
function patched(target: string, ...patches: Patch[]): Manifest[] {
  const chart = testChart();
  component(chart, { workload: stateful(2) }).patch(target, ...patches);
  return manifestsOf(chart);
}

const CONTAINER = '/spec/template/spec/containers/0';

describe('no value is lost', () => {
  // Each of these lost its value when it was applied before serialization.
  test.each<[string, string, Patch, (manifests: Manifest[]) => unknown, unknown]>([
    [
      'a quantity as text',
      'StatefulSet',
      JsonPatch.replace(`${CONTAINER}/resources/limits/memory`, '512Mi'),
      (manifests) => containerOf(manifests, 'demo').resources,
      { limits: { memory: '512Mi' }, requests: { cpu: '10m', memory: '32Mi' } },
    ],
    [
      'the size of a volume',
      'StatefulSet',
      JsonPatch.replace('/spec/volumeClaimTemplates/0/spec/resources/requests/storage', '500Gi'),
      (manifests) => find(manifests, 'StatefulSet').spec.volumeClaimTemplates[0].spec.resources,
      { requests: { storage: '500Gi' } },
    ],
    [
      'a port as a number',
      'StatefulSet',
      JsonPatch.add(`${CONTAINER}/livenessProbe`, { httpGet: { path: '/x', port: 3000 } }),
      (manifests) => containerOf(manifests, 'demo').livenessProbe,
      { httpGet: { path: '/x', port: 3000 } },
    ],
    [
      'a port of a Service',
      'Service/demo',
      JsonPatch.add('/spec/ports/-', { name: 'x', port: 80, targetPort: 3000 }),
      (manifests) => find(manifests, 'Service', 'demo').spec.ports[1],
      { name: 'x', port: 80, targetPort: 3000 },
    ],
    [
      'a percentage',
      'PodDisruptionBudget',
      JsonPatch.replace('/spec/maxUnavailable', '50%'),
      (manifests) => find(manifests, 'PodDisruptionBudget').spec.maxUnavailable,
      '50%',
    ],
    [
      'the resources of a sidecar',
      'StatefulSet',
      JsonPatch.add('/spec/template/spec/containers/-', { name: 'x', resources: { limits: { memory: '64Mi' } } }),
      (manifests) => podOf(manifests, 'demo').spec.containers[1],
      { name: 'x', resources: { limits: { memory: '64Mi' } } },
    ],
    [
      'appArmorProfile (Kubernetes 1.30)',
      'StatefulSet',
      JsonPatch.add('/spec/template/spec/securityContext/appArmorProfile', { type: 'RuntimeDefault' }),
      (manifests) => podOf(manifests, 'demo').spec.securityContext.appArmorProfile,
      { type: 'RuntimeDefault' },
    ],
    [
      'trafficDistribution (Kubernetes 1.30)',
      'Service/demo',
      JsonPatch.add('/spec/trafficDistribution', 'PreferClose'),
      (manifests) => find(manifests, 'Service', 'demo').spec.trafficDistribution,
      'PreferClose',
    ],
    [
      'fields to merge',
      'Service/demo',
      { spec: { trafficDistribution: 'PreferClose', ports: [{ port: 80, targetPort: 'http' }] } },
      (manifests) => find(manifests, 'Service', 'demo').spec,
      {
        selector: selected('demo').matchLabels,
        sessionAffinity: 'ClientIP',
        trafficDistribution: 'PreferClose',
        ports: [{ port: 80, targetPort: 'http' }],
      },
    ],
    [
      'a typed value of cdk8s',
      'StatefulSet',
      JsonPatch.replace(`${CONTAINER}/resources/limits/memory`, k8s.Quantity.fromString('1Gi')),
      (manifests) => containerOf(manifests, 'demo').resources.limits,
      { memory: '1Gi' },
    ],
  ])('%s', (_name, target, patch, read, expected) => {
    expect(read(patched(target, patch))).toEqual(expected);

    // The same with cdk8s' own method, which takes JSON patches only.
    if (patch instanceof JsonPatch) {
      const chart = testChart();
      const made = component(chart, { workload: stateful(2) });
      const [kind, name = 'demo'] = target.split('/');
      const object = made.node
        .findAll()
        .filter((construct) => construct instanceof ApiObject)
        .find((candidate) => candidate.kind === kind && candidate.name === name)!;
      object.addJsonPatch(patch);
      expect(read(manifestsOf(chart))).toEqual(expected);
    }
  });
});

describe('a target', () => {
  test.each([
    ['StatefulSet', ['StatefulSet/demo']],
    ['Service', ['Service/demo', 'Service/demo-headless']],
    ['Service/demo-headless', ['Service/demo-headless']],
    ['demo-headless', ['Service/demo-headless']],
  ])('%s is a kind, a name, or both', (target, expected) => {
    const manifests = patched(target, { metadata: { annotations: { patched: 'yes' } } });
    const changed = manifests.filter(({ metadata }) => metadata.annotations?.patched === 'yes');
    expect(changed.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort()).toEqual(expected);
  });

  test('that matches nothing fails the synthesis, with what there is', () => {
    const chart = testChart();
    component(chart).patch('deployment', { spec: { replicas: 2 } });
    expect(synthError(chart)).toContain(
      'patch of "deployment" matches no object: write a kind, a name, or one of ServiceAccount/demo, Deployment/demo,',
    );
  });

  test('may be added later', () => {
    const chart = testChart();
    const made = component(chart);
    made.patch('Role', { metadata: { annotations: { owner: 'orders' } } });
    made.addRole('shop', [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
    expect(find(manifestsOf(chart), 'Role').metadata.annotations).toEqual({ owner: 'orders' });
  });
});

describe('the scope', () => {
  const annotated = (value: string) => ({ metadata: { annotations: { from: value } } });
  const valuesOf = (construct: Construct) =>
    findAll(manifestsOf(construct), 'Deployment').map(({ metadata }) => metadata.annotations?.from);

  test('of a chart are its objects, those of other libraries included, and of no other chart', () => {
    const app = new App();
    const [one, two] = ['one', 'two'].map((id) => new Chart(app, id, { namespace: id })) as [Chart, Chart];
    component(one);
    patchObjects(one, 'Deployment', annotated('one'), { spec: { trafficPolicy: 'new' } });
    new k8s.KubeDeployment(one, 'foreign', {
      spec: { selector: {}, template: {} },
    });
    component(two);
    expect(valuesOf(one)).toEqual(['one', 'one', undefined]);
    expect(findAll(manifestsOf(one), 'Deployment').map(({ spec }) => spec.trafficPolicy)).toEqual([
      'new',
      'new',
      undefined,
    ]);
  });

  test('that is outer has the last word', () => {
    const chart = testChart();
    patchObjects(chart, 'Deployment', annotated('chart'));
    const made = component(chart);
    made.patch('Deployment', annotated('component'), { spec: { paused: true } });
    ApiObject.of(made).addJsonPatch(JsonPatch.add('/metadata/annotations', { from: 'object' }));
    expect(valuesOf(chart)).toEqual(['chart']);
    expect(find(manifestsOf(chart), 'Deployment').spec.paused).toBe(true);
  });
});

describe('a merge', () => {
  test('keeps what it does not name, removes null, and replaces lists', () => {
    const chart = testChart();
    const mounts = [{ name: 'files', source: () => ({ emptyDir: {} }), path: '/files', checksum: () => 'one' }];
    component(chart, { mounts, args: ['--one', '--two'] }).patch('Deployment', {
      spec: {
        template: {
          metadata: { annotations: { team: 'orders' } },
          spec: { enableServiceLinks: null, hostAliases: [{ ip: '127.0.0.1' }] },
        },
      },
    });
    const pod = podOf(manifestsOf(chart), 'demo');
    expect(pod.metadata.annotations).toEqual({
      team: 'orders',
      'checksum/config': expect.any(String),
      'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes': 'files',
    });
    expect(pod.spec).not.toHaveProperty('enableServiceLinks');
    expect(pod.spec.hostAliases).toEqual([{ ip: '127.0.0.1' }]);
    expect(pod.spec.containers[0].args).toEqual(['--one', '--two']);
  });

  test('leaves the object that is merged as it was', () => {
    const change = { spec: { template: { spec: { nodeSelector: { pool: 'a' } } } } };
    const chart = testChart();
    component(chart).patch('Deployment', change, JsonPatch.add('/spec/template/spec/nodeSelector/zone', 'b'));
    expect(podOf(manifestsOf(chart), 'demo').spec.nodeSelector).toEqual({
      'kubernetes.io/os': 'linux',
      pool: 'a',
      zone: 'b',
    });
    expect(change).toEqual({ spec: { template: { spec: { nodeSelector: { pool: 'a' } } } } });
  });
});

describe('a JSON patch is refused', () => {
  test.each([
    [
      JsonPatch.replace('/spec/replica', 2),
      'the patch of Deployment/demo is {"op":"replace","path":"/spec/replica","value":2}: /spec/replica does not exist',
    ],
    [JsonPatch.remove('/spec/paused'), '/spec/paused does not exist'],
    [JsonPatch.add('/metadata/annotations/team', 'orders'), '/metadata/annotations does not exist; add it first'],
    [JsonPatch.test('/spec/replicas', 7), 'Test operation failed'],
  ])('when it finds nothing: %j', (patch, message) => {
    const chart = testChart();
    component(chart).patch('Deployment', patch);
    expect(synthError(chart)).toContain(message);
  });

  test('and finds keys with a slash', () => {
    const chart = testChart();
    component(chart).patch('Deployment', JsonPatch.replace('/metadata/labels/app.kubernetes.io~1version', '9'));
    expect(find(manifestsOf(chart), 'Deployment').metadata.labels['app.kubernetes.io/version']).toBe('9');
  });
});

describe('a patch of a mounted file', () => {
  const mounted = (onChange: 'restart' | 'reload', ...patches: Patch[]) => {
    const chart = testChart();
    const files = new ConfigDirectory(chart, 'files', { name: 'demo-files', path: '/etc/demo', onChange });
    files.addFile('a.yaml', 'one');
    files.addFile('b.yaml', 'two');
    component(chart, { mounts: [files.mount] });
    if (patches.length > 0) {
      files.patch('ConfigMap', ...patches);
    }
    return podOf(manifestsOf(chart), 'demo').metadata.annotations?.['checksum/config'];
  };

  test('restarts the pods', () => {
    const checksums = [
      mounted('restart'),
      mounted('restart', JsonPatch.replace('/data/a.yaml', 'three')),
      mounted('restart', { data: { 'c.yaml': 'four' } }),
      mounted('restart', { data: { 'b.yaml': null } }),
      mounted('restart', { binaryData: { 'd.bin': 'AA==' } }),
    ];
    expect(new Set(checksums).size).toBe(checksums.length);
    expect(checksums).not.toContain(undefined);
  });

  test('leaves them running where the server watches its files', () => {
    expect(mounted('reload', { data: { 'a.yaml': 'three' } })).toBeUndefined();
  });

  test('moves Grafana’s checksum when the whole chart is patched', () => {
    const checksum = (...patches: Patch[]) => {
      const chart = testChart();
      new Grafana(chart, 'grafana', { externalUrl: 'https://g.example.com', credentials: new Credentials('grafana') });
      patchObjects(chart, 'grafana-config', ...patches);
      return podOf(manifestsOf(chart), 'grafana').metadata.annotations['checksum/config'];
    };
    expect(checksum({ data: { 'grafana.ini': 'a' } })).not.toBe(checksum({ data: { 'grafana.ini': 'b' } }));
  });
});

test('a patch may not remove the checksum of the mounted files', () => {
  const chart = testChart();
  const mounts = [{ name: 'files', source: () => ({ emptyDir: {} }), path: '/files', checksum: () => 'one' }];
  component(chart, { mounts }).patch('Deployment', JsonPatch.add('/spec/template/metadata/annotations', { a: 'b' }));
  expect(synthError(chart)).toContain(
    'the annotation checksum/config in the patches of Deployment/demo is not set: keep it, or the pods do not restart',
  );
});

test('patches of an object of one’s own keep every value', () => {
  const chart = testChart();
  const service = patchable(new k8s.KubeService(chart, 'service', { metadata: { name: 'own' }, spec: {} }));
  expect(patchable(service)).toBe(service);
  service.addJsonPatch(JsonPatch.add('/spec/trafficDistribution', 'PreferClose'));
  expect(find(manifestsOf(chart), 'Service').spec.trafficDistribution).toBe('PreferClose');
});
