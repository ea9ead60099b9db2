import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import * as ipaddr from 'ipaddr.js';

/** What this library reads of a request to find its client. */
export interface AddressedRequest {
  /** Headers of the request. */
  readonly headers: IncomingHttpHeaders;
  /** The connection. */
  readonly socket: {
    /** Address of the other end. */
    readonly remoteAddress?: string;
  };
}

/**
 * The address of the client, as the outermost trusted proxy saw it. Each proxy appends the address that it was called
 * from to `X-Forwarded-For`. Everything further left is the client's own claim.
 *
 * @param trustedProxies number of proxies in front of the service that append to the header: 1 for a load balancer, 0
 * to ignore the header
 * @returns undefined when the connection is already closed and the header says nothing
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
 */
export function clientAddress(request: AddressedRequest, trustedProxies: number): string | undefined {
  const header = request.headers['x-forwarded-for'];
  const entries = trustedProxies > 0 ? lastEntries(header, trustedProxies) : [];
  const seen = entries.length < trustedProxies ? undefined : addressIn(entries[0] ?? '');
  return seen ?? addressIn(request.socket.remoteAddress ?? '');
}

/** The last entries of the header, however long it is. */
function lastEntries(header: string | readonly string[] | undefined, count: number): readonly string[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(',');
  // An entry has at most 47 characters: an IPv6 address in brackets with a port.
  const end = text.slice(-64 * count);
  return end.split(',').slice(-count);
}

/** A normalized address without brackets, port and zone. An IPv4 address in IPv6 is written as IPv4. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  const bare = /^\[([^\]]{1,60})\](?::\d{1,5})?$/.exec(text)?.[1] ?? text.replace(/^([\d.]{7,15}):\d{1,5}$/, '$1');
  const address = bare.split('%')[0]!;
  return isIP(address) === 0 ? undefined : ipaddr.process(address).toString();
}
