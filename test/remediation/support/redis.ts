import type { Cache } from '../../../remediation/clients';

/** The commands of Redis that actions use, with keys in memory. Its expiries do not come. */
export class MemoryRedis {
  /** Keys with their values, in the order in which SCAN yields them. */
  readonly keys = new Map<string, string>();
  /** Commands that were sent, with their arguments. */
  readonly sent: (readonly unknown[])[] = [];
  /** How Redis says that it runs: in a cluster or not. */
  hello: unknown = ['server', 'redis', 'mode', 'standalone'];
  /** Is called before each command; what it throws is the answer. */
  before: (command: string) => void = () => {};

  /** The client that actions are given. */
  get client(): Cache {
    return this as unknown as Cache;
  }

  async scan(cursor: string, ...args: readonly unknown[]): Promise<[string, string[]]> {
    this.send('SCAN', cursor, ...args);
    const [, pattern, , count] = args as [string, string, string, number];
    const all = [...this.keys.keys()];
    const next = Number(cursor) + count;
    const prefix = pattern.replace(/\*$/, '').replace(/\\(.)/g, '$1');
    const found = all.slice(Number(cursor), next).filter((key) => key.startsWith(prefix));
    return [next < all.length ? String(next) : '0', found];
  }

  async unlink(...keys: readonly string[]): Promise<number> {
    this.send('UNLINK', ...keys);
    if (keys.length === 0) {
      throw new Error("ERR wrong number of arguments for 'unlink' command");
    }
    return keys.filter((key) => this.keys.delete(key)).length;
  }

  async get(key: string): Promise<string | null> {
    this.send('GET', key);
    return this.keys.get(key) ?? null;
  }

  async exists(key: string): Promise<number> {
    this.send('EXISTS', key);
    return this.keys.has(key) ? 1 : 0;
  }

  async set(key: string, value: string, ...options: readonly unknown[]): Promise<'OK' | null> {
    this.send('SET', key, value, ...options);
    if (options.includes('NX') && this.keys.has(key)) {
      return null;
    }
    this.keys.set(key, value);
    return 'OK';
  }

  /** HELLO, and the script that compares and sets. */
  async call(command: string, ...args: readonly unknown[]): Promise<unknown> {
    this.send(command, ...args);
    if (command === 'HELLO') {
      return this.hello;
    }
    const [, , key, from, to] = args as [string, number, string, string, string];
    if ((this.keys.get(key) ?? '0') !== from) {
      return 0;
    }
    this.keys.set(key, to);
    return 1;
  }

  private send(...command: readonly [string, ...unknown[]]): void {
    this.before(command[0]);
    this.sent.push(command);
  }
}
