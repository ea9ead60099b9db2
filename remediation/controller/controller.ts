import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../audit';
import { type KubernetesClient, RESOURCES, watchObjects } from '../kubernetes';
import { hasWork, KEYS, RecordMoved, type Remediation } from '../record';
import { giveUp, type Next, type StepProps, step, tellAgain } from './steps';

export interface ControllerProps extends StepProps {
  readonly client: KubernetesClient;
  readonly log: Log;
}

/** Steps that are taken at the same time. */
const CONCURRENCY = 8;
const RETRY_MS = [500, 2_000, 10_000] as const;
/** A request is not decided about any more when that has failed for this share of the time for which it is fresh. */
const GIVE_UP_SHARE = 1 / 3;
/** Whoever has ended a record tells humans and closes it within this many times the life of a lock. */
const CLOSING_LOCKS = 2;

/** Failures of a record in a row. */
interface Failures {
  readonly count: number;
  /** When the first was, in milliseconds of Unix time. */
  readonly since: number;
}

/**
 * Works on the records that are not finished. It keeps their names alone: what is to be done stands in the record, which
 * is read anew for every step, so nothing is lost with the process.
 */
export class Controller {
  private readonly waiting = new Set<string>();
  private readonly working = new Set<string>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly failures = new Map<string, Failures>();
  private readonly end = new AbortController();
  private watching: Promise<void> = Promise.resolve();
  private synced = false;

  constructor(private readonly props: ControllerProps) {}

  /** Whether the records could be read since the start. */
  get isSynced(): boolean {
    return this.synced;
  }

  start(): void {
    const { client, gates, log } = this.props;
    this.watching = watchObjects<Remediation>({
      client,
      resource: RESOURCES.remediations,
      namespace: gates.store.namespace,
      labelSelector: `${KEYS.open}=true`,
      onObject: ({ metadata }) => this.enqueue(metadata.name),
      onGone: ({ metadata }) => this.forget(metadata.name),
      onList: () => {
        this.synced = true;
      },
      onError: (error) => log('warn', `the records cannot be watched: ${error.message}`),
      signal: this.end.signal,
    });
  }

  /** Takes no new step, and waits for those that are being taken. */
  async stop(graceMs: number): Promise<void> {
    this.end.abort();
    for (const timer of this.timers.values()) {
      clearTimeout(timer);
    }
    await this.watching;
    const deadline = Date.now() + graceMs;
    while (this.working.size > 0 && Date.now() < deadline) {
      await sleep(50);
    }
  }

  private enqueue(name: string): void {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
    this.waiting.add(name);
    this.work();
  }

  private forget(name: string): void {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
    this.failures.delete(name);
  }

  private enqueueLater(name: string, milliseconds: number): void {
    if (!this.end.signal.aborted && !this.waiting.has(name)) {
      clearTimeout(this.timers.get(name));
      this.timers.set(
        name,
        setTimeout(() => this.enqueue(name), Math.min(milliseconds, MAX_TIMER_MS)),
      );
    }
  }

  private work(): void {
    for (const name of this.waiting) {
      if (this.end.signal.aborted || this.working.size >= CONCURRENCY) {
        return;
      }
      if (!this.working.has(name)) {
        this.waiting.delete(name);
        this.working.add(name);
        this.props.metrics.inFlight.set(this.working.size);
        void this.advance(name).finally(() => {
          this.working.delete(name);
          this.props.metrics.inFlight.set(this.working.size);
          this.work();
        });
      }
    }
  }

  private async advance(name: string): Promise<void> {
    try {
      const record = await this.props.gates.store.read(name);
      const next = record && (await this.advanceRecord(record));
      this.failures.delete(name);
      if (next !== undefined) {
        this.enqueueLater(name, next);
      }
    } catch (error) {
      const { count, since } = this.failures.get(name) ?? { count: 0, since: this.now() };
      this.failures.set(name, { count: count + 1, since });
      if (!(error instanceof RecordMoved)) {
        this.props.log('warn', `a step failed and is taken again: ${(error as Error).message}`, { record: name });
      }
      this.enqueueLater(name, RETRY_MS[Math.min(count, RETRY_MS.length - 1)]!);
    }
  }

  private async advanceRecord(record: Remediation): Promise<Next> {
    const { name } = record.metadata;
    if (!hasWork(record)) {
      return this.tidy(record);
    }
    try {
      return await step(record, this.props);
    } catch (error) {
      const { freshnessSeconds } = this.props.gates.limits;
      const failing = this.now() - (this.failures.get(name)?.since ?? this.now());
      if (error instanceof RecordMoved || failing < freshnessSeconds * 1000 * GIVE_UP_SHARE) {
        throw error;
      }
      const newest = await this.props.gates.store.read(name);
      if (newest) {
        await giveUp(newest, error as Error, this.props);
      }
      throw error;
    }
  }

  /** A record that is finished although its label says otherwise: somebody is closing it, or died before that. */
  private async tidy(record: Remediation): Promise<Next> {
    if (record.metadata.labels?.[KEYS.open] !== 'true') {
      return undefined;
    }
    const ended = Date.parse(record.status.transitions?.at(-1)?.time ?? '');
    const wait = ended + this.props.gates.limits.lockSeconds * 1000 * CLOSING_LOCKS - this.now();
    if (wait > 0) {
      return wait;
    }
    await tellAgain(record, this.props);
    return undefined;
  }

  private now(): number {
    return this.props.gates.tools.now().getTime();
  }
}

/** Timers of Node wait for 24 days at the most. */
const MAX_TIMER_MS = 86_400_000;
