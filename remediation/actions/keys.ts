import * as v from 'valibot';
import type { Cache } from '../clients';
import { SkipError } from './action';

export interface ScanOptions {
  /** Keys that Redis examines in one step; it serves others in between. */
  readonly batch: number;
  /** Deadline, in milliseconds of Unix time. @default - none */
  readonly until?: number;
  readonly signal: AbortSignal;
}

const MINIMUM_PREFIX_LENGTH = 3;

/** The prefix of keys: text without a pattern that ends in `:`, so it cannot match more keys than it says. */
export const keyPrefix = v.pipe(
  v.string(),
  v.regex(/^[^\s*?[\]\\\p{Cc}]+:$/u, 'write the beginning of the keys, without a pattern, up to a ":"'),
  v.minLength(MINIMUM_PREFIX_LENGTH, `write at least ${MINIMUM_PREFIX_LENGTH} characters`),
);

/** A prefix as a Redis pattern, with `*`, `?`, `[`, `]` and `\` escaped. */
export function patternOf(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;
}

/**
 * The keys with a prefix, step by step. A step can yield none. As SCAN guarantees, a key that exists all the time comes
 * at least once, and can come twice.
 *
 * @throws when the deadline passes before every key was seen
 */
export async function* keysOf(cache: Cache, prefix: string, options: ScanOptions): AsyncGenerator<readonly string[]> {
  const { batch, until = Number.POSITIVE_INFINITY, signal } = options;
  let cursor = '0';
  do {
    signal.throwIfAborted();
    if (Date.now() > until) {
      throw new Error('the deadline passed before every key was seen');
    }
    const [next, found] = await cache.scan(cursor, 'MATCH', patternOf(prefix), 'COUNT', batch);
    // A pattern that matched too much would delete the keys of others, so the answer is filtered again.
    yield found.filter((key) => key.startsWith(prefix));
    cursor = next;
  } while (cursor !== '0');
}

/**
 * Rejects a Redis Cluster: each of its nodes knows only its own share of the keys. `HELLO` needs no ACL permission.
 *
 * @throws SkipError when Redis runs as a cluster
 */
export async function requireNoCluster(cache: Cache): Promise<void> {
  const hello = toEntries(await cache.call('HELLO'));
  if (hello.get('mode') === 'cluster') {
    throw new SkipError('target-not-allowed', 'Redis runs as a cluster, and a node sees only its own keys');
  }
}

/** A map of the Redis protocol: alternating names and values in RESP2, an object in RESP3. */
function toEntries(reply: unknown): ReadonlyMap<unknown, unknown> {
  if (!Array.isArray(reply)) {
    return new Map(Object.entries(reply as object));
  }
  return new Map(reply.flatMap((name, index) => (index % 2 === 0 ? [[name, reply[index + 1]] as const] : [])));
}
