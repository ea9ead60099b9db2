import type { Leases } from '../kubernetes';

/** A lease to hold. */
export interface Lock {
  readonly name: string;
  readonly holder: string;
  /** Time after which it is free again when its holder has died. */
  readonly seconds: number;
}

/**
 * Does something while holding a lease, which is renewed meanwhile. A process that dies leaves it to expire.
 *
 * @returns what the work returns, or `busy` when another holds the lease
 */
export async function withLock<T>(leases: Leases, lock: Lock, busy: T, work: () => Promise<T>): Promise<T> {
  const { name, holder, seconds } = lock;
  if (await leases.acquire(name, holder, seconds)) {
    return busy;
  }
  const renewal = setInterval(() => void leases.acquire(name, holder, seconds).catch(() => {}), (seconds / 3) * 1000);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    // A lease that cannot be given back expires.
    await leases.release(name, holder).catch(() => {});
  }
}
