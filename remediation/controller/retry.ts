import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesError } from '../kubernetes';

const TRIES = 3;
/** Wait before the first retry, in milliseconds; it doubles, with ±50 % jitter. */
const BACKOFF_MS = 200;

/** Runs `work` until it ends or `signal` aborts, even when `work` ignores the signal. */
export async function untilDone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Runs `work` up to three times while the API server cannot be reached, is busy, or reports a conflict. Actions are
 * idempotent, so a change that did arrive is not repeated.
 */
export async function retried<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const retryable = error instanceof KubernetesError && (error.isTransient || error.isConflict);
      if (!retryable || attempt === TRIES || signal.aborted) {
        throw error;
      }
      await sleep(BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}
