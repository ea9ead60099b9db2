import { isDeepStrictEqual } from 'node:util';
import {
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
} from '../../remediation/kubernetes';
import { type Fault, Faults, pathOf, type Verb } from './faults';
import { History } from './history';
import {
  clone,
  conflict,
  editedOf,
  groupOf,
  invalid,
  matches,
  notFound,
  type Stored,
  traitsOf,
  viewOf,
} from './objects';
import { applyPatch } from './patches';
import { type Reviewers, reviewed } from './reviews';

/** A request that was carried out and changes something, as the API server's audit log tells of it. */
export interface Write {
  readonly verb: Verb;
  /** Resource, with its subresource: `remediations/status`. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name: string;
  readonly body?: unknown;
  readonly dryRun: boolean;
}

/**
 * The Kubernetes API in memory, for tests of what calls it. It follows the API server where the remediation server depends
 * on it: versions and conflicts, subresources, patches, dry runs, pages and watches. It has no schema, no admission and no
 * controllers: `put()` stands for those. `test/e2e/kubernetes-api.e2e.ts` asks a real API server for the same facts.
 */
export class MemoryKubernetes implements KubernetesApi, Reviewers {
  /** Requests that were carried out and change something, oldest first, dry runs included. */
  readonly writes: Write[] = [];
  tokenReview: Reviewers['tokenReview'] = () => ({});
  accessReview: Reviewers['accessReview'] = () => true;

  private readonly collections = new Map<string, Map<string, Stored>>();
  private readonly history = new History();
  private readonly pages = new Map<string, KubernetesList<Stored>>();
  private readonly faults = new Faults();
  private readonly losses = new Faults();
  private version = 0;
  private uids = 0;

  constructor(private readonly now: () => Date = () => new Date()) {}

  /** Answers requests with errors. Returns a function that ends it. */
  failOn(fault: Fault): () => void {
    return this.faults.add(fault);
  }

  /** Loses the answers of requests that were carried out. Returns a function that ends it. */
  loseAnswerOf(fault: Fault): () => void {
    return this.losses.add(fault);
  }

  /** Forgets the past: watches and lists that began before are answered with 410. */
  compact(): void {
    this.history.forgetBefore(this.version);
    this.pages.clear();
  }

  /** Ends the watches that are open, as the API server does now and then. */
  endWatches(): void {
    this.history.endWatches();
  }

  /** Stores an object as it is, status and creation time included, as a controller or `kubectl` would. */
  put<T = KubernetesObject>(resource: Resource, object: object): T {
    const given = clone(object as Stored);
    const { namespace, name } = given.metadata;
    const known = this.collection(resource).get(`${namespace}/${name}`);
    const metadata = { ...(known?.metadata ?? this.systemMetadata(resource)), ...given.metadata };
    return clone(this.commit(resource, known, { ...given, metadata })) as T;
  }

  async get<T = KubernetesObject>(reference: Reference, _signal?: AbortSignal): Promise<T> {
    await this.faults.meet('get', reference);
    return clone(viewOf(this.known(reference), reference.subresource)) as T;
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

  async list<T = KubernetesObject>(resource: Resource, namespace?: string, selector?: string): Promise<readonly T[]> {
    const items: T[] = [];
    for await (const item of this.each<T>(resource, namespace, selector)) {
      items.push(item);
    }
    return items;
  }

  async *each<T = KubernetesObject>(resource: Resource, namespace?: string, selector?: string): AsyncGenerator<T> {
    const query = { labelSelector: selector, limit: PAGE_SIZE };
    let list = await this.page<T>(resource, namespace, query);
    yield* list.items;
    while (list.metadata.continue) {
      list = await this.page<T>(resource, namespace, { ...query, continue: list.metadata.continue });
      yield* list.items;
    }
  }

  /** A page of the objects as they were when the first page was asked for. */
  async page<T>(
    resource: Resource,
    namespace: string | undefined,
    query: ListQuery,
    _signal?: AbortSignal,
  ): Promise<KubernetesList<T>> {
    await this.faults.meet('list', { resource, name: '' });
    const { labelSelector, continue: token } = query;
    const list = token ? this.pages.get(token) : this.snapshot(resource, namespace, labelSelector);
    if (!list) {
      throw new KubernetesError(410, 'Expired', '410 The provided continue parameter is too old');
    }
    const { resourceVersion } = list.metadata;
    const size = Number(query.limit ?? list.items.length);
    const rest = list.items.slice(size);
    const next = rest.length > 0 ? `${resourceVersion}-${rest.length}-${labelSelector}` : undefined;
    if (next) {
      this.pages.set(next, { metadata: { resourceVersion }, items: rest });
    }
    return clone({ metadata: { resourceVersion, continue: next }, items: list.items.slice(0, size) }) as never;
  }

  /** The changes since a version. The signal ends it with an error, `endWatches()` without. */
  async watch(
    resource: Resource,
    namespace: string | undefined,
    { labelSelector, resourceVersion }: ListQuery,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer>> {
    await this.faults.meet('watch', { resource, name: '' });
    const since = Number(resourceVersion);
    return this.history.events({ group: groupOf(resource), namespace, labelSelector, since }, signal);
  }

  create<T>(resource: Resource, namespace: string | undefined, object: object, options: WriteOptions = {}): Promise<T> {
    const body = clone(object as Stored);
    const reference = { resource, namespace, name: body.metadata?.name ?? '' };
    return this.write<T>('create', reference, body, options, (known) => {
      if (known) {
        throw conflict(reference, 'AlreadyExists', 'it already exists');
      }
      const { status } = traitsOf(resource);
      const metadata = { ...body.metadata, namespace, ...this.systemMetadata(resource) };
      return { ...body, metadata, ...(status ? { status } : {}) };
    });
  }

  replace<T>(reference: Reference, object: object, options: WriteOptions = {}): Promise<T> {
    const body = clone(object as Stored);
    return this.write<T>('update', reference, body, options, (known) => {
      if (!known && body.metadata.uid && traitsOf(reference.resource).createdByUpdate) {
        throw conflict(reference, 'Conflict', 'UID in precondition does not match');
      }
      if (traitsOf(reference.resource).conditional && !body.metadata.resourceVersion) {
        throw invalid('metadata.resourceVersion: must be specified for an update');
      }
      return editedOf(reference, this.known(reference), body);
    });
  }

  patch<T>(reference: Reference, type: PatchType, patch: unknown, options: WriteOptions = {}): Promise<T> {
    const body = clone(patch);
    return this.write<T>('patch', reference, body, options, () => {
      if (type === 'strategic' && traitsOf(reference.resource).custom) {
        throw new KubernetesError(415, 'UnsupportedMediaType', '415 the body was in an unknown format');
      }
      const known = this.known(reference);
      return editedOf(reference, known, applyPatch(viewOf(known, reference.subresource), type, body));
    });
  }

  delete(
    reference: Reference,
    { resourceVersion, ...options }: WriteOptions & { readonly resourceVersion?: string } = {},
  ): Promise<unknown> {
    return this.write('delete', reference, undefined, options, () => {
      if (resourceVersion && resourceVersion !== this.known(reference).metadata.resourceVersion) {
        throw conflict(reference, 'Conflict', 'the ResourceVersion in the precondition does not match');
      }
      this.known(reference);
      return undefined;
    });
  }

  close(): void {}

  /** @param change gives what becomes of the object, `undefined` for nothing, or throws the error to answer with */
  private async write<T>(
    verb: Verb,
    reference: Reference,
    body: unknown,
    { dryRun = false, signal }: WriteOptions,
    change: (known: Stored | undefined) => Stored | undefined,
  ): Promise<T> {
    const { resource, namespace, name, subresource } = reference;
    if (signal?.aborted) {
      throw new KubernetesError(0, 'Unreachable', `${verb} ${pathOf(reference)}: the operation was aborted`);
    }
    await this.faults.meet(verb, reference);
    const review = reviewed(resource, body, this);
    if (review) {
      return review as T;
    }
    const known = this.collection(resource).get(`${namespace}/${name}`);
    const next = change(known);
    const stored = dryRun ? next : this.commit(resource, known, next);
    this.writes.push({ verb, resource: pathOf(reference), namespace, name, body, dryRun });
    await this.losses.meet(verb, reference);
    return clone(stored && viewOf(stored, subresource)) as T;
  }

  /** Keeps what a write makes of an object. One that changes nothing makes no new version. */
  private commit(resource: Resource, known: Stored | undefined, next: Stored | undefined): Stored | undefined {
    if (isDeepStrictEqual(known, clone(next))) {
      return known;
    }
    this.version += 1;
    const { namespace, name } = (next ?? known)!.metadata;
    const resourceVersion = `${this.version}`;
    const after = clone(next && { ...next, metadata: { ...next.metadata, resourceVersion } });
    if (after) {
      this.collection(resource).set(`${namespace}/${name}`, after);
    } else {
      this.collection(resource).delete(`${namespace}/${name}`);
    }
    this.history.add({ version: this.version, group: groupOf(resource), namespace, before: known, after });
    return after;
  }

  private known(reference: Reference): Stored {
    const known = this.collection(reference.resource).get(`${reference.namespace}/${reference.name}`);
    if (!known) {
      throw notFound(reference);
    }
    return known;
  }

  private collection(resource: Resource): Map<string, Stored> {
    const collection = this.collections.get(groupOf(resource)) ?? new Map<string, Stored>();
    this.collections.set(groupOf(resource), collection);
    return collection;
  }

  private snapshot(resource: Resource, namespace?: string, labelSelector?: string): KubernetesList<Stored> {
    const items = [...this.collection(resource)]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, object]) => object)
      .filter((object) => namespace === undefined || object.metadata.namespace === namespace)
      .filter((object) => matches(labelSelector, object));
    return { metadata: { resourceVersion: `${this.version}` }, items };
  }

  /** What the API server itself writes into the metadata of a new object. Times of the API are whole seconds. */
  private systemMetadata(resource: Resource) {
    this.uids += 1;
    return {
      uid: `00000000-0000-4000-8000-${`${this.uids}`.padStart(12, '0')}`,
      creationTimestamp: this.now()
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
      ...(traitsOf(resource).counts ? { generation: 1 } : {}),
    };
  }
}
