interface Waiting {
  readonly size: number;
  readonly start: () => void;
}

/**
 * Limits how much runs at the same time. What does not fit waits in order. Node's `Agent` has a queue too, but a
 * request stays in it after it was aborted: clients that come and go would fill the memory.
 */
export class Slots {
  private readonly waiting = new Set<Waiting>();
  private free: number;

  /** @param count largest sum of the sizes that run at the same time, 1 or more */
  constructor(private readonly count: number) {
    this.free = count;
  }

  /** How many wait. */
  get queued(): number {
    return this.waiting.size;
  }

  /**
   * Waits for slots.
   *
   * @param size number of slots; more than there are count as all of them
   * @returns a function that gives them back
   * @throws the reason of `signal`, when it aborts first
   */
  async take(signal: AbortSignal, size = 1): Promise<() => void> {
    signal.throwIfAborted();
    const taken = Math.min(size, this.count);
    // Nobody overtakes those who wait: a large task would never start.
    if (this.waiting.size === 0 && taken <= this.free) {
      this.free -= taken;
    } else {
      await this.turn(signal, taken);
    }
    let isHeld = true;
    return () => {
      if (isHeld) {
        isHeld = false;
        this.free += taken;
        this.startNext();
      }
    };
  }

  private turn(signal: AbortSignal, size: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const entry = { size, start };
      const leave = () => {
        this.waiting.delete(entry);
        reject(signal.reason);
        // It may have held back smaller ones.
        this.startNext();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.add(entry);
    });
  }

  private startNext(): void {
    for (const entry of this.waiting) {
      if (entry.size > this.free) {
        return;
      }
      this.free -= entry.size;
      this.waiting.delete(entry);
      entry.start();
    }
  }
}
