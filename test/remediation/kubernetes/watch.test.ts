import { KubernetesError, type KubernetesObject, RESOURCES, watchObjects } from '../../../remediation/kubernetes';
import { MemoryKubernetes } from '../../../testing/memory-kubernetes';
import { idle, pass, standStill } from '../support/clock';

standStill();

const { configMaps } = RESOURCES;
const NAMESPACE = 'watched';

let api: MemoryKubernetes;
/** What was told, in its order. */
let told: string[];
let errors: string[];
let end: AbortController;
let watching: Promise<void>;

const watch = async (labelSelector?: string, callbacks: { onGone?: undefined; onList?: undefined } = {}) => {
  watching = watchObjects<KubernetesObject>({
    client: api,
    resource: configMaps,
    namespace: NAMESPACE,
    labelSelector,
    onObject: ({ metadata }) => told.push(`+${metadata.name}`),
    onGone: ({ metadata }) => told.push(`-${metadata.name}`),
    onList: () => told.push('list'),
    onError: (error) => errors.push(error.message),
    signal: end.signal,
    ...callbacks,
  });
  await idle();
};
const put = async (name: string, labels: Readonly<Record<string, string>> = {}, namespace = NAMESPACE) => {
  api.put(configMaps, { metadata: { namespace, name, labels } });
  await idle();
};
const remove = async (name: string) => {
  await api.delete({ resource: configMaps, namespace: NAMESPACE, name });
  await idle();
};

beforeEach(() => {
  api = new MemoryKubernetes();
  told = [];
  errors = [];
  end = new AbortController();
});
afterEach(async () => {
  end.abort();
  await watching;
});

describe('A watch', () => {
  it('reports existing objects, and then each change', async () => {
    await put('a');
    await put('other', {}, 'other');
    await watch();
    await put('b');
    await put('a', { changed: 'true' });
    await remove('b');
    expect(told).toEqual(['+a', 'list', '+b', '+a', '-b']);
    expect(errors).toEqual([]);
  });

  it('reports objects that its selector matches, and when they no longer match', async () => {
    await put('a', { team: 'a' });
    await put('b', { team: 'b' });
    await watch('team=a');
    await put('b', { team: 'a' });
    await put('a', { team: 'b' });
    await put('c', { team: 'c' });
    expect(told).toEqual(['+a', 'list', '+b', '-a']);
  });

  it('lists page by page, and reports the list once', async () => {
    for (let index = 0; index < 205; index += 1) {
      api.put(configMaps, { metadata: { namespace: NAMESPACE, name: `map-${index}` } });
    }
    const pages = jest.spyOn(api, 'page');
    await watch();
    expect(pages).toHaveBeenCalledTimes(5);
    expect(told).toHaveLength(206);
    expect(told.filter((line) => line === 'list')).toHaveLength(1);
    expect(told.at(-1)).toBe('list');
  });

  it('starts from the version of its list, with a time limit', async () => {
    const asked = jest.spyOn(api, 'watch');
    await put('a');
    await watch('team=a');
    expect(asked).toHaveBeenCalledWith(
      configMaps,
      NAMESPACE,
      { labelSelector: 'team=a', resourceVersion: '1', timeoutSeconds: '300' },
      end.signal,
    );
  });

  it('misses nothing between its list and its watch', async () => {
    const { watch: open } = api;
    jest.spyOn(api, 'watch').mockImplementationOnce((...args) => {
      api.put(configMaps, { metadata: { namespace: NAMESPACE, name: 'between' } });
      return open.apply(api, args);
    });
    await watch();
    expect(told).toEqual(['list', '+between']);
  });

  it('lists again when it has ended', async () => {
    await put('a');
    await watch();
    api.endWatches();
    await idle();
    await put('b');
    expect(told).toEqual(['+a', 'list', '+a', 'list', '+b']);
    expect(errors).toEqual([]);
  });

  it('lists again when its version is too old', async () => {
    await put('a');
    const { watch: open } = api;
    jest.spyOn(api, 'watch').mockImplementationOnce((...args) => {
      api.put(configMaps, { metadata: { namespace: NAMESPACE, name: 'b' } });
      api.compact();
      return open.apply(api, args);
    });
    await watch();
    expect(told).toEqual(['+a', 'list', '+a', '+b', 'list']);
    expect(errors).toEqual([]);
  });

  it('reports errors, and retries with a growing delay until it has listed', async () => {
    const recover = api.failOn((verb) => (verb === 'list' ? new KubernetesError(503, '', 'busy') : undefined));
    const lists = jest.spyOn(api, 'page');
    await watch();
    const counts: number[] = [];
    for (const seconds of [0.199, 0.001, 0.999, 0.001, 4.999, 0.001, 4.999, 0.001]) {
      await pass(seconds);
      counts.push(lists.mock.calls.length);
    }
    expect(counts).toEqual([1, 2, 2, 3, 3, 4, 4, 5]);
    expect(errors).toEqual(Array(5).fill('busy'));
    recover();
    await pass(5);
    expect(told).toEqual(['list']);
    // After that, an error is the first one again.
    api.failOn((verb) => (verb === 'watch' ? new KubernetesError(503, '', 'busy') : undefined));
    api.endWatches();
    await idle();
    expect(errors).toHaveLength(6);
    lists.mockClear();
    await pass(0.2);
    expect(lists).toHaveBeenCalledTimes(1);
  });

  it('reads events from any chunks', async () => {
    const events = ['ä', 'ö', 'ü'].map((name) => ({ type: 'ADDED', object: { metadata: { name } } }));
    const bytes = Buffer.from(`${events.map((event) => JSON.stringify(event)).join('\n')}\n\n`);
    jest.spyOn(api, 'watch').mockImplementationOnce(async () =>
      (async function* () {
        for (const byte of bytes) {
          yield Buffer.from([byte]);
        }
      })(),
    );
    await watch();
    await idle();
    expect(told.slice(0, 4)).toEqual(['list', '+ä', '+ö', '+ü']);
  });

  it('needs no callback but onObject and onError', async () => {
    await put('a');
    await watch(undefined, { onGone: undefined, onList: undefined });
    await remove('a');
    expect(told).toEqual(['+a']);
    expect(errors).toEqual([]);
  });

  it('ends with its signal, without an error', async () => {
    await watch();
    end.abort();
    await watching;
    await put('a');
    expect([told, errors]).toEqual([['list'], []]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends while it waits to retry', async () => {
    api.failOn(() => new KubernetesError(503, '', 'busy'));
    await watch();
    const lists = jest.spyOn(api, 'page');
    end.abort();
    await watching;
    await pass(10);
    expect(lists).not.toHaveBeenCalled();
  });

  it('with an aborted signal asks for nothing', async () => {
    const lists = jest.spyOn(api, 'page');
    end.abort();
    await watch();
    expect(lists).not.toHaveBeenCalled();
  });
});
