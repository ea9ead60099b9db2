import {
  FIELD_MANAGER,
  type KubernetesApi,
  KubernetesError,
  type KubernetesList,
  type KubernetesObject,
  type ListQuery,
  PAGE_SIZE,
  type PatchType,
  type Reference,
  type Resource,
  type WriteOptions,
} from './api';
import { type KubernetesConnection, type PoolOptions, Transport, type TransportOptions, textOf } from './transport';

/** Each format of a PATCH body needs its own Content-Type; the API server answers 415 to any other. */
const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

/**
 * A small client of the Kubernetes API, without the generated types of every resource. Each client has its own
 * connections, so slow requests of one never delay those of another.
 */
export class KubernetesClient implements KubernetesApi {
  private readonly transport: Transport;

  constructor(connection: KubernetesConnection, pool?: PoolOptions) {
    this.transport = new Transport(connection, pool);
  }

  async get<T = KubernetesObject>(reference: Reference, signal?: AbortSignal): Promise<T> {
    return this.send<T>('GET', pathOf(reference), { signal });
  }

  async find<T = KubernetesObject>(reference: Reference, signal?: AbortSignal): Promise<T | undefined> {
    try {
      return await this.get<T>(reference, signal);
    } catch (error) {
      if (error instanceof KubernetesError && error.isNotFound) {
        return undefined;
      }
      throw error;
    }
  }

  async list<T = KubernetesObject>(
    resource: Resource,
    namespace?: string,
    labelSelector?: string,
    signal?: AbortSignal,
  ): Promise<readonly T[]> {
    const items: T[] = [];
    for await (const item of this.each<T>(resource, namespace, labelSelector, signal)) {
      items.push(item);
    }
    return items;
  }

  async *each<T = KubernetesObject>(
    resource: Resource,
    namespace?: string,
    labelSelector?: string,
    signal?: AbortSignal,
  ): AsyncGenerator<T> {
    let page: string | undefined;
    do {
      const query = { labelSelector, limit: PAGE_SIZE, continue: page };
      const list = await this.page<T>(resource, namespace, query, signal);
      yield* list.items;
      page = list.metadata.continue || undefined;
    } while (page);
  }

  page<T = KubernetesObject>(
    resource: Resource,
    namespace: string | undefined,
    query: ListQuery,
    signal?: AbortSignal,
  ): Promise<KubernetesList<T>> {
    return this.send('GET', collectionPath(resource, namespace), { query: { ...query }, signal });
  }

  create<T>(resource: Resource, namespace: string | undefined, object: object, options: WriteOptions = {}): Promise<T> {
    return this.send('POST', collectionPath(resource, namespace), { body: object, ...options });
  }

  async replace<T>(reference: Reference, object: object, options: WriteOptions = {}): Promise<T> {
    return this.send('PUT', pathOf(reference), { body: object, ...options });
  }

  async patch<T>(reference: Reference, type: PatchType, body: unknown, options: WriteOptions = {}): Promise<T> {
    return this.send('PATCH', pathOf(reference), { body, contentType: PATCH_TYPES[type], ...options });
  }

  async delete(
    reference: Reference,
    { resourceVersion, ...options }: WriteOptions & { readonly resourceVersion?: string } = {},
  ): Promise<unknown> {
    const body = resourceVersion ? { preconditions: { resourceVersion } } : undefined;
    return this.send('DELETE', pathOf(reference), { body, ...options });
  }

  watch(
    resource: Resource,
    namespace: string | undefined,
    query: ListQuery,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer>> {
    const path = `${collectionPath(resource, namespace)}${queryString({ ...query, watch: 'true' })}`;
    return this.transport.open('GET', path, { signal, stream: true });
  }

  close(): void {
    this.transport.close();
  }

  private async send<T>(method: string, path: string, options: SendOptions): Promise<T> {
    const { query, dryRun, ...rest } = options;
    const writes = method !== 'GET';
    const parameters = queryString({
      ...query,
      fieldManager: writes && method !== 'DELETE' ? FIELD_MANAGER : undefined,
      dryRun: writes && dryRun ? 'All' : undefined,
    });
    return JSON.parse(await textOf(await this.transport.open(method, `${path}${parameters}`, rest))) as T;
  }
}

type Query = { readonly [name: string]: string | undefined };

interface SendOptions extends TransportOptions {
  readonly query?: Query;
  readonly dryRun?: boolean;
}

function collectionPath({ group, version, plural }: Resource, namespace?: string): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${plural}`;
}

/** Names that would address another path. Names can come from the labels of an alert. */
const UNSAFE_NAME = /^\.{1,2}$|[/%]/;

function pathOf({ resource, namespace, name, subresource }: Reference): string {
  if (UNSAFE_NAME.test(name)) {
    throw new KubernetesError(404, 'NotFound', `there is no ${resource.plural} "${name}"`);
  }
  const path = `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

function queryString(query: Query): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}
