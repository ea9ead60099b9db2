import type { GateContext } from '../gates';
import type { Leases } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import { lockName, type Remediation, type Target } from '../record';
import type { Next } from './step-props';

/** A Lease to hold. */
export interface Lock {
  readonly name: string;
  readonly holder: string;
  /** Time after which the Lease is free again when its holder has died. */
  readonly seconds: number;
}

const LOCKED_RETRY_MS = 1_000;

/**
 * Runs `work` while holding a Lease, and renews it meanwhile. The Lease of a process that dies expires.
 *
 * @returns the result of `work`, or `busy` when another holder has the Lease
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
    // A Lease that cannot be released expires.
    await leases.release(name, holder).catch(() => {});
  }
}

/**
 * Runs `work` while a record holds the lock of its target, with the record as it is then.
 *
 * @returns when to try again, while another record holds the lock
 */
export async function withTargetLocked(
  record: Remediation,
  target: Target,
  policy: RemediationPolicy,
  { leases, holder, store, limits }: GateContext,
  work: (locked: Remediation) => Promise<Next>,
): Promise<Next> {
  const { name } = record.metadata;
  const lock = {
    name: lockName(policy.action, target),
    holder: `${holder}/${name}`,
    seconds: limits.lockSeconds,
  };
  return withLock(leases, lock, LOCKED_RETRY_MS, async () => {
    // The record was read before the lock was acquired, so another replica may have moved it.
    const newest = await store.read(name);
    if (!newest) {
      return undefined;
    }
    const { phase, revertResult } = record.status;
    if (newest.status.phase !== phase || newest.status.revertResult !== revertResult) {
      return 0;
    }
    return work({ ...newest, status: { ...newest.status, target } });
  });
}
