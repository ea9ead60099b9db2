import { setTimeout as sleep } from 'node:timers/promises';
import { ACTIONS } from '../actions';
import type { Log } from '../audit';
import { type KubernetesApi, KubernetesError, watchObjects } from '../kubernetes';
import { hasWork, KEYS, lastTransitionAt, REMEDIATION, RecordMoved, type Remediation } from '../record';
import { Queue } from './queue';
import type { Next, StepProps } from './step-props';
import { failUndecided, reportAgain, step } from './steps';

export interface ControllerProps extends StepProps {
  readonly client: KubernetesApi;
  readonly log: Log;
}

const RETRY_MS = [500, 2_000, 10_000] as const;
/** A record that cannot be decided fails after this share of `freshnessSeconds`. */
const GIVE_UP_SHARE = 1 / 3;
/** A replica reports and closes a record that it ended within this many times `lockSeconds`. */
const CLOSING_LOCKS = 2;
/** Node fires timers of more than 2^31 ms at once. */
const MAX_TIMER_MS = 86_400_000;

/** Failures of a record in a row. */
interface Failures {
  readonly count: number;
  /** Time of the first, in milliseconds of Unix time. */
  readonly since: number;
}

/**
 * Works on the open records. It keeps only their names: each step reads the record from the API server, so nothing is
 * lost when the process ends.
 */
export class Controller {
  private readonly queue = new Queue(ACTIONS);
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly failures = new Map<string, Failures>();
  private readonly end = new AbortController();
  private watching: Promise<void> = Promise.resolve();
  private synced = false;

  constructor(private readonly props: ControllerProps) {}

  /** Whether the records have been listed since the start. */
  get isSynced(): boolean {
    return this.synced;
  }

  start(): void {
    const { client, context, log } = this.props;
    this.watching = watchObjects<Remediation>({
      client,
      resource: REMEDIATION,
      namespace: context.store.namespace,
      labelSelector: `${KEYS.open}=true`,
      onObject: ({ metadata: { name }, spec }) => {
        this.queue.know(name, this.props.policies.get(spec.policy)?.action);
        this.enqueue(name);
      },
      onGone: (record) => void this.forget(record),
      onList: () => {
        this.synced = true;
      },
      onError: (error) => {
        // The API server answers 429 for some seconds after the resource was defined, and nothing is wrong then.
        const level = error instanceof KubernetesError && error.isBusy ? 'info' : 'warn';
        log(level, `watching the records failed and will be retried: ${error.message}`);
      },
      signal: this.end.signal,
    });
  }

  /** Starts no new step, and waits up to `graceMs` for the running ones. */
  async stop(graceMs: number): Promise<void> {
    this.end.abort();
    for (const timer of this.timers.values()) {
      clearTimeout(timer);
    }
    await this.watching;
    const deadline = Date.now() + graceMs;
    while (this.queue.runningCount > 0 && Date.now() < deadline) {
      await sleep(50);
    }
  }

  private enqueue(name: string): void {
    this.cancelTimer(name);
    this.queue.add(name);
    this.work();
  }

  /** A record was closed or deleted, or others have removed its label although work is left. */
  private async forget(gone: Remediation): Promise<void> {
    const { name } = gone.metadata;
    this.cancelTimer(name);
    this.failures.delete(name);
    this.queue.forget(name);
    if (!hasWork(gone)) {
      return;
    }
    const { store } = this.props.context;
    try {
      const record = await store.read(name);
      if (!record) {
        this.props.log('warn', 'a record with work left was deleted', { record: name });
      } else if (hasWork(record) && record.metadata.labels?.[KEYS.open] !== 'true') {
        this.props.log('warn', 'the label open of a record with work left was removed: it is set again', {
          record: name,
        });
        await store.label(record);
      }
    } catch (error) {
      // Housekeeping sets missing labels too.
      this.props.log('warn', `a record could not be opened again: ${(error as Error).message}`, { record: name });
    }
  }

  private cancelTimer(name: string): void {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }

  private enqueueLater(name: string, milliseconds: number): void {
    if (!this.end.signal.aborted && !this.queue.has(name)) {
      this.timers.set(
        name,
        setTimeout(() => this.enqueue(name), Math.min(milliseconds, MAX_TIMER_MS)),
      );
    }
  }

  private work(): void {
    while (!this.end.signal.aborted) {
      const name = this.queue.start();
      if (name === undefined) {
        return;
      }
      this.props.metrics.inFlight.set(this.queue.runningCount);
      void this.advance(name).finally(() => {
        this.queue.end(name);
        this.props.metrics.inFlight.set(this.queue.runningCount);
        this.work();
      });
    }
  }

  private async advance(name: string): Promise<void> {
    try {
      const record = await this.props.context.store.read(name);
      const next = record && (await this.advanceRecord(record));
      this.failures.delete(name);
      if (next !== undefined) {
        this.enqueueLater(name, next);
      }
    } catch (error) {
      const { count, since } = this.failures.get(name) ?? { count: 0, since: this.now() };
      this.failures.set(name, { count: count + 1, since });
      if (!(error instanceof RecordMoved)) {
        this.props.log('warn', `a step failed and will be retried: ${(error as Error).message}`, { record: name });
      }
      this.enqueueLater(name, RETRY_MS[Math.min(count, RETRY_MS.length - 1)]!);
    }
  }

  private async advanceRecord(record: Remediation): Promise<Next> {
    const { name } = record.metadata;
    const { store, limits } = this.props.context;
    if (!hasWork(record)) {
      return this.closeLater(record);
    }
    try {
      return await step(record, this.props);
    } catch (error) {
      const failing = this.now() - (this.failures.get(name)?.since ?? this.now());
      if (error instanceof RecordMoved || failing < limits.freshnessSeconds * 1000 * GIVE_UP_SHARE) {
        throw error;
      }
      const newest = await store.read(name);
      if (newest) {
        await failUndecided(newest, error as Error, this.props);
      }
      throw error;
    }
  }

  /** A record with no work left is still labelled open: its replica is closing it, or died before it could. */
  private async closeLater(record: Remediation): Promise<Next> {
    if (record.metadata.labels?.[KEYS.open] !== 'true') {
      return undefined;
    }
    const patience = this.props.context.limits.lockSeconds * 1000 * CLOSING_LOCKS;
    const wait = lastTransitionAt(record) + patience - this.now();
    if (wait > 0) {
      // Clocks differ, and times in records can be wrong.
      return Math.min(wait, patience);
    }
    await reportAgain(record, this.props);
    return undefined;
  }

  private now(): number {
    return this.props.context.clients.now().getTime();
  }
}
