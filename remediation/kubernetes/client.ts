import { readFileSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { ObjectMeta } from '../record';

/** How to reach the API server. */
export interface KubernetesConnection {
  /** `https://host:port`. */
  readonly url: string;
  /** File of the certificate authority, PEM. */
  readonly caFile: string;
  /** File of the bearer token. It is read again when it changes: projected tokens are renewed. */
  readonly tokenFile: string;
}

/** A resource of the API, named as in a URL. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** An object of the API, as far as everybody needs it. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface KubernetesList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[];
}

/** Where an object is. */
export interface Reference {
  readonly resource: Resource;
  /** @default - the resource is cluster-scoped */
  readonly namespace?: string;
  readonly name: string;
  /** E.g. `status`, `scale`. */
  readonly subresource?: string;
}

/** Options of a request that changes something. */
export interface WriteOptions {
  /** Let the API server check and admit the change, and not keep it. @default false */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** Objects in a page of a list: a record can be large, and a storm makes many. */
export const PAGE_SIZE = '100';

/** Bodies that a PATCH can have. Each needs its own Content-Type; the API server answers 415 to any other. */
const PATCH_TYPES = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;
export type PatchType = keyof typeof PATCH_TYPES;

/** The API server refused, or could not be reached (`status` 0). */
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

  /** Somebody else wrote the object first, or it is there already. */
  get isConflict(): boolean {
    return this.status === 409;
  }

  /** The same request may succeed later. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Who the changes are from, in `metadata.managedFields` and in the API server's audit log. */
const FIELD_MANAGER = 'remediation-webhook';

const REQUEST_TIMEOUT_MS = 15_000;

/** A client of the Kubernetes API: just what the webhook asks of it. */
export class KubernetesClient {
  private readonly agent: Agent;
  private readonly base: URL;
  private token?: { readonly value: string; readonly modified: number };

  constructor(private readonly connection: KubernetesConnection) {
    this.base = new URL(connection.url);
    this.agent = new Agent({ keepAlive: true, maxSockets: 32, ca: readFileSync(connection.caFile) });
  }

  async get<T = KubernetesObject>(reference: Reference, signal?: AbortSignal): Promise<T> {
    return this.send<T>('GET', pathOf(reference), { signal });
  }

  /** The object, or `undefined` when there is none. */
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

  /** The objects of a list one by one; no more than a page of them is in memory. */
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

  /** A page of a list, with the version to watch from. */
  page<T = KubernetesObject>(
    resource: Resource,
    namespace: string | undefined,
    query: Query,
    signal?: AbortSignal,
  ): Promise<KubernetesList<T>> {
    return this.send('GET', collectionPath(resource, namespace), { query, signal });
  }

  create<T>(resource: Resource, namespace: string | undefined, object: object, options: WriteOptions = {}): Promise<T> {
    return this.send('POST', collectionPath(resource, namespace), { body: object, ...options });
  }

  /** Replaces an object. With `metadata.resourceVersion`, only if nobody has changed it since. */
  async replace<T>(reference: Reference, object: object, options: WriteOptions = {}): Promise<T> {
    return this.send('PUT', pathOf(reference), { body: object, ...options });
  }

  async patch<T>(reference: Reference, type: PatchType, body: unknown, options: WriteOptions = {}): Promise<T> {
    return this.send('PATCH', pathOf(reference), { body, contentType: PATCH_TYPES[type], ...options });
  }

  /** Removes an object. With a `resourceVersion`, only if nobody has changed it since. */
  async delete(
    reference: Reference,
    { resourceVersion, ...options }: WriteOptions & { readonly resourceVersion?: string } = {},
  ): Promise<unknown> {
    const body = resourceVersion ? { preconditions: { resourceVersion } } : undefined;
    return this.send('DELETE', pathOf(reference), { body, ...options });
  }

  /** Opens a watch: a response that stays open, an event a line. */
  watch(
    resource: Resource,
    namespace: string | undefined,
    query: Query,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const path = `${collectionPath(resource, namespace)}${queryString({ ...query, watch: 'true' })}`;
    return this.open('GET', path, { signal, timeoutMs: 0 });
  }

  close(): void {
    this.agent.destroy();
  }

  private async send<T>(method: string, path: string, options: SendOptions): Promise<T> {
    const { query, dryRun, ...rest } = options;
    const writes = method !== 'GET';
    const response = await this.open(
      method,
      `${path}${queryString({
        ...query,
        fieldManager: writes && method !== 'DELETE' ? FIELD_MANAGER : undefined,
        dryRun: writes && dryRun ? 'All' : undefined,
      })}`,
      rest,
    );
    return JSON.parse(await textOf(response)) as T;
  }

  private async open(method: string, path: string, options: OpenOptions): Promise<IncomingMessage> {
    const { body, contentType = 'application/json', signal, timeoutMs = REQUEST_TIMEOUT_MS } = options;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers: Record<string, string | number> = {
      accept: 'application/json',
      authorization: `Bearer ${this.bearerToken()}`,
    };
    if (payload) {
      headers['content-type'] = contentType;
      headers['content-length'] = payload.length;
    }
    const response = await exchange(
      { agent: this.agent, host: this.base.hostname, port: this.base.port, method, path, headers, signal },
      payload,
      timeoutMs,
    );
    if ((response.statusCode ?? 0) >= 300) {
      throw await errorOf(response, `${method} ${path}`);
    }
    return response;
  }

  private bearerToken(): string {
    const modified = statSync(this.connection.tokenFile).mtimeMs;
    if (this.token?.modified !== modified) {
      this.token = { value: readFileSync(this.connection.tokenFile, 'utf8').trim(), modified };
    }
    return this.token.value;
  }
}

type Query = { readonly [name: string]: string | undefined };

interface OpenOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** 0 for a response that stays open. */
  readonly timeoutMs?: number;
}

interface SendOptions extends OpenOptions {
  readonly query?: Query;
  readonly dryRun?: boolean;
}

function collectionPath({ group, version, plural }: Resource, namespace?: string): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${plural}`;
}

/** What no object is called, since in a path it would mean another one. Names come from labels, too. */
const NO_NAME = /^\.{1,2}$|[/%]/;

function pathOf({ resource, namespace, name, subresource }: Reference): string {
  if (NO_NAME.test(name)) {
    throw new KubernetesError(404, 'NotFound', `there is no ${resource.plural} "${name}"`);
  }
  const path = `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

function queryString(query: Query): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

function exchange(options: RequestOptions, payload: Buffer | undefined, timeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, resolve);
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    outgoing.once('error', (error) => {
      reject(new KubernetesError(0, 'Unreachable', `${options.method} ${options.path}: ${error.message}`));
    });
    outgoing.end(payload);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw new KubernetesError(0, 'Unreachable', `the answer broke off: ${(error as Error).message}`);
  }
  return Buffer.concat(chunks).toString();
}

async function errorOf(response: IncomingMessage, what: string): Promise<KubernetesError> {
  const text = await textOf(response);
  let status: { readonly reason?: string; readonly message?: string } = {};
  try {
    status = JSON.parse(text);
  } catch {
    status = { message: text.slice(0, 200) };
  }
  const code = response.statusCode ?? 0;
  return new KubernetesError(code, status.reason ?? '', `${what}: ${code} ${status.message ?? ''}`.trim());
}
