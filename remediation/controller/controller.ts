import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../audit';
import { type KubernetesClient, RESOURCES, watchObjects } from '../kubernetes';
import { hasWork, KEYS, RecordMoved, type Remediation } from '../record';
import { type StepProps, step } from './steps';

export interface ControllerProps extends StepProps {
  readonly client: KubernetesClient;
  readonly log: Log;
}

/** Steps that are taken at the same time. */
const CONCURRENCY = 8;
const RETRY_MS = [500, 2_000, 10_000] as const;

/**
 * Works on the records that are not finished. It keeps their names alone: what is to be done stands in the record, which
 * is read anew for every step, so nothing is lost with the process.
 */
export class Controller {
  private readonly waiting = new Set<string>();
  private readonly working = new Set<string>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly failures = new Map<string, number>();
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
      const next = record && hasWork(record) ? await step(record, this.props) : await this.tidy(record);
      this.failures.delete(name);
      if (next !== undefined) {
        this.enqueueLater(name, next);
      }
    } catch (error) {
      const failures = this.failures.get(name) ?? 0;
      this.failures.set(name, failures + 1);
      if (!(error instanceof RecordMoved)) {
        this.props.log('warn', `a step failed and is taken again: ${(error as Error).message}`, { record: name });
      }
      this.enqueueLater(name, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!);
    }
  }

  /** A record that is finished although its label says otherwise: whoever finished it died in between. */
  private async tidy(record: Remediation | undefined): Promise<undefined> {
    if (record?.metadata.labels?.[KEYS.open] === 'true') {
      await this.props.gates.store.label(record);
    }
    return undefined;
  }
}

/** Timers of Node wait for 24 days at the most. */
const MAX_TIMER_MS = 86_400_000;
