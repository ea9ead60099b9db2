import { setTimeout as sleep } from 'node:timers/promises';
import { type KubernetesApi, type KubernetesObject, PAGE_SIZE, type Resource } from './api';

export interface WatchProps<T> {
  readonly client: KubernetesApi;
  readonly resource: Resource;
  readonly namespace: string;
  readonly labelSelector?: string;
  /** Called for every object that exists, is created or is changed. */
  readonly onObject: (object: T) => void;
  /** Called for an object that was deleted, or that the selector no longer matches. @default - ignored */
  readonly onGone?: (object: T) => void;
  /** Called after each complete list. @default - ignored */
  readonly onList?: () => void;
  /** Called when the connection fails; the watch reconnects. */
  readonly onError: (error: Error) => void;
  readonly signal: AbortSignal;
}

/** Seconds after which the watch ends and lists everything again, in case it has missed an event. */
const RELIST_SECONDS = 300;
const RETRY_MS = [200, 1000, 5000] as const;

/** Reports every object of a resource, and then every change, until `signal` aborts. */
export async function watchObjects<T extends KubernetesObject>(props: WatchProps<T>): Promise<void> {
  const { client, resource, namespace, labelSelector, signal } = props;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const version = await listAll(props);
      failures = 0;
      props.onList?.();
      const query = { labelSelector, resourceVersion: version, timeoutSeconds: String(RELIST_SECONDS) };
      const stream = await client.watch(resource, namespace, query, signal);
      for await (const line of linesOf(stream)) {
        const event = JSON.parse(line) as { readonly type: string; readonly object: T };
        if (event.type === 'ERROR') {
          break; // 410 Gone: the resourceVersion is too old to watch from. List again.
        }
        if (event.type === 'DELETED') {
          props.onGone?.(event.object);
        } else {
          props.onObject(event.object);
        }
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      props.onError(error as Error);
      await sleep(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)], undefined, { signal }).catch(() => {});
    }
  }
}

async function listAll<T extends KubernetesObject>(props: WatchProps<T>): Promise<string> {
  const { client, resource, namespace, labelSelector, signal } = props;
  let page: string | undefined;
  for (;;) {
    const query = { labelSelector, limit: PAGE_SIZE, continue: page };
    const list = await client.page<T>(resource, namespace, query, signal);
    list.items.forEach(props.onObject);
    page = list.metadata.continue || undefined;
    if (!page) {
      return list.metadata.resourceVersion;
    }
  }
}

async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines.filter((line) => line !== '');
  }
}
