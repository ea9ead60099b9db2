import type { Clients } from '../action';
import type { Cidr } from '../addresses';

/** A place where addresses are kept out. */
export interface Denylist {
  /**
   * Keeps an address out. One that is kept out already stays so, no longer than before.
   *
   * @param seconds time after which it is free again, where the place keeps it
   * @returns whether it was not kept out before
   */
  block(cidr: Cidr, seconds: number): Promise<boolean>;
  isBlocked(cidr: Cidr): Promise<boolean>;
  /**
   * Lets an address in again.
   *
   * @returns whether it was kept out
   */
  unblock(cidr: Cidr): Promise<boolean>;
  /** How many addresses are kept out; it may stop counting at a limit. */
  count(limit: number): Promise<number>;
}

/** What a denylist works with in a run. */
export interface DenylistContext {
  readonly tools: Clients;
  /** Name of the record on whose behalf an address is kept out. */
  readonly record: string;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}
