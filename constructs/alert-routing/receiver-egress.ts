import type { Receiver } from '../../formats/alertmanager';
import { type Destination, Endpoint, httpUrl, SettingError } from '../kit';
import { isClusterHost, privateHost } from '../kit/checks';
import { serverOf } from '../kit/url';
import { HOST_AND_PORT } from './alert-routing-checks';

/** What the lists of a receiver have in common. */
interface Notifier {
  readonly url?: string;
  readonly api_url?: string;
  readonly smarthost?: string;
  readonly http_config?: { readonly proxy_url?: string };
}

/**
 * Where a receiver sends its notifications. Alertmanager reaches a service whose URL is not in the configuration by
 * HTTPS on port 443. Services of the cluster are left out: `connectTo()` opens the way to them.
 *
 * @param privateReceivers ranges that are open already
 * @throws SettingError for a private address without such ranges
 */
export function destinationsOf(
  receiver: Omit<Receiver, 'name'>,
  privateReceivers: readonly unknown[] = [],
): readonly Destination[] {
  return Object.entries(receiver)
    .filter(([name]) => name.endsWith('_configs'))
    .flatMap(([, notifiers = []]) => (notifiers as readonly Notifier[]).map(addressOf))
    .flatMap((address) => {
      if (address === undefined) {
        return Endpoint.anyHost();
      }
      const { host, port, value } = address;
      const reason = privateHost(host);
      if (reason === undefined) {
        return Endpoint.anyHost(port);
      }
      if (!isClusterHost(host) && privateReceivers.length === 0) {
        throw new SettingError('receiver', value, `${host} is ${reason}; name its ranges in privateReceivers`);
      }
      return [];
    });
}

/** `undefined` for a service whose address is its default, or in a Secret. */
function addressOf({ url, api_url, smarthost, http_config }: Notifier) {
  const [, bracketed, name, port] = HOST_AND_PORT.exec(smarthost ?? '') ?? [];
  const host = bracketed ?? name;
  if (host !== undefined) {
    return { host, port: Number(port), value: smarthost };
  }
  const value = http_config?.proxy_url ?? url ?? api_url;
  // Templates are filled in when the notification is sent.
  return value === undefined || value.includes('{{')
    ? undefined
    : { ...serverOf(httpUrl('receiver', value, 'https://hooks.example.com/alerts')), value };
}
