import { KubernetesError, RESOURCES } from '../../../remediation/kubernetes';
import { MemoryKubernetes } from '../../../testing/memory-kubernetes';
import { describeKubernetesFacts } from '../../support/kubernetes-facts';

describe('In the Kubernetes API in memory', () => {
  const api = new MemoryKubernetes();
  describeKubernetesFacts(() => api, 'facts');
});

describe('The Kubernetes API in memory', () => {
  const NOW = new Date('2026-03-04T12:00:00.789Z');
  const { configMaps, deployments, tokenReviews, selfSubjectAccessReviews } = RESOURCES;
  const reference = { resource: configMaps, namespace: 'facts', name: 'one' };
  let api: MemoryKubernetes;
  const create = (name = 'one', dryRun = false) => api.create(configMaps, 'facts', { metadata: { name } }, { dryRun });

  beforeEach(() => {
    api = new MemoryKubernetes(() => NOW);
  });

  it('takes the time from a clock', async () => {
    expect(await create()).toMatchObject({ metadata: { creationTimestamp: '2026-03-04T12:00:00Z' } });
  });

  it('answers with an error as long as it is told to, and has changed nothing then', async () => {
    const end = api.failOn((verb, resource, name) =>
      verb === 'create' && resource === 'configmaps' && name === 'one'
        ? new KubernetesError(503, 'ServiceUnavailable', 'busy')
        : undefined,
    );
    await expect(create()).rejects.toThrow('busy');
    await expect(create('other')).resolves.toBeDefined();
    expect(await api.find(reference)).toBeUndefined();
    end();
    await expect(create()).resolves.toBeDefined();
  });

  it('loses an answer after it has changed the object', async () => {
    const end = api.loseAnswerOf((verb) => (verb === 'create' ? new Error('socket hang up') : undefined));
    await expect(create()).rejects.toThrow('socket hang up');
    expect(await api.find(reference)).toBeDefined();
    end();
    await expect(create()).rejects.toThrow('already exists');
  });

  it('writes down what was changed, dry runs too, and nothing that was refused', async () => {
    await create();
    await create().catch(() => {});
    await create('other', true);
    await api.get(reference);
    await api.patch({ ...reference, subresource: 'status' }, 'merge', { status: {} });
    const told = api.writes.map(({ verb, resource, name, dryRun }) => [verb, resource, name, dryRun]);
    expect(told).toEqual([
      ['create', 'configmaps', 'one', false],
      ['create', 'configmaps', 'other', true],
      ['patch', 'configmaps/status', 'one', false],
    ]);
  });

  it('carries nothing out for who has given up', async () => {
    const aborted = api.create(configMaps, 'facts', { metadata: { name: 'one' } }, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ status: 0, isTransient: true });
    expect(await api.find(reference)).toBeUndefined();
  });

  it('stores what a controller would write', async () => {
    const metadata = { name: 'app', namespace: 'facts', creationTimestamp: '2026-01-01T00:00:00Z', generation: 4 };
    api.put(deployments, { metadata, status: { replicas: 3 } });
    const found = await api.get({ resource: deployments, namespace: 'facts', name: 'app' });
    expect(found).toMatchObject({ metadata, status: { replicas: 3 } });
    const next = api.put(deployments, { ...found, status: { replicas: 4 } });
    expect(next.metadata.uid).toBe(found.metadata.uid);
    expect(next.metadata.resourceVersion).not.toBe(found.metadata.resourceVersion);
  });

  it('gives out copies: an object changes by requests alone', async () => {
    const made = await create();
    Object.assign((made as { metadata: object }).metadata, { labels: { a: '1' } });
    expect((await api.get(reference)).metadata.labels).toBeUndefined();
  });

  it('answers reviews by hooks, and keeps none', async () => {
    api.tokenReview = ({ token, audiences }) => ({ authenticated: token === 'good', audiences });
    api.accessReview = ({ verb, resource }) => `${verb} ${resource}` === 'get pods';
    const review = { spec: { token: 'good', audiences: ['here'] } };
    expect(await api.create(tokenReviews, undefined, review)).toMatchObject({
      status: { authenticated: true, audiences: ['here'] },
    });
    const asked = (verb: string) =>
      api.create(selfSubjectAccessReviews, undefined, { spec: { resourceAttributes: { verb, resource: 'pods' } } });
    expect([await asked('get'), await asked('delete')]).toMatchObject([
      { status: { allowed: true } },
      { status: { allowed: false } },
    ]);
    expect(api.writes).toEqual([]);
  });

  it('answers a watch and a page from before with 410 when it has forgotten the past', async () => {
    const { resourceVersion } = (await api.page(configMaps, 'facts', {})).metadata;
    await create('one');
    await create('two');
    const { metadata } = await api.page(configMaps, 'facts', { limit: '1' });
    api.compact();
    const { signal } = new AbortController();
    const events: string[] = [];
    for await (const line of await api.watch(configMaps, 'facts', { resourceVersion }, signal)) {
      events.push(line.toString());
    }
    expect(events.map((line) => JSON.parse(line))).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
    const next = api.page(configMaps, 'facts', { limit: '1', continue: metadata.continue });
    await expect(next).rejects.toMatchObject({ status: 410, reason: 'Expired' });
  });

  it('ends its watches when it is told to', async () => {
    const { signal } = new AbortController();
    const stream = await api.watch(configMaps, undefined, { resourceVersion: '0' }, signal);
    const seen = (async () => {
      let count = 0;
      for await (const _ of stream) {
        count += 1;
      }
      return count;
    })();
    await create();
    await new Promise(setImmediate);
    api.endWatches();
    expect(await seen).toBe(1);
  });
});
