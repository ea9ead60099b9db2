import type { SharedRedis } from '../../../instrumentation';

/** A Redis in memory that several replicas share, and that can go away. Expiry is not simulated. */
export interface StandInForRedis extends SharedRedis {
  readonly keys: Map<string, string | Set<string>>;
  /** Whether every command fails. */
  away: boolean;
  /** Commands so far. */
  commands: number;
}

/** Understands the commands and scripts of this library only. */
export function standInForRedis(): StandInForRedis {
  const keys = new Map<string, string | Set<string>>();
  const redis: StandInForRedis = {
    keys,
    away: false,
    commands: 0,
    exists: async (...names) => run(() => names.filter((name) => keys.has(name)).length),
    get: async (name) => run(() => (keys.get(name) as string | undefined) ?? null),
    set: async (name, value) => run(() => keys.set(name, value) && 'OK'),
    eval: async (script, _count, key, first) =>
      run(() => {
        const name = String(key);
        if (script.includes('INCRBY')) {
          const value = Number(keys.get(name) ?? 0) + Number(first);
          keys.set(name, String(value));
          return value;
        }
        const members = (keys.get(name) as Set<string> | undefined) ?? new Set();
        const before = members.size;
        keys.set(name, members.add(String(first)));
        return [before, members.size];
      }),
  };
  function run<T>(command: () => T): T {
    redis.commands += 1;
    if (redis.away) {
      throw new Error('connect ECONNREFUSED 127.0.0.1:6379');
    }
    return command();
  }
  return redis;
}
