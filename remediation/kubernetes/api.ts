/** A resource of the API, named as in a URL. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** Metadata of an object, as far as the server reads or writes it. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly generation?: number;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  /** Who has written the object, and when. */
  readonly managedFields?: readonly { readonly manager?: string; readonly time?: string }[];
}

/** The fields that every object of the API has. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface KubernetesList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[];
}

/** The path of one object. */
export interface Reference {
  readonly resource: Resource;
  /** @default - the resource is cluster-scoped */
  readonly namespace?: string;
  readonly name: string;
  /** E.g. `status`, `scale`. */
  readonly subresource?: string;
}

/** Query parameters of a list or a watch. */
export interface ListQuery {
  readonly labelSelector?: string;
  readonly limit?: string;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly timeoutSeconds?: string;
}

/** Options of a request that changes something. */
export interface WriteOptions {
  /** The API server validates and admits the change but does not store it. @default false */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** The formats of a PATCH body: strategic merge patch, JSON merge patch (RFC 7396) and JSON patch (RFC 6902). */
export type PatchType = 'strategic' | 'merge' | 'json';

/** Objects in one page of a list. A record can have 200 KiB, and a storm of alerts creates many. */
export const PAGE_SIZE = '50';

/** Names the webhook in `metadata.managedFields` and in the API server's audit log. */
export const FIELD_MANAGER = 'remediation-webhook';

/** The part of the Kubernetes API that the server uses. Every method throws `KubernetesError`. */
export interface KubernetesApi {
  get<T = KubernetesObject>(reference: Reference, signal?: AbortSignal): Promise<T>;
  /** @returns `undefined` when the object does not exist */
  find<T = KubernetesObject>(reference: Reference, signal?: AbortSignal): Promise<T | undefined>;
  list<T = KubernetesObject>(
    resource: Resource,
    namespace?: string,
    labelSelector?: string,
    signal?: AbortSignal,
  ): Promise<readonly T[]>;
  /** The objects of a list one by one. Only one page of them is in memory. */
  each<T = KubernetesObject>(
    resource: Resource,
    namespace?: string,
    labelSelector?: string,
    signal?: AbortSignal,
  ): AsyncGenerator<T>;
  /** One page of a list, with the resourceVersion to watch from. */
  page<T = KubernetesObject>(
    resource: Resource,
    namespace: string | undefined,
    query: ListQuery,
    signal?: AbortSignal,
  ): Promise<KubernetesList<T>>;
  create<T>(resource: Resource, namespace: string | undefined, object: object, options?: WriteOptions): Promise<T>;
  /** Replaces an object. With `metadata.resourceVersion`, fails if the object has changed since. */
  replace<T>(reference: Reference, object: object, options?: WriteOptions): Promise<T>;
  patch<T>(reference: Reference, type: PatchType, body: unknown, options?: WriteOptions): Promise<T>;
  /** Deletes an object. With a `resourceVersion`, fails if the object has changed since. */
  delete(reference: Reference, options?: WriteOptions & { readonly resourceVersion?: string }): Promise<unknown>;
  /** Opens a watch: a response that stays open, one JSON event per line. */
  watch(
    resource: Resource,
    namespace: string | undefined,
    query: ListQuery,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer>>;
}

/** The API server refused a request, or could not be reached (`status` 0). */
export class KubernetesError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = 'KubernetesError';
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }

  /** The object already exists, or it has changed since it was read. */
  get isConflict(): boolean {
    return this.status === 409;
  }

  /** The API server sheds load, or prepares the storage of a resource that was just defined. */
  get isBusy(): boolean {
    return this.status === 429;
  }

  /** The same request may succeed later. */
  get isTransient(): boolean {
    return this.status === 0 || this.isBusy || this.status >= 500;
  }
}
