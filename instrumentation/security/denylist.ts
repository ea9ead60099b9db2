import * as ipaddr from 'ipaddr.js';
import { Recent } from './recent';
import type { SharedState } from './shared-state';

/** Settings of the denylist. */
export interface DenylistOptions {
  /** Beginning of the keys, as in the remediation policy `block-address`. @default denylist: */
  readonly keyPrefix?: string;
  /** Seconds for which an answer of Redis holds. @default 1 */
  readonly cacheSeconds?: number;
}

/**
 * Lengths of the prefixes that are looked up. The remediation webhook writes `/32` and `/64`. The others are for ranges
 * that people block by hand.
 */
const PREFIXES = { ipv4: [32, 24, 16, 8], ipv6: [128, 64, 56, 48, 32] } as const;

/** The keys under which an address can be blocked, e.g. `denylist:192.0.2.7/32`. */
export function denylistKeys(address: string, keyPrefix = 'denylist:'): readonly string[] {
  if (!ipaddr.isValid(address)) {
    return [];
  }
  const parsed = ipaddr.process(address);
  return PREFIXES[parsed.kind()].map((length) => {
    const family = parsed.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
    const range = family.networkAddressFromCIDR(`${parsed.toString()}/${length}`);
    return `${keyPrefix}${range}/${length}`;
  });
}

/** The denylist that the remediation webhook writes into Redis. */
export class Denylist {
  private readonly answers: Recent<boolean>;

  constructor(
    private readonly state: SharedState,
    private readonly options: DenylistOptions,
    private readonly onUnavailable: () => void,
    now: () => number,
  ) {
    this.answers = new Recent(10_000, now);
  }

  /** Whether an address is blocked. False while Redis does not answer: a denylist must not lock everybody out. */
  async blocks(address: string): Promise<boolean> {
    const { keyPrefix, cacheSeconds = 1 } = this.options;
    const known = this.answers.get(address);
    if (known !== undefined) {
      return known;
    }
    const keys = denylistKeys(address, keyPrefix);
    const found = keys.length > 0 ? await this.state.ask((redis) => redis.exists(...keys)) : 0;
    if (found === undefined) {
      this.onUnavailable();
      return false;
    }
    this.answers.set(address, found > 0, cacheSeconds);
    return found > 0;
  }
}
