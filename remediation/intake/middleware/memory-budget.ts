import type { MiddlewareHandler } from 'hono';
import { Slots } from '../../slots';
import { RETRY_SECONDS } from './authentication';
import { MAX_BODY_BYTES } from './body-limit';

/** Bytes of notifications in memory at the same time: one of the largest, or many small ones. */
const BUDGET_BYTES = MAX_BODY_BYTES;
/** What a notification counts at least: its connection and its records take memory too. */
const LEAST_BYTES = 32 * 1024;
/** Notifications that wait for memory. */
const MAX_WAITING = 128;
const MAX_WAIT_MS = 10_000;

/**
 * Keeps the notifications that are read and stored at the same time within the memory of the pod. Others wait, and are
 * answered with 503 after ten seconds, or at once when too many wait. Use it after the authentication.
 */
export function memoryBudget(): MiddlewareHandler {
  const slots = new Slots(BUDGET_BYTES);
  return async (c, next) => {
    const length = Number(c.req.header('content-length') ?? Number.NaN);
    if (length > MAX_BODY_BYTES) {
      return next(); // It is not read at all.
    }
    const size = Math.max(Number.isNaN(length) ? BUDGET_BYTES : length, LEAST_BYTES);
    const giveBack = slots.queued < MAX_WAITING ? await turn(slots, size, c.req.raw.signal) : undefined;
    if (!giveBack) {
      c.header('retry-after', RETRY_SECONDS);
      return c.json({ message: 'too many notifications at the same time: send again' }, 503);
    }
    try {
      return await next();
    } finally {
      giveBack();
    }
  };
}

async function turn(slots: Slots, size: number, signal: AbortSignal): Promise<(() => void) | undefined> {
  const end = new AbortController();
  const leave = () => end.abort();
  const timer = setTimeout(leave, MAX_WAIT_MS);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await slots.take(end.signal, size);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}
