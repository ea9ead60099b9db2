import { type KubernetesApi, KubernetesError, type KubernetesObject, RESOURCES } from '../../remediation/kubernetes';
import { KEYS, REMEDIATION, type Remediation } from '../../remediation/record';

interface ConfigMap extends KubernetesObject {
  readonly data?: { readonly [key: string]: string };
}

interface Lease extends KubernetesObject {
  readonly spec: { readonly holderIdentity?: string };
}

interface Deployment extends KubernetesObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number };
}

/**
 * What the remediation server relies on. The API in memory and a real API server are asked the same.
 *
 * @param namespace exists, and holds nothing of the resources that are asked for
 */
export function describeKubernetesFacts(of: () => KubernetesApi, namespace: string): void {
  let api: KubernetesApi;
  let count = 0;
  /** A name that no other fact has. */
  const newName = () => `fact-${++count}`;

  beforeAll(() => {
    api = of();
  });

  const configMaps = RESOURCES.configMaps;
  const configMap = (name: string) => ({ resource: configMaps, namespace, name });
  const lease = (name: string) => ({ resource: RESOURCES.leases, namespace, name });
  const deployment = (name: string) => ({ resource: RESOURCES.deployments, namespace, name });
  const remediation = (name: string) => ({ resource: REMEDIATION, namespace, name });

  /** Creates a ConfigMap, and tells its name. */
  async function newConfigMap(labels: { readonly [key: string]: string } = {}): Promise<ConfigMap> {
    const metadata = { name: newName(), labels };
    return api.create<ConfigMap>(configMaps, namespace, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} });
  }

  const newLease = () =>
    api.create<Lease>(RESOURCES.leases, namespace, { metadata: { name: newName() }, spec: { holderIdentity: 'one' } });

  function newDeployment(): Promise<Deployment> {
    const labels = { app: 'fact' };
    return api.create<Deployment>(RESOURCES.deployments, namespace, {
      metadata: { name: newName(), labels },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
      },
      status: { replicas: 7 },
    });
  }

  function newRemediation(): Promise<Remediation> {
    const alert = { name: 'Sample', fingerprint: '0', startsAt: '2026-03-04T12:00:00Z', labels: {}, annotations: {} };
    return api.create<Remediation>(REMEDIATION, namespace, {
      apiVersion: `${REMEDIATION.group}/${REMEDIATION.version}`,
      kind: REMEDIATION.kind,
      metadata: { name: newName(), labels: { [KEYS.open]: 'true' } },
      spec: { policy: 'restart', action: 'restart-workload', attempt: 1, traceparent: '', alert },
      status: { phase: 'succeeded' },
    });
  }

  describe('an object', () => {
    test('that is created has an identity, a time in whole seconds, and a version', async () => {
      const { metadata } = await newConfigMap({ team: 'a' });
      expect(metadata).toMatchObject({
        namespace,
        labels: { team: 'a' },
        uid: expect.stringMatching(/^[-0-9a-f]{36}$/),
        creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        resourceVersion: expect.stringMatching(/^\d+$/),
      });
      expect(await api.get(configMap(metadata.name))).toMatchObject({ metadata });
    });

    test('that is missing is not found', async () => {
      await expect(api.get(configMap('missing'))).rejects.toMatchObject({ status: 404, reason: 'NotFound' });
      expect(await api.find(configMap('missing'))).toBeUndefined();
      await expect(api.replace(configMap('missing'), { metadata: { name: 'missing' } })).rejects.toMatchObject({
        status: 404,
      });
      await expect(api.patch(configMap('missing'), 'merge', { data: {} })).rejects.toMatchObject({ status: 404 });
      await expect(api.delete(configMap('missing'))).rejects.toMatchObject({ status: 404, reason: 'NotFound' });
    });

    test('is not created twice', async () => {
      const { metadata } = await newConfigMap();
      const again = api.create(configMaps, namespace, { metadata: { name: metadata.name } });
      await expect(again).rejects.toMatchObject({ status: 409, reason: 'AlreadyExists', isConflict: true });
    });

    test('has a new version after each change, and none after a write that changes nothing', async () => {
      const { metadata } = await newConfigMap();
      const changed = await api.patch<ConfigMap>(configMap(metadata.name), 'merge', { data: { a: '1' } });
      expect(Number(changed.metadata.resourceVersion)).toBeGreaterThan(Number(metadata.resourceVersion));
      const same = await api.patch<ConfigMap>(configMap(metadata.name), 'merge', { data: { a: '1' } });
      expect(same.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
    });

    test.each<[string, (object: ConfigMap) => Promise<unknown>]>([
      ['replaced', (old) => api.replace(configMap(old.metadata.name), { ...old, data: { a: '2' } })],
      [
        'patched',
        ({ metadata: { name, resourceVersion } }) =>
          api.patch(configMap(name), 'merge', { metadata: { resourceVersion }, data: { a: '2' } }),
      ],
      ['deleted', ({ metadata: { name, resourceVersion } }) => api.delete(configMap(name), { resourceVersion })],
    ])('that has changed since it was read is not %s', async (_how, write) => {
      const read = await newConfigMap();
      await api.patch(configMap(read.metadata.name), 'merge', { data: { a: '1' } });
      await expect(write(read)).rejects.toMatchObject({ status: 409, reason: 'Conflict', isConflict: true });
      expect(await api.get(configMap(read.metadata.name))).toMatchObject({ data: { a: '1' } });
    });

    test.each<[string, (name: string) => Promise<unknown>]>([
      ['created', () => newConfigMap()],
      ['patched', (name) => api.patch(configMap(name), 'merge', { data: { a: '1' } })],
    ])('can be %s without a version', async (_how, write) => {
      const { metadata } = await newConfigMap();
      await expect(write(metadata.name)).resolves.toBeDefined();
    });

    test('that was deleted since it was read is not replaced', async () => {
      const read = await newConfigMap();
      await api.delete(configMap(read.metadata.name));
      const replaced = api.replace(configMap(read.metadata.name), read);
      await expect(replaced).rejects.toMatchObject({ status: 404, reason: 'NotFound' });
    });

    test('is gone when it is deleted, and another one under its name afterwards', async () => {
      const { metadata } = await newConfigMap();
      await api.delete(configMap(metadata.name), { resourceVersion: metadata.resourceVersion });
      expect(await api.find(configMap(metadata.name))).toBeUndefined();
      const next = await api.create<ConfigMap>(configMaps, namespace, { metadata: { name: metadata.name } });
      expect(next.metadata.uid).not.toBe(metadata.uid);
    });
  });

  describe('a lease', () => {
    test('is replaced by who knows its version, and by nobody else', async () => {
      const known = await newLease();
      const spec = { holderIdentity: 'two' };
      const reference = lease(known.metadata.name);
      await expect(api.replace<Lease>(reference, { ...known, spec })).resolves.toMatchObject({ spec });
      await expect(api.replace(reference, { ...known, spec })).rejects.toMatchObject({ status: 409 });
      const { resourceVersion, ...metadata } = known.metadata;
      await expect(api.replace(reference, { ...known, metadata, spec })).rejects.toMatchObject({ status: 422 });
    });

    test('that was deleted since it was read is not replaced: it would be another one', async () => {
      const known = await newLease();
      await api.delete(lease(known.metadata.name));
      const replaced = api.replace(lease(known.metadata.name), known);
      await expect(replaced).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
      expect(await api.find(lease(known.metadata.name))).toBeUndefined();
    });

    test('is taken by one of two that try at the same time', async () => {
      const known = await newLease();
      const results = await Promise.allSettled(
        ['two', 'three'].map((holderIdentity) =>
          api.replace(lease(known.metadata.name), { ...known, spec: { holderIdentity } }),
        ),
      );
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });
  });

  describe('a status', () => {
    test('is not what its creator wrote, but the default of its definition', async () => {
      expect((await newRemediation()).status).toEqual({ phase: 'accepted' });
      expect((await newDeployment()).status?.replicas).toBeUndefined();
    });

    test('is written alone: labels and spec of the same request are left out', async () => {
      const known = await newRemediation();
      const reference = { ...remediation(known.metadata.name), subresource: 'status' };
      const metadata = { ...known.metadata, labels: { other: 'label' } };
      const written = await api.replace<Remediation>(reference, { ...known, metadata, status: { phase: 'verifying' } });
      expect(written.status).toEqual({ phase: 'verifying' });
      expect(written.metadata.labels).toEqual({ [KEYS.open]: 'true' });
      expect(written.metadata.generation).toBe(1);
    });

    test('of a definition has a generation that counts the changes of the spec alone', async () => {
      const { metadata } = await newRemediation();
      const patch = { metadata: { annotations: { a: '1' } } };
      const patched = await api.patch<Remediation>(remediation(metadata.name), 'merge', patch);
      expect([metadata.generation, patched.metadata.generation]).toEqual([1, 1]);
    });

    test('is left alone by a write to the object', async () => {
      const known = await newRemediation();
      const patch = { metadata: { labels: { [KEYS.open]: null, team: 'a' } }, status: { phase: 'failed' } };
      const written = await api.patch<Remediation>(remediation(known.metadata.name), 'merge', patch);
      expect(written.metadata.labels).toEqual({ team: 'a' });
      expect(written.status).toEqual({ phase: 'accepted' });
    });

    test('of an object that was deleted is not found', async () => {
      const known = await newRemediation();
      await api.delete(remediation(known.metadata.name));
      const reference = { ...remediation(known.metadata.name), subresource: 'status' };
      await expect(api.replace(reference, { ...known, status: { phase: 'failed' } })).rejects.toMatchObject({
        status: 404,
      });
    });

    test('that was written from an old version is a conflict, whatever had changed', async () => {
      const known = await newRemediation();
      const annotations = { [KEYS.approved]: 'true' };
      await api.patch(remediation(known.metadata.name), 'merge', { metadata: { annotations } });
      const reference = { ...remediation(known.metadata.name), subresource: 'status' };
      await expect(api.replace(reference, { ...known, status: { phase: 'failed' } })).rejects.toMatchObject({
        status: 409,
        reason: 'Conflict',
      });
    });
  });

  describe('a Deployment', () => {
    test('has a generation that counts the changes of its spec, and of its annotations', async () => {
      const { metadata } = await newDeployment();
      expect(metadata.generation).toBe(1);
      const patch = async (body: object) =>
        (await api.patch<Deployment>(deployment(metadata.name), 'strategic', body)).metadata.generation;
      expect(await patch({ metadata: { labels: { a: '1' } } })).toBe(1);
      expect(await patch({ metadata: { annotations: { a: '1' } } })).toBe(2);
      expect(await patch({ spec: { template: { metadata: { annotations: { a: '1' } } } } })).toBe(3);
    });

    test('keeps what a strategic patch does not name', async () => {
      const { metadata } = await newDeployment();
      const template = (annotations: object) => ({ spec: { template: { metadata: { annotations } } } });
      await api.patch(deployment(metadata.name), 'strategic', template({ a: '1', b: '1' }));
      const patched = await api.patch<Deployment>(
        deployment(metadata.name),
        'strategic',
        template({ a: null, b: '2' }),
      );
      expect(patched).toMatchObject({
        metadata: { labels: { app: 'fact' } },
        spec: { replicas: 2, template: { metadata: { labels: { app: 'fact' }, annotations: { b: '2' } } } },
      });
      expect(patched).not.toHaveProperty('spec.template.metadata.annotations.a');
    });

    test('has its replicas in a scale, which shows and changes nothing else', async () => {
      const { metadata } = await newDeployment();
      const scale = { ...deployment(metadata.name), subresource: 'scale' };
      const found = await api.get<Deployment>(scale);
      expect(found).toMatchObject({ kind: 'Scale', metadata: { name: metadata.name }, spec: { replicas: 2 } });
      const { resourceVersion } = found.metadata;
      const body = { metadata: { resourceVersion, labels: { other: 'label' } }, spec: { replicas: 3 } };
      expect(await api.patch(scale, 'merge', body)).toMatchObject({ kind: 'Scale', spec: { replicas: 3 } });
      const changed = await api.get<Deployment>(deployment(metadata.name));
      expect(changed.spec.replicas).toBe(3);
      expect(changed.metadata).toMatchObject({ labels: { app: 'fact' }, generation: 2 });
      await expect(api.patch(scale, 'merge', body)).rejects.toMatchObject({ status: 409 });
    });
  });

  describe('a patch', () => {
    test('of JSON is applied as a whole, or not at all', async () => {
      const { metadata } = await newConfigMap({ 'a/b': '1' });
      const patch = (...operations: object[]) => api.patch<ConfigMap>(configMap(metadata.name), 'json', operations);
      const changed = await patch(
        { op: 'test', path: '/metadata/labels/a~1b', value: '1' },
        { op: 'replace', path: '/metadata/labels/a~1b', value: '2' },
        { op: 'add', path: '/data', value: { a: '1', b: '1' } },
        { op: 'remove', path: '/data/a' },
      );
      expect(changed).toMatchObject({ metadata: { labels: { 'a/b': '2' } }, data: { b: '1' } });
      expect(changed.data).not.toHaveProperty('a');
      const refused = patch(
        { op: 'remove', path: '/data/b' },
        { op: 'test', path: '/metadata/labels/a~1b', value: '1' },
      );
      await expect(refused).rejects.toMatchObject({ status: 422, reason: 'Invalid' });
      await expect(patch({ op: 'remove', path: '/data/missing' })).rejects.toMatchObject({ status: 422 });
      expect(await api.get(configMap(metadata.name))).toMatchObject({ data: { b: '1' } });
    });

    test('of the strategic kind fits no object of a definition', async () => {
      const { metadata } = await newRemediation();
      const patch = api.patch(remediation(metadata.name), 'strategic', { metadata: { labels: { a: '1' } } });
      await expect(patch).rejects.toMatchObject({ status: 415 });
    });
  });

  describe('a dry run', () => {
    test('answers as if it were none, and keeps nothing', async () => {
      const { metadata } = await newDeployment();
      const { name } = metadata;
      const dryRun = { dryRun: true };
      const patched = await api.patch<Deployment>(deployment(name), 'merge', { spec: { replicas: 5 } }, dryRun);
      expect(patched.spec.replicas).toBe(5);
      await api.delete(deployment(name), dryRun);
      await api.create(configMaps, namespace, { metadata: { name: 'dry-run' } }, dryRun);
      expect(await api.get<Deployment>(deployment(name))).toMatchObject({ spec: { replicas: 2 } });
      expect(await api.find(configMap('dry-run'))).toBeUndefined();
    });

    test('is refused what would be refused', async () => {
      const { metadata } = await newConfigMap();
      const body = { metadata: { resourceVersion: '1' }, data: { a: '1' } };
      const patch = api.patch(configMap(metadata.name), 'merge', body, { dryRun: true });
      await expect(patch).rejects.toMatchObject({ status: 409 });
    });
  });

  describe('a list', () => {
    test('holds the objects whose labels a selector names', async () => {
      const team = newName();
      const [one, other] = [await newConfigMap({ team, stage: 'a' }), await newConfigMap({ team })];
      const names = async (selector: string) =>
        (await api.list(configMaps, namespace, selector)).map(({ metadata }) => metadata.name).sort();
      expect(await names(`team=${team}`)).toEqual([one.metadata.name, other.metadata.name].sort());
      expect(await names(`team=${team},stage=a`)).toEqual([one.metadata.name]);
      expect(await names(`team=${team},stage!=a`)).toEqual([other.metadata.name]);
      expect(await names(`team=${team},stage`)).toEqual([one.metadata.name]);
      expect(await names(`team=${team},!stage`)).toEqual([other.metadata.name]);
      expect(await names('team=nobody')).toEqual([]);
    });

    test('comes in pages, and each of them is of the moment of the first', async () => {
      const team = newName();
      const made = [await newConfigMap({ team }), await newConfigMap({ team }), await newConfigMap({ team })];
      const names = made.map(({ metadata }) => metadata.name).sort();
      const query = { labelSelector: `team=${team}`, limit: '2' };
      const first = await api.page<ConfigMap>(configMaps, namespace, query);
      expect(first.items.map(({ metadata }) => metadata.name)).toEqual(names.slice(0, 2));
      await api.delete(configMap(names[2]!));
      const second = await api.page<ConfigMap>(configMaps, namespace, { ...query, continue: first.metadata.continue });
      expect(second.items.map(({ metadata }) => metadata.name)).toEqual(names.slice(2));
      expect(second.metadata.continue || undefined).toBeUndefined();
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    });
  });

  describe('a watch', () => {
    test('tells what happened since a version, and of labels that match no more', async () => {
      const team = newName();
      const labelSelector = `team=${team}`;
      const known = await newConfigMap({ team });
      const { resourceVersion } = (await api.page(configMaps, namespace, { labelSelector })).metadata;
      const made = await newConfigMap({ team });
      await newConfigMap({ team: 'other' });
      const end = new AbortController();
      const stream = await api.watch(configMaps, namespace, { labelSelector, resourceVersion }, end.signal);
      await api.patch(configMap(made.metadata.name), 'merge', { data: { a: '1' } });
      await api.patch(configMap(made.metadata.name), 'merge', { metadata: { labels: { team: 'other' } } });
      await api.delete(configMap(known.metadata.name));
      const events = await firstLines(stream, 4);
      end.abort();
      expect(events.map(({ type, object }) => [type, object.metadata.name])).toEqual([
        ['ADDED', made.metadata.name],
        ['MODIFIED', made.metadata.name],
        ['DELETED', made.metadata.name],
        ['DELETED', known.metadata.name],
      ]);
    });

    test('ends with its signal, as an error', async () => {
      const end = new AbortController();
      const { resourceVersion } = (await api.page(configMaps, namespace, {})).metadata;
      const stream = await api.watch(configMaps, namespace, { resourceVersion }, end.signal);
      const ended = firstLines(stream, 1);
      end.abort();
      await expect(ended).rejects.toThrow(/abort/i);
    });
  });

  test('an error is one of the client', async () => {
    await expect(api.get(configMap('missing'))).rejects.toBeInstanceOf(KubernetesError);
  });
}

/** The first events of a watch. */
async function firstLines(stream: AsyncIterable<Buffer>, count: number) {
  let text = '';
  for await (const chunk of stream) {
    text += chunk;
    const lines = text.split('\n').slice(0, -1);
    if (lines.length >= count) {
      return lines.slice(0, count).map((line) => JSON.parse(line) as { type: string; object: KubernetesObject });
    }
  }
  throw new Error('the watch ended');
}
