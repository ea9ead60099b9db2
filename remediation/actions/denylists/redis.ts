import type { Cidr } from '../addresses';
import { keysOf, refuseCluster } from '../keys';
import type { Denylist, DenylistContext } from './denylist';

/**
 * A denylist in Redis, which the application has to enforce.
 *
 * The contract with the application: a client is refused while the key of its address exists.
 *
 * | part | format | example |
 * |---|---|---|
 * | key, IPv4 | prefix, address, `/32` | `denylist:192.0.2.7/32` |
 * | key, IPv6 | prefix, first address of the /64 as RFC 5952 writes it, `/64` | `denylist:2001:db8:0:1::/64` |
 * | value | JSON: the record that says why, and since when | `{"record":"block-address-…-1","since":"2026-11-25T18:00:00.000Z"}` |
 * | expiry | set with the key; a key without one was not written here | 14400 s |
 *
 * So one `EXISTS` of one key answers for a request. An IPv4 address that arrives as `::ffff:192.0.2.7` is looked up as
 * IPv4. The address is the one that the last trusted proxy has seen, never the first of `X-Forwarded-For`, which the
 * client writes itself. When Redis does not answer, the application lets the client in: a denylist must not be able to
 * shut everybody out.
 *
 * A user of Redis with these rights suffices: `~denylist:* -@all +scan +exists +get +set +unlink +client|setname`.
 */
export interface RedisDenylist {
  readonly kind: 'redis-denylist';
  /** Name of the connection to Redis. */
  readonly connection: string;
  /** Beginning of the keys. @default denylist: */
  readonly keyPrefix?: string;
}

const DEFAULT_PREFIX = 'denylist:';
const COUNT_BATCH = 1_000;

interface Entry {
  readonly record: string;
  readonly since: string;
}

export function redisDenylist(settings: RedisDenylist, context: DenylistContext): Denylist {
  const { connection, keyPrefix = DEFAULT_PREFIX } = settings;
  const { tools, record, dryRun, signal } = context;
  const cache = tools.cache(connection);
  const keyOf = (cidr: Cidr) => `${keyPrefix}${cidr}`;
  return {
    async block(cidr, seconds) {
      if (dryRun) {
        return (await cache.exists(keyOf(cidr))) === 0;
      }
      const entry: Entry = { record, since: tools.now().toISOString() };
      // NX: who is blocked already stays so until then, and no longer.
      return (await cache.set(keyOf(cidr), JSON.stringify(entry), 'EX', seconds, 'NX')) === 'OK';
    },

    isBlocked: async (cidr) => (await cache.exists(keyOf(cidr))) === 1,

    // An entry that expired and was made anew belongs to another record.
    async unblock(cidr) {
      const value = await cache.get(keyOf(cidr));
      const isOurs = value !== null && entryOf(value)?.record === record;
      return isOurs && (dryRun || (await cache.unlink(keyOf(cidr))) === 1);
    },

    async count(limit) {
      await refuseCluster(cache);
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
