import { succeed } from '../../../testing/cluster';
import type { Cluster } from './cluster';

/** Kinds that controllers write at any time. */
const VOLATILE = ['events', 'events.events.k8s.io', 'leases.coordination.k8s.io'];

/** Every object of the cluster, as `kind/name` with its namespace. */
export async function inventory({ api }: Cluster): Promise<string[]> {
  const listable = await succeed(api.kubectl('api-resources', '--verbs=list', '--output=name'));
  const kinds = listable.split('\n').filter((kind) => kind && !VOLATILE.includes(kind));
  const columns = 'custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name';
  const output = await succeed(
    api.kubectl('get', kinds.join(), '--all-namespaces', '--no-headers', `--output=${columns}`, '--chunk-size=0'),
  );
  return [
    ...new Set(
      output
        .split('\n')
        .filter(Boolean)
        .map((line) => line.replaceAll(/\s+/g, ' ')),
    ),
  ].sort();
}

/** What the API server stores of an object, without what it counts. */
export interface Stored {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly generation?: number };
}

/** Objects of the given kinds, without status and bookkeeping, by `kind namespace/name`. */
export async function contentOf({ api }: Cluster, kinds: readonly string[]): Promise<Map<string, string>> {
  const { items } = JSON.parse(
    await succeed(api.kubectl('get', kinds.join(), '--all-namespaces', '--output=json')),
  ) as { items: (Stored & { kind: string; status?: unknown })[] };
  return new Map(
    items.map(({ status, metadata, ...rest }) => {
      const { resourceVersion, managedFields, ...kept } = metadata as Stored['metadata'] & {
        resourceVersion: string;
        managedFields: unknown;
      };
      return [
        `${rest.kind} ${metadata.namespace ?? ''}/${metadata.name}`,
        JSON.stringify({ ...rest, metadata: kept }),
      ] as const;
    }),
  );
}
