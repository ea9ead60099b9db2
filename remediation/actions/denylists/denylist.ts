import type { Clients } from '../action';
import type { Cidr } from '../addresses';

/** A list of blocked address ranges. */
export interface Denylist {
  /**
   * Blocks a range. One that is already blocked keeps its present expiry.
   *
   * @param seconds time after which it expires, where the list supports that
   * @returns whether it was not blocked before
   */
  block(cidr: Cidr, seconds: number): Promise<boolean>;
  isBlocked(cidr: Cidr): Promise<boolean>;
  /**
   * Unblocks a range.
   *
   * @returns whether it was blocked
   */
  unblock(cidr: Cidr): Promise<boolean>;
  /** Every blocked range. Empty for a list whose entries expire by themselves. */
  entries(): Promise<readonly Cidr[]>;
  /** Number of blocked ranges. It may stop counting at `limit`. */
  count(limit: number): Promise<number>;
}

/** What a denylist uses during an attempt. */
export interface DenylistContext {
  readonly clients: Clients;
  /** Name of the record that blocks or unblocks a range. */
  readonly record: string;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}
