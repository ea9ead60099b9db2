import * as ipaddr from 'ipaddr.js';
import { SettingError } from '../errors';

/**
 * Checks ranges of addresses.
 *
 * The list must not be empty: in a NetworkPolicy, no peer means every peer. The address must have no bits beyond the
 * prefix: newer API servers refuse those (https://kep.k8s.io/4858).
 *
 * @param cidrs `undefined` is accepted: a default applies
 * @throws SettingError
 */
export function checkCidrs(setting: string, cidrs: readonly string[] | undefined): void {
  if (cidrs?.length === 0) {
    throw new SettingError(setting, cidrs, 'name a range: an empty list would allow every address');
  }
  for (const cidr of cidrs ?? []) {
    const network = networkOf(cidr);
    if (network === undefined) {
      throw new SettingError(setting, cidr, 'write a range of addresses, e.g. 10.0.0.0/8');
    }
    if (network !== cidr.toLowerCase()) {
      throw new SettingError(setting, cidr, `write ${network}: the address has bits beyond the prefix`);
    }
  }
}

/** The range with the bits beyond the prefix cleared; `undefined` for what is no range. */
function networkOf(cidr: string): string | undefined {
  const [address = '', prefix = '', ...rest] = cidr.split('/');
  if (rest.length > 0 || !/^(0|[1-9]\d*)$/.test(prefix) || !isAddress(address) || !ipaddr.isValidCIDR(cidr)) {
    return undefined;
  }
  if (ipaddr.IPv4.isValid(address)) {
    return `${ipaddr.IPv4.networkAddressFromCIDR(cidr)}/${prefix}`;
  }
  const parsed = ipaddr.IPv6.parse(address);
  // The API server refuses IPv4 addresses in the form of IPv6.
  if (parsed.isIPv4MappedAddress()) {
    return undefined;
  }
  const network = ipaddr.IPv6.networkAddressFromCIDR(cidr);
  // IPv6 has several spellings of one address: keep the caller's if it is the network's.
  return network.toNormalizedString() === parsed.toNormalizedString()
    ? cidr.toLowerCase()
    : `${network.toRFC5952String()}/${prefix}`;
}

/** Whether a text is an IP address as Kubernetes writes it: no zone, no octal or shortened numbers. */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (ipaddr.IPv6.isValid(text) && !text.includes('%'));
}

/** The family of an address or a range. */
export function familyOf(cidr: string): 'IPv4' | 'IPv6' {
  return cidr.includes(':') ? 'IPv6' : 'IPv4';
}

/**
 * Checks the number of a port.
 *
 * @throws SettingError
 */
export function checkPort(setting: string, port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new SettingError(setting, port, 'write a port from 1 to 65535');
  }
}

/**
 * Checks the name of a host.
 *
 * @throws SettingError for a URL, an address with a port, and anything else that is no host
 */
export function checkHost(setting: string, host: string): void {
  if (!isAddress(host) && !/^[a-z0-9_]([-a-z0-9_.]*[a-z0-9])?\.?$/i.test(host)) {
    throw new SettingError(setting, host, 'write a host name or an address, without scheme, port and path');
  }
}

/** What egress to the Internet leaves out, as ipaddr.js calls it, and the host itself. */
const PRIVATE_RANGES = ['private', 'carrierGradeNat', 'linkLocal', 'loopback'];

/** Domains of the cluster's DNS. A name without a dot is a Service of the client's own namespace. */
const CLUSTER_NAMES = /(\.svc|\.cluster\.local|^[^.:]+)$/;

/**
 * Domains of private networks (RFC 6761, RFC 6762 appendix G, RFC 8375, and `.internal` of ICANN), and of databases
 * that have private addresses in their own network:
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
 */
const PRIVATE_DOMAINS = [
  'corp',
  'home',
  'home.arpa',
  'internal',
  'intranet',
  'lan',
  'local',
  'localhost',
  'private',
  'cache.amazonaws.com',
  'rds.amazonaws.com',
];

const SERVICE = 'a Service of the cluster';
const PRIVATE = 'a private address';

/**
 * Why egress to the Internet does not reach a host, as far as its name tells, e.g. `a private address`.
 *
 * @returns `undefined` for every other host
 */
export function privateHost(host: string): string | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (isAddress(name)) {
    const range = ipaddr.IPv4.isValid(name) ? ipaddr.IPv4.parse(name).range() : undefined;
    // Whether the rule for the Internet has IPv6 depends on the cluster.
    return range === undefined ? 'an IPv6 address' : PRIVATE_RANGES.includes(range) ? PRIVATE : undefined;
  }
  if (name !== 'localhost' && CLUSTER_NAMES.test(name)) {
    return SERVICE;
  }
  return PRIVATE_DOMAINS.some((domain) => `.${name}`.endsWith(`.${domain}`)) ? PRIVATE : undefined;
}

/** Whether a host is a Service of the cluster. */
export function isClusterHost(host: string): boolean {
  return privateHost(host) === SERVICE;
}

/**
 * Checks that a host can be reached: egress without ranges goes to the Internet only.
 *
 * @param setting the setting that holds the host
 * @param value what the caller wrote there
 * @param cidrs the ranges that the caller wrote beside it, in a setting called `cidrs`
 * @throws SettingError for a private host without ranges
 */
export function checkReachable(
  setting: string,
  value: string,
  host: string,
  cidrs: readonly string[] | undefined,
): void {
  const reason = cidrs === undefined ? privateHost(host) : undefined;
  if (reason === undefined) {
    return;
  }
  const workload = reason !== SERVICE ? '' : 'use ExternalWorkload or the endpoint of its component, or ';
  throw new SettingError(
    setting,
    value,
    `${host} is ${reason}, and only the Internet would be reached; ${workload}name its ranges in cidrs`,
  );
}

/**
 * Checks the protocol of an endpoint that a client connects to.
 *
 * @param setting the setting that holds the endpoint
 * @param schemes the protocols that the client speaks
 * @throws SettingError
 */
export function checkScheme(
  setting: string,
  { scheme, url }: { readonly scheme: string; readonly url: () => string },
  schemes: readonly string[],
): void {
  if (!schemes.includes(scheme)) {
    const allowed = schemes.join(', ').replace(/, (?!.*, )/, ' or ');
    throw new SettingError(setting, url(), `the scheme of the endpoint must be ${allowed}`);
  }
}
