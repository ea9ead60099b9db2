import { isIPv4, isIPv6 } from 'node:net';
import * as ipaddr from 'ipaddr.js';
import * as v from 'valibot';
import { SkipError } from './action';
import { WELL_KNOWN } from './well-known';

/** A range of addresses in canonical form: `192.0.2.7/32`, `2001:db8:0:1::/64`. */
export type Cidr = string;

/** Which addresses may be blocked. */
export interface AddressRules {
  /** Ranges that are never blocked, in CIDR notation. */
  readonly neverBlock: readonly string[];
  /** Public addresses of the load balancers, in CIDR notation, which are never blocked either. @default - none */
  readonly loadBalancers?: readonly string[];
  /** Whether addresses for documentation, which nobody uses, may be blocked. @default false */
  readonly rehearsal?: boolean;
}

/** Longest text of an IPv6 address, with an IPv4 address at its end (INET6_ADDRSTRLEN - 1). */
const LONGEST = 45;

/**
 * The range to block for an address: the IPv4 address itself, or the /64 of an IPv6 address, because a host usually
 * gets a whole /64 and can change its address within it.
 *
 * The parser is strict, because the address comes from a request: four decimal numbers, or an IPv6 address. Programs
 * disagree about octal, hexadecimal and shortened notations.
 *
 * @throws SkipError when the text is no address, or one that may not be blocked
 */
export function blockableCidr(text: string, rules: AddressRules): Cidr {
  const address = parse(text);
  const kind = kindOf(address);
  if (kind !== 'unicast' && !(kind === 'documentation' && rules.rehearsal)) {
    throw rejected(text, `is ${kind}: no client on the Internet has it`);
  }
  const range = rangeOf(address);
  const never = [...rules.neverBlock, ...(rules.loadBalancers ?? []), ...WELL_KNOWN];
  const exempt = never.find((other) => overlap(range, ipaddr.parseCIDR(other)));
  if (exempt) {
    throw rejected(text, `is in ${exempt}, which is never blocked`);
  }
  return format(range);
}

/**
 * The range of an address, whether it may be blocked or not.
 *
 * @returns `undefined` when the text is no address
 */
export function cidrOf(text: string): Cidr | undefined {
  return isAddress(text) ? format(rangeOf(ipaddr.process(text))) : undefined;
}

/** A range in CIDR notation. */
export const cidr = v.pipe(v.string(), v.check(isCidr, 'write a range such as 198.51.100.0/24 or 2001:db8::/32'));

function isCidr(range: string): boolean {
  const [address = '', bits, ...rest] = range.split('/');
  const isRange = rest.length === 0 && (isIPv4(address) || isPlainIPv6(address)) && ipaddr.isValidCIDR(range);
  // IPv4-mapped addresses are compared as IPv4, so a range of them would match nothing.
  return isRange && bits !== undefined && !isMapped(address);
}

/** The canonical form of a range in any valid notation: AWS, for example, writes IPv6 addresses in full. */
export function canonicalCidr(text: string): Cidr {
  return ipaddr.isValidCIDR(text) ? format(ipaddr.parseCIDR(text)) : text;
}

export function isIPv6Cidr(cidr: Cidr): boolean {
  return cidr.includes(':');
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/** Four decimal numbers, or an IPv6 address without a zone. */
export function isAddress(text: string): boolean {
  return text.length <= LONGEST && (isIPv4(text) || isPlainIPv6(text));
}

function parse(text: string): Address {
  if (!isAddress(text)) {
    throw rejected(text, 'is no address');
  }
  // A server that listens on IPv6 sees an IPv4 client as ::ffff:192.0.2.7.
  return ipaddr.process(text);
}

/** An IPv6 address without a zone: zones have a meaning only on their own host. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function isMapped(address: string): boolean {
  return isIPv6(address) && ipaddr.IPv6.parse(address).isIPv4MappedAddress();
}

/** `unicast`, or the kind of an address that no client on the Internet has. */
export function kindOf(address: Address): string {
  if (DOCUMENTATION.some((range) => overlap([address, address.toByteArray().length * 8], range))) {
    return 'documentation';
  }
  const kind = address.range();
  // Only one eighth of IPv6 is allocated so far. https://www.iana.org/assignments/ipv6-address-space
  const allocated = address.kind() === 'ipv4' || overlap([address, 128], GLOBAL_UNICAST);
  return kind === 'unicast' && !allocated ? 'reserved' : kind;
}

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Documentation ranges: RFC 5737, RFC 3849, RFC 9637. */
const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'].map((range) =>
  ipaddr.parseCIDR(range),
);

/** Whether one of two ranges contains the other. */
function overlap([one, bits]: Range, [other, otherBits]: Range): boolean {
  return one.kind() === other.kind() && one.match(other as never, Math.min(bits, otherBits));
}

/** The range that is blocked for an address. */
function rangeOf(address: Address): Range {
  return [networkOf(address), address.kind() === 'ipv4' ? 32 : 64];
}

/** The IPv4 address, or the first address of the /64. */
function networkOf(address: Address): Address {
  return address.kind() === 'ipv4' ? address : ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`);
}

function format([address, bits]: Range): Cidr {
  return `${address}/${bits}`;
}

function rejected(text: string, why: string): SkipError {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return new SkipError('address-refused', `${JSON.stringify(shown)} ${why}`);
}
