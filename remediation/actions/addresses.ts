import { isIPv4, isIPv6 } from 'node:net';
import * as ipaddr from 'ipaddr.js';
import { ParameterError } from '../policy';
import { SkipError } from './action';

/** A range of addresses, in the one form that it is written in here: `192.0.2.7/32`, `2001:db8:0:1::/64`. */
export type Cidr = string;

export interface AddressGuard {
  /** Ranges of which nothing is blocked, in CIDR notation. */
  readonly neverBlock: readonly string[];
  /** Whether addresses for documentation, which belong to nobody, may be blocked. @default false */
  readonly rehearsal?: boolean;
}

/** An IPv6 address as long as they get, with an IPv4 address at its end. */
const LONGEST = 45;

/**
 * What is blocked for an address: the address itself, or the /64 that an IPv6 address is in, because a host is given one
 * and has as many addresses there as it likes.
 *
 * It is strict, because the address comes from a request: four decimal numbers or an IPv6 address and nothing else. Octal,
 * hexadecimal and shortened notations are read differently by different programs.
 *
 * @throws SkipError when it is no address, or none that may be blocked
 */
export function blockableCidr(text: string, guard: AddressGuard): Cidr {
  const address = parse(text);
  const kind = kindOf(address);
  if (kind !== 'unicast' && !(kind === 'documentation' && guard.rehearsal)) {
    throw refused(text, `is ${kind}: no client on the Internet has it`);
  }
  const network = networkOf(address);
  const range: Range = [network, address.kind() === 'ipv4' ? 32 : 64];
  const exempt = guard.neverBlock.find((other) => overlap(range, ipaddr.parseCIDR(other)));
  if (exempt) {
    throw refused(text, `is in ${exempt}, which is never blocked`);
  }
  return format(range);
}

/**
 * Checks ranges that are never blocked.
 *
 * @throws ParameterError for one that is no range
 */
export function checkRanges(parameter: string, ranges: readonly string[]): void {
  for (const range of ranges) {
    const [address = '', bits, ...rest] = range.split('/');
    const isRange = rest.length === 0 && (isIPv4(address) || isPlainIPv6(address)) && ipaddr.isValidCIDR(range);
    // An address is compared as IPv4 where it is one: with ::ffff:0:0/96 none would be.
    if (!isRange || bits === undefined || isMapped(address)) {
      throw new ParameterError(parameter, range, 'write a range such as 198.51.100.0/24 or 2001:db8::/32');
    }
  }
}

/** A range as it is written here, from any notation that is right: AWS writes IPv6 addresses in full. */
export function canonicalCidr(text: string): Cidr {
  return ipaddr.isValidCIDR(text) ? format(ipaddr.parseCIDR(text)) : text;
}

export function isIPv6Cidr(cidr: Cidr): boolean {
  return cidr.includes(':');
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

function parse(text: string): Address {
  if (text.length > LONGEST || !(isIPv4(text) || isPlainIPv6(text))) {
    throw refused(text, 'is no address');
  }
  // ::ffff:192.0.2.7 is how a server that listens on IPv6 sees a client of IPv4.
  return ipaddr.process(text);
}

/** Without a zone, which means something on one host alone. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function isMapped(address: string): boolean {
  return isIPv6(address) && ipaddr.IPv6.parse(address).isIPv4MappedAddress();
}

/** `unicast`, or why it is not an address of the Internet. */
function kindOf(address: Address): string {
  if (DOCUMENTATION.some((range) => overlap([address, address.toByteArray().length * 8], range))) {
    return 'documentation';
  }
  const kind = address.range();
  // Of IPv6, one eighth is given out so far; the rest is nobody's. https://www.iana.org/assignments/ipv6-address-space
  const given = address.kind() === 'ipv4' || overlap([address, 128], GLOBAL_UNICAST);
  return kind === 'unicast' && !given ? 'reserved' : kind;
}

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** RFC 5737, RFC 3849, RFC 9637. */
const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'].map((range) =>
  ipaddr.parseCIDR(range),
);

/** Whether one of two ranges is in the other. */
function overlap([one, bits]: Range, [other, otherBits]: Range): boolean {
  return one.kind() === other.kind() && one.match(other as never, Math.min(bits, otherBits));
}

/** The address, or the first of its /64. */
function networkOf(address: Address): Address {
  return address.kind() === 'ipv4' ? address : ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`);
}

function format([address, bits]: Range): Cidr {
  return `${address}/${bits}`;
}

function refused(text: string, why: string): SkipError {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return new SkipError('address-refused', `${JSON.stringify(shown)} ${why}`);
}
