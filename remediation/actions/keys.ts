import type { Cache } from '../clients';
import { ParameterError } from '../policy';
import { SkipError } from './action';

export interface ScanOptions {
  /** Keys that Redis looks at in one step; it serves others in between. */
  readonly batch: number;
  /** When to stop. */
  readonly until?: number;
  readonly signal: AbortSignal;
}

const MINIMUM_PREFIX_LENGTH = 3;

/**
 * Checks the beginning of keys.
 *
 * @throws ParameterError for one that could mean more keys than it says
 */
export function checkPrefix(parameter: string, prefix: string): void {
  if (!/^[^\s*?[\]\\\p{Cc}]+:$/u.test(prefix)) {
    throw new ParameterError(parameter, prefix, 'write the beginning of the keys, without a pattern, up to a ":"');
  }
  if (prefix.length < MINIMUM_PREFIX_LENGTH) {
    throw new ParameterError(parameter, prefix, `write at least ${MINIMUM_PREFIX_LENGTH} characters`);
  }
}

/** A prefix as a pattern of Redis, in which `*`, `?`, `[`, `]` and `\` would mean something else. */
export function patternOf(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;
}

/**
 * The keys with a prefix, step by step; a step can find none. A key that is there all the time comes at least once; it can
 * come twice.
 *
 * @throws when the time is over before all were seen
 */
export async function* keysOf(cache: Cache, prefix: string, options: ScanOptions): AsyncGenerator<readonly string[]> {
  const { batch, until = Number.POSITIVE_INFINITY, signal } = options;
  let cursor = '0';
  do {
    signal.throwIfAborted();
    if (Date.now() > until) {
      throw new Error('the time was over before every key was seen');
    }
    const [next, found] = await cache.scan(cursor, 'MATCH', patternOf(prefix), 'COUNT', batch);
    // A pattern that meant more than its prefix would be a disaster: Redis' answer is not trusted blindly.
    yield found.filter((key) => key.startsWith(prefix));
    cursor = next;
  } while (cursor !== '0');
}

/**
 * The answers of a node of a cluster are about its own share of the keys alone. Redis tells of itself without a right.
 *
 * @throws SkipError when Redis is a cluster
 */
export async function refuseCluster(cache: Cache): Promise<void> {
  const hello = toEntries(await cache.call('HELLO'));
  if (hello.get('mode') === 'cluster') {
    throw new SkipError('target-not-allowed', 'Redis runs as a cluster, of which one node sees its own keys alone');
  }
}

/** A map of the protocol: alternating names and values, or an object. */
function toEntries(reply: unknown): ReadonlyMap<unknown, unknown> {
  if (!Array.isArray(reply)) {
    return new Map(Object.entries(reply as object));
  }
  return new Map(reply.flatMap((name, index) => (index % 2 === 0 ? [[name, reply[index + 1]] as const] : [])));
}
