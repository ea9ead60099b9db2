import { createHash } from 'node:crypto';
import type { Metrics } from './metrics/metrics';
import type { SharedState } from './security/shared-state';

/** Settings of a cache. */
export interface CacheOptions {
  /** Beginning of the keys, as in the remediation policy `clear-cache`, e.g. `sightedit:cache:`. */
  readonly prefix: string;
  /** Seconds for which an entry holds. @default 300 */
  readonly seconds?: number;
}

/** A cache in Redis. While Redis is away, every lookup is a miss. */
export interface Cache {
  /** The value of a key, or undefined. An entry whose checksum does not match counts as an error, and as a miss. */
  get(key: string): Promise<string | undefined>;
  /** Stores a value. */
  set(key: string, value: string): Promise<void>;
}

/**
 * Entries hold a checksum, and their keys the cache's version. The remediation policy `clear-cache` raises the version
 * in `<prefix>version`, after which no old entry is read.
 */
export function createCache(state: SharedState, metrics: Metrics, options: CacheOptions): Cache {
  const { prefix, seconds = 300 } = options;
  const keyOf = async (key: string) => {
    const version = (await state.ask((redis) => redis.get(`${prefix}version`))) ?? '0';
    return `${prefix}v${version}:${key}`;
  };
  const result = (value: 'hit' | 'miss') => metrics.increment('sightedit_cache_requests_total', { result: value });
  return {
    async get(key) {
      const name = await keyOf(key);
      const entry = await state.ask((redis) => redis.get(name));
      const value = entry?.slice(CHECKSUM);
      const sound = value !== undefined && entry?.slice(0, CHECKSUM) === checksumOf(value);
      if (value !== undefined && !sound) {
        metrics.increment('sightedit_cache_integrity_errors_total');
      }
      result(sound ? 'hit' : 'miss');
      return sound ? value : undefined;
    },
    async set(key, value) {
      const name = await keyOf(key);
      await state.ask((redis) => redis.set(name, `${checksumOf(value)}${value}`, 'EX', seconds));
    },
  };
}

const CHECKSUM = 16;

function checksumOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, CHECKSUM);
}
