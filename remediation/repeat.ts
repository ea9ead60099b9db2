import type { Log } from './audit';
import { KubernetesError } from './kubernetes';

/**
 * Runs `work` immediately, then again `intervalMs` after each run ends. Runs never overlap. A failure is logged.
 *
 * @param work returns the milliseconds until its next run, where that differs from `intervalMs`
 * @returns a function that stops it
 */
export function repeat(intervalMs: number, log: Log, work: () => Promise<unknown>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const run = async () => {
    const next = await work().catch((error: Error) => {
      // The API server answers 429 for some seconds after a resource was defined.
      const level = error instanceof KubernetesError && error.isBusy ? 'info' : 'warn';
      log(level, `housekeeping failed: ${error.message}`);
    });
    if (!stopped) {
      timer = setTimeout(run, typeof next === 'number' ? next : intervalMs);
    }
  };
  void run();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
