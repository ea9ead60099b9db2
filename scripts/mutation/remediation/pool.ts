import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Job, Outcome } from './worker';

/** Timeout of a job, in milliseconds: a mutant can loop forever. */
const TIMEOUT_MS = 60_000;
/** Jobs after which a process is replaced: Jest leaks some memory with each. */
const JOBS = 150;

/**
 * Runs jobs in processes that stay warm.
 *
 * @param done receives the outcome of each job. A job whose process ends twice, or is killed
 * twice after its timeout, has failed.
 */
export async function doJobs<J extends Job>(
  jobs: readonly J[],
  done: (job: J, outcome: Outcome) => void,
): Promise<void> {
  const queue = [...jobs];
  const work = async () => {
    let worker: ChildProcess | undefined;
    let count = 0;
    try {
      for (let job = queue.shift(); job; job = queue.shift()) {
        worker ??= start();
        let outcome = await send(worker, job);
        if (outcome.failed === ENDED) {
          // Once more, in case the machine was busy.
          worker = start();
          outcome = await send(worker, job);
        }
        count += 1;
        if (outcome.failed === ENDED || count % JOBS === 0) {
          worker.kill('SIGKILL');
          worker = undefined;
        }
        done(job, outcome);
      }
    } finally {
      // An error of `done` ends the other processes, too.
      queue.length = 0;
      worker?.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work));
}

const ENDED = 'the process';

function start(): ChildProcess {
  const stdio: ['ignore', 'ignore', 'ignore', 'ipc'] = ['ignore', 'ignore', 'ignore', 'ipc'];
  return fork(join(__dirname, 'worker.ts'), { execArgv: ['--import', 'tsx'], stdio });
}

function send(worker: ChildProcess, job: Job): Promise<Outcome> {
  return new Promise((resolve) => {
    const finish = (outcome: Outcome) => {
      clearTimeout(timer);
      worker.removeAllListeners('message').removeAllListeners('exit');
      resolve(outcome);
    };
    const ended = () => finish({ seconds: 0, failed: ENDED, message: 'the process ended' });
    const timer = setTimeout(() => {
      worker.kill('SIGKILL');
    }, TIMEOUT_MS);
    worker.once('message', finish).once('exit', ended).send(job);
  });
}
