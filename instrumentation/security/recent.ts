/** A map that forgets its oldest entries, so that input cannot fill the memory. */
export class Recent<Value> {
  private readonly entries = new Map<string, { readonly value: Value; readonly until: number }>();

  /** @param most entries that are kept at the same time */
  constructor(
    private readonly most: number,
    private readonly now: () => number,
  ) {}

  /** The value of a key, until it expires. */
  get(key: string): Value | undefined {
    const entry = this.entries.get(key);
    if (entry && entry.until <= this.now()) {
      this.entries.delete(key);
      return undefined;
    }
    return entry?.value;
  }

  /** Stores a value for some seconds. */
  set(key: string, value: Value, seconds: number): void {
    this.store(key, value, this.now() + seconds * 1000);
  }

  /** Changes a value. A key that exists keeps its expiry. */
  change(key: string, value: Value, seconds: number): void {
    const expires = this.get(key) === undefined ? undefined : this.entries.get(key)?.until;
    this.store(key, value, expires ?? this.now() + seconds * 1000);
  }

  private store(key: string, value: Value, until: number): void {
    this.entries.delete(key);
    this.entries.set(key, { value, until });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.most) {
        break;
      }
      this.entries.delete(oldest);
    }
  }
}
