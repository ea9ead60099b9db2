import { matches, type Stored } from './objects';

/** An object before and after a write. */
export interface Change {
  readonly version: number;
  /** Resource, with its group. */
  readonly group: string;
  readonly namespace?: string;
  readonly before?: Stored;
  readonly after?: Stored;
}

/** What a watch asks for. */
export interface WatchQuery {
  readonly group: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Version that the watcher knows already. */
  readonly since: number;
}

/** Every change, for those who watch. */
export class History {
  private readonly changes: Change[] = [];
  private readonly waiting = new Set<() => void>();
  private forgotten = 0;
  private round = 0;

  add(change: Change): void {
    this.changes.push(change);
    this.wake();
  }

  /** Answers watches from before a version with 410. */
  forgetBefore(version: number): void {
    this.forgotten = version;
  }

  /** Ends the watches that are open. */
  endWatches(): void {
    this.round += 1;
    this.wake();
  }

  /** Changes as a watch tells them, an event a line. */
  async *events({ group, namespace, labelSelector, since }: WatchQuery, signal: AbortSignal): AsyncGenerator<Buffer> {
    if (since < this.forgotten) {
      yield line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' });
      return;
    }
    const { round } = this;
    for (let index = 0; this.round === round; ) {
      signal.throwIfAborted();
      const change = this.changes[index];
      if (!change) {
        await this.news(signal);
        continue;
      }
      index += 1;
      const { before, after } = change;
      const [was, is] = [before, after].map((object) => object !== undefined && matches(labelSelector, object));
      const wanted = change.group === group && (namespace === undefined || namespace === change.namespace);
      if (change.version > since && wanted && (was || is)) {
        yield line(!was ? 'ADDED' : is ? 'MODIFIED' : 'DELETED', after ?? before);
      }
    }
  }

  /** Comes with the next change, or with the end of the watch. */
  private news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  private wake(): void {
    for (const done of [...this.waiting]) {
      done();
    }
  }
}

function line(type: string, object: unknown): Buffer {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}
