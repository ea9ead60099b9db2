import * as ipaddr from 'ipaddr.js';
import { isAddress, kindOf } from '../actions/addresses';
import type { ThreatLevel } from './levels';

/** Widest range that a feed may name. `0.0.0.0/0` in one would make every client a threat. */
const WIDEST = { ipv4: 8, ipv6: 20 } as const;

const BITS = { ipv4: 32, ipv6: 128 } as const;

/** Why an entry is not used. `invalid` is no range; the others are ranges that say nothing about a client. */
export type Rejection = 'invalid' | 'not-public' | 'too-wide';

/**
 * A range in canonical form, e.g. `198.51.100.7/32`.
 *
 * @param entry an address or a range
 */
export function acceptedRange(entry: string): { readonly range: string } | { readonly rejected: Rejection } {
  const [address = '', bits, ...rest] = entry.split('/');
  // Four decimal numbers, or IPv6: programs disagree about every other notation.
  if (!isAddress(address) || rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) {
    return { rejected: 'invalid' };
  }
  const parsed = ipaddr.parse(address);
  const prefix = bits === undefined ? BITS[parsed.kind()] : Number(bits);
  if (prefix > BITS[parsed.kind()]) {
    return { rejected: 'invalid' };
  }
  if (prefix < WIDEST[parsed.kind()]) {
    return { rejected: 'too-wide' };
  }
  const [network, last] = endsOf(parsed, prefix);
  const isPublic = [network, last].every((end) => PUBLIC.includes(kindOf(end))) && !holdsOther(network, prefix);
  return isPublic ? { range: `${network}/${prefix}` } : { rejected: 'not-public' };
}

/** Nobody has the addresses for documentation: they serve rehearsals. */
const PUBLIC: readonly string[] = ['unicast', 'documentation'];

/** Ranges inside larger public ones: 172.0.0.0/8 begins and ends with a public address. */
const INNER = ['100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'].map((range) =>
  ipaddr.IPv4.parseCIDR(range),
);

function holdsOther(network: Address, prefix: number): boolean {
  return INNER.some(
    ([inner, bits]) => inner.kind() === network.kind() && bits >= prefix && inner.match(network as ipaddr.IPv4, prefix),
  );
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function endsOf(address: Address, prefix: number): [Address, Address] {
  const cidr = `${address}/${prefix}`;
  return address.kind() === 'ipv4'
    ? [ipaddr.IPv4.networkAddressFromCIDR(cidr), ipaddr.IPv4.broadcastAddressFromCIDR(cidr)]
    : [ipaddr.IPv6.networkAddressFromCIDR(cidr), ipaddr.IPv6.broadcastAddressFromCIDR(cidr)];
}

/** The ranges of one feed. A lookup takes one step for each length of prefix. */
export class Ranges {
  /** Networks by kind of address and length of prefix, e.g. `ipv4/24`. */
  private readonly networks = new Map<string, Set<bigint>>();

  /** @param ranges in the form of `acceptedRange()` */
  constructor(
    ranges: readonly string[],
    readonly level: ThreatLevel,
  ) {
    for (const range of ranges) {
      const [address, prefix] = ipaddr.parseCIDR(range);
      const key = `${address.kind()}/${prefix}`;
      const known = this.networks.get(key) ?? new Set();
      known.add(numberOf(address) >> BigInt(BITS[address.kind()] - prefix));
      this.networks.set(key, known);
    }
  }

  /** Whether a range holds the address. */
  has(address: string): boolean {
    const parsed = ipaddr.process(address);
    const value = numberOf(parsed);
    return [...this.networks].some(([key, networks]) => {
      const [kind, prefix] = key.split('/');
      return kind === parsed.kind() && networks.has(value >> BigInt(BITS[parsed.kind()] - Number(prefix)));
    });
  }
}

function numberOf(address: Address): bigint {
  return BigInt(
    `0x${address
      .toByteArray()
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')}`,
  );
}
