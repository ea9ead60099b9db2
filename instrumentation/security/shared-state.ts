import { createHash } from 'node:crypto';
import { withinTime } from '../timeout';
import { Recent } from './recent';

/** What this library uses of an `ioredis` client. */
export interface SharedRedis {
  /** Number of the keys that exist. */
  exists(...keys: string[]): Promise<number>;
  /** Value of a key. */
  get(key: string): Promise<string | null>;
  /** Sets a key with an expiry. */
  set(key: string, value: string, option: 'EX', seconds: number): Promise<unknown>;
  /** Runs a Lua script. */
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

/** Settings of the state that replicas share. */
export interface SharedStateOptions {
  /** Client of the Redis that all replicas use. @default - each replica counts alone */
  readonly redis?: SharedRedis;
  /** Hears of failures of Redis. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A counter before and after an event. */
export interface Counted {
  /** Events of the window before this one. */
  readonly before: number;
  /** Events of the window with this one. */
  readonly after: number;
}

/** The window begins with its first event. SET with NX keeps the expiry, and INCRBY does not change it. */
const COUNT = `
  redis.call('SET', KEYS[1], 0, 'EX', ARGV[2], 'NX')
  return redis.call('INCRBY', KEYS[1], ARGV[1])`;

/** A HyperLogLog has at most 12 KB, however many members it has seen. */
const DISTINCT = `
  local before = redis.call('PFCOUNT', KEYS[1])
  redis.call('PFADD', KEYS[1], ARGV[1])
  if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
  return { before, redis.call('PFCOUNT', KEYS[1]) }`;

const KEY_PREFIX = 'sightedit:security:';

/** After it, the replica uses its own count. */
const TIMEOUT_MS = 250;
const PAUSE_MS = 5_000;
const MOST_FAILURES = 3;
const MOST_KEYS = 20_000;
const MOST_MEMBERS = 100;

/**
 * Counters and marks with an expiry, which replicas share in Redis. A replica counts in its own memory as well, and uses
 * that count while Redis does not answer.
 */
export class SharedState {
  private readonly counts: Recent<number>;
  private readonly members: Recent<ReadonlySet<string>>;
  private readonly values: Recent<string>;
  private pausedUntil = 0;
  private failures = 0;

  /** Connects nothing: the client of Redis belongs to the caller. */
  constructor(private readonly options: SharedStateOptions) {
    const { now } = options;
    this.counts = new Recent(MOST_KEYS, now);
    this.members = new Recent(2_000, now);
    this.values = new Recent(MOST_KEYS, now);
  }

  /** Counts an event of a window of some seconds. */
  async count(name: string, seconds: number): Promise<Counted> {
    const key = this.key(name);
    const own = (this.counts.get(key) ?? 0) + 1;
    this.counts.change(key, own, seconds);
    const shared = await this.ask((redis) => redis.eval(COUNT, 1, key, 1, seconds));
    if (typeof shared !== 'number') {
      return { before: own - 1, after: own };
    }
    this.counts.change(key, Math.max(shared, this.counts.get(key) ?? 0), seconds);
    return { before: shared - 1, after: shared };
  }

  /** The count that is known without asking Redis. */
  known(name: string): number {
    return this.counts.get(this.key(name)) ?? 0;
  }

  /** Counts distinct members of a window. More than 100 are not told apart in memory. */
  async distinct(name: string, member: string, seconds: number): Promise<Counted> {
    const key = this.key(name);
    const hash = hashOf(member);
    const shared = await this.ask((redis) => redis.eval(DISTINCT, 1, key, hash, seconds));
    const before = this.members.get(key) ?? new Set();
    const after = before.size < MOST_MEMBERS ? new Set([...before, hash]) : before;
    this.members.change(key, after, seconds);
    return Array.isArray(shared)
      ? { before: Number(shared[0]), after: Number(shared[1]) }
      : { before: before.size, after: after.size };
  }

  /** The value of a key, from Redis, or from memory while Redis is away. */
  async read(name: string): Promise<string | undefined> {
    const key = this.key(name);
    const shared = await this.ask((redis) => redis.get(key));
    return typeof shared === 'string' ? shared : this.values.get(key);
  }

  /** Sets the value of a key for some seconds. */
  async write(name: string, value: string, seconds: number): Promise<void> {
    const key = this.key(name);
    this.values.set(key, value, seconds);
    await this.ask((redis) => redis.set(key, value, 'EX', seconds));
  }

  /**
   * Runs a command. Returns undefined without Redis, and when it fails or does not answer in time. After three failures
   * in a row, Redis gets no command for five seconds, so that requests do not wait for it one after the other.
   */
  async ask<T>(command: (redis: SharedRedis) => Promise<T>): Promise<T | undefined> {
    const { redis, onFailure, now } = this.options;
    if (!redis || now() < this.pausedUntil) {
      return undefined;
    }
    try {
      const answer = await withinTime(command(redis), TIMEOUT_MS, `Redis did not answer within ${TIMEOUT_MS} ms`);
      this.failures = 0;
      return answer;
    } catch (error) {
      this.failures += 1;
      // A single one may be a garbage collection here, and would leave the denylist open for the whole pause.
      if (this.failures >= MOST_FAILURES) {
        this.pausedUntil = now() + PAUSE_MS;
      }
      onFailure(error);
      return undefined;
    }
  }

  private key(name: string): string {
    const [kind, ...identity] = name.split(':');
    return `${KEY_PREFIX}${kind}:${hashOf(identity.join(':'))}`;
  }
}

/** Keys have no name, address or credential in them, and one length. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** Whether this event was the one that reached a limit. Of several replicas, one sees that. */
export function crosses({ before, after }: Counted, limit: number): boolean {
  return before < limit && after >= limit;
}
