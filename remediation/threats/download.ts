import { type LookupAddress, lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import * as ipaddr from 'ipaddr.js';
import type { Feed, FeedLimits } from './configuration';

/**
 * Downloads a feed. The server is not trusted: redirects are refused, also those to a metadata service; a name must lead
 * to addresses on the Internet, or in `cidrs`; the body is not compressed, so its size is what arrives; and all of it
 * must be there within the time, however slowly it comes.
 *
 * @throws for anything but a whole answer of 200
 */
export async function download(
  { url, cidrs }: Pick<Feed, 'url' | 'cidrs'>,
  { bytes, seconds }: FeedLimits,
): Promise<string> {
  const signal = AbortSignal.timeout(seconds * 1000);
  const isAllowed = (address: string) => allows(address, cidrs);
  const { hostname, protocol } = new URL(url);
  const literal = hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) && !isAllowed(literal)) {
    throw new Error(`${literal} is not on the Internet: write cidrs`);
  }
  return new Promise((resolve, reject) => {
    const request = (protocol === 'https:' ? httpsRequest : httpRequest)(
      url,
      {
        signal,
        lookup: guarded(isAllowed),
        agent: false,
        headers: { 'accept-encoding': 'identity', 'user-agent': 'sightedit-monitoring' },
      },
      (response) => {
        const { statusCode, headers } = response;
        const encoding = headers['content-encoding'] ?? 'identity';
        if (statusCode !== 200 || encoding !== 'identity') {
          const where = headers.location === undefined ? '' : `, to ${JSON.stringify(headers.location.slice(0, 200))}`;
          reject(new Error(statusCode === 200 ? `it is compressed: ${encoding}` : `it answered ${statusCode}${where}`));
          request.destroy();
          return;
        }
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > bytes) {
            reject(new Error(`it is larger than ${bytes} bytes`));
            request.destroy();
          }
        });
        response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        response.on('error', reject);
      },
    );
    // Not once: a connection may fail again while it is destroyed.
    request.on('error', (error) =>
      reject(signal.aborted ? new Error(`it was not there within ${seconds} seconds`) : error),
    );
    request.end();
  });
}

/** Resolves a name, and refuses every address that is not allowed: the answer may change between two look-ups. */
function guarded(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const refused = addresses?.find(({ address }) => !isAllowed(address));
      if (error || refused || addresses.length === 0) {
        const why = refused ? `${hostname} leads to ${refused.address}, which is not on the Internet` : hostname;
        callback(error ?? new Error(why), []);
      } else if (options.all) {
        callback(null, addresses);
      } else {
        callback(null, addresses[0]!.address, addresses[0]!.family);
      }
    });
  };
}

function allows(address: string, cidrs: readonly string[] | undefined): boolean {
  const parsed = ipaddr.process(address);
  if (cidrs === undefined) {
    return parsed.range() === 'unicast';
  }
  return cidrs.some((cidr) => {
    const [network, bits] = ipaddr.parseCIDR(cidr);
    return network.kind() === parsed.kind() && parsed.match(network as never, bits);
  });
}
