import timers from 'node:timers/promises';
import { NOW } from '../sample';

/** In the tests of a file it is `NOW`, and stays so until a test lets time pass. */
export function standStill(): void {
  beforeEach(() => {
    jest.useFakeTimers({
      now: NOW,
      // What is not about time goes on: streams and promises.
      doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'hrtime'],
    });
    // Jest leaves this module alone.
    jest.spyOn(timers, 'setTimeout').mockImplementation(sleep as typeof timers.setTimeout);
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });
}

/** Lets time pass: timers fire, and what waits for them goes on. */
export async function pass(seconds: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(seconds * 1000);
  await idle();
}

/** Lets everything go on that waits for nothing but other code. */
export function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function sleep(milliseconds: number, value: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds, value);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
