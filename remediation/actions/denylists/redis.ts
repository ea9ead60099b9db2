import * as v from 'valibot';
import { type SchemasOf, text } from '../../schema';
import type { Cidr } from '../addresses';
import { keyPrefix, keysOf, requireNoCluster } from '../keys';
import type { Denylist, DenylistContext } from './denylist';

/**
 * A denylist in Redis, which the application must enforce.
 *
 * The contract with the application: reject a client while the key of its address exists.
 *
 * | part | format | example |
 * |---|---|---|
 * | key, IPv4 | prefix, address, `/32` | `denylist:192.0.2.7/32` |
 * | key, IPv6 | prefix, first address of the /64 as RFC 5952 writes it, `/64` | `denylist:2001:db8:0:1::/64` |
 * | value | JSON: the record that explains it, and the time | `{"record":"block-address-…-1","since":"2026-11-25T18:00:00.000Z"}` |
 * | expiry | set with the key; a key without an expiry was not written here | 14400 s |
 *
 * One `EXISTS` of one key answers for a request. Look up an address such as `::ffff:192.0.2.7` as IPv4.
 * Use the address that the last trusted proxy has seen, never the first entry of `X-Forwarded-For`: the client writes
 * that itself. While Redis does not answer, let clients in: a denylist must not be able to lock everybody out.
 *
 * The Redis user needs `REDIS_RIGHTS.denylist`.
 */
export interface RedisDenylistProps {
  /** Selects this kind of denylist. */
  readonly kind: 'redis-denylist';
  /** Name of the connection to Redis. */
  readonly connection: string;
  /** Beginning of the keys, up to and including a `:`, at least 3 characters. @default denylist: */
  readonly keyPrefix?: string;
}

/** A denylist in Redis with the defaults filled in. */
export type RedisDenylist = Required<RedisDenylistProps>;

/** @internal */
export const redisDenylistSettings = v.strictObject({
  kind: v.literal('redis-denylist'),
  connection: text,
  keyPrefix: v.optional(keyPrefix, 'denylist:'),
} satisfies SchemasOf<RedisDenylistProps>);

const COUNT_BATCH = 1_000;

interface Entry {
  readonly record: string;
  readonly since: string;
}

/** @internal */
export function redisDenylist(settings: RedisDenylist, context: DenylistContext): Denylist {
  const { connection, keyPrefix } = settings;
  const { clients, record, dryRun, signal } = context;
  const cache = clients.cache(connection);
  const keyOf = (cidr: Cidr) => `${keyPrefix}${cidr}`;
  return {
    async block(cidr, seconds) {
      if (dryRun) {
        return (await cache.exists(keyOf(cidr))) === 0;
      }
      const entry: Entry = { record, since: clients.now().toISOString() };
      // NX: a range that is already blocked keeps its expiry.
      return (await cache.set(keyOf(cidr), JSON.stringify(entry), 'EX', seconds, 'NX')) === 'OK';
    },

    isBlocked: async (cidr) => (await cache.exists(keyOf(cidr))) === 1,

    // The entry may have expired and been written again by another record, which then owns it.
    async unblock(cidr) {
      const value = await cache.get(keyOf(cidr));
      const isOurs = value !== null && entryOf(value)?.record === record;
      return isOurs && (dryRun || (await cache.unlink(keyOf(cidr))) === 1);
    },

    entries: async () => [],

    async count(limit) {
      await requireNoCluster(cache);
      let count = 0;
      for await (const keys of keysOf(cache, keyPrefix, { batch: COUNT_BATCH, signal })) {
        count += keys.length;
        if (count >= limit) {
          break;
        }
      }
      return count;
    },
  };
}

function entryOf(value: string): Partial<Entry> | undefined {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
