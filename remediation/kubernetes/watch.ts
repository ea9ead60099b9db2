import { setTimeout as sleep } from 'node:timers/promises';
import { type KubernetesClient, type KubernetesObject, PAGE_SIZE, type Resource } from './client';

export interface WatchProps<T> {
  readonly client: KubernetesClient;
  readonly resource: Resource;
  readonly namespace: string;
  readonly labelSelector?: string;
  /** An object that is there, new or changed. */
  readonly onObject: (object: T) => void;
  /** An object that is there no more, or that the selector leaves out now. @default - nobody asks */
  readonly onGone?: (object: T) => void;
  /** Every object that is there now was told. @default - nobody asks */
  readonly onList?: () => void;
  /** The connection broke, or could not be made; it is tried again. */
  readonly onError: (error: Error) => void;
  readonly signal: AbortSignal;
}

/** Longest time between two complete lists, in seconds: what a watch has missed is seen then. */
const RELIST_SECONDS = 300;
const RETRY_MS = [200, 1000, 5000] as const;

/** Tells of every object of a resource, now and whenever it changes, until the signal ends it. */
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
          break; // The version is too old: list again.
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
