import type { Leases } from '../kubernetes';
import { LOCK_SECONDS } from '../record';

/**
 * Does something while holding a lease, which is renewed meanwhile. A process that dies leaves it to expire.
 *
 * @returns what the work returns, or `busy` when another holds the lease
 */
export async function withLock<T>(
  leases: Leases,
  name: string,
  holder: string,
  busy: T,
  work: () => Promise<T>,
): Promise<T> {
  if (await leases.acquire(name, holder, LOCK_SECONDS)) {
    return busy;
  }
  const renewal = setInterval(
    () => void leases.acquire(name, holder, LOCK_SECONDS).catch(() => {}),
    (LOCK_SECONDS / 3) * 1000,
  );
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    // A lease that cannot be given back expires.
    await leases.release(name, holder).catch(() => {});
  }
}
