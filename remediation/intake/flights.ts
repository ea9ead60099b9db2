/** Too many tasks run already. */
export class TooManyFlights extends Error {
  override readonly name = 'TooManyFlights';
}

interface Flight<T> {
  readonly result: Promise<T>;
  readonly end: AbortController;
  /** Callers that wait for the result. */
  waiting: number;
}

/** Tasks that callers with the same key share. A task whose callers have all left is aborted. */
export class Flights<T> {
  private readonly flights = new Map<string, Flight<T>>();

  /** @param limit largest number of tasks at the same time, 1 or more */
  constructor(private readonly limit: number) {}

  /**
   * Waits for the task of a key, and starts it unless it runs already.
   *
   * @throws TooManyFlights when it would have to start and as many tasks as allowed run already
   * @throws the reason of `signal`, when it aborts first
   */
  async join(key: string, signal: AbortSignal | undefined, work: (end: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const flight = this.flights.get(key) ?? this.start(key, work);
    flight.waiting += 1;
    let leave = () => {};
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal?.reason);
      signal?.addEventListener('abort', leave, { once: true });
    });
    try {
      return await Promise.race([flight.result, left]);
    } finally {
      signal?.removeEventListener('abort', leave);
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        this.forget(key, flight);
        flight.end.abort();
      }
    }
  }

  private start(key: string, work: (end: AbortSignal) => Promise<T>): Flight<T> {
    if (this.flights.size >= this.limit) {
      throw new TooManyFlights(`${this.limit} requests are in flight`);
    }
    const end = new AbortController();
    const flight: Flight<T> = { result: work(end.signal), end, waiting: 0 };
    this.flights.set(key, flight);
    // The callers handle the result. Without any, a failure must not end the process.
    flight.result.catch(() => {}).finally(() => this.forget(key, flight));
    return flight;
  }

  private forget(key: string, flight: Flight<T>): void {
    if (this.flights.get(key) === flight) {
      this.flights.delete(key);
    }
  }
}
