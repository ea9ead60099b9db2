import type { Receiver } from '../../formats/alertmanager';
import { type Destination, Endpoint } from '../kit';

/** What the lists of a receiver have in common. */
interface Notifier {
  readonly url?: string;
  readonly api_url?: string;
  readonly smarthost?: string;
  readonly http_config?: { readonly proxy_url?: string };
}

/**
 * Where a receiver sends its notifications. Alertmanager reaches a service whose URL is not in the configuration by
 * HTTPS on port 443. Hosts in the cluster are left out: `connectTo()` opens the way to them.
 */
export function destinationsOf(receiver: Omit<Receiver, 'name'>): readonly Destination[] {
  return Object.entries(receiver)
    .filter(([name]) => name.endsWith('_configs'))
    .flatMap(([, notifiers]) => (notifiers as readonly Notifier[]).flatMap(destinationOf));
}

function destinationOf({ url, api_url, smarthost, http_config }: Notifier): Destination | [] {
  const [, host, port] = /^([^:]+):(\d+)$/.exec(smarthost ?? '') ?? [];
  if (host !== undefined) {
    return isInCluster(host) ? [] : Endpoint.host(host, Number(port), 'smtp');
  }
  const address = http_config?.proxy_url ?? url ?? api_url;
  // Templates are filled in when the notification is sent.
  if (address === undefined || address.includes('{{')) {
    return Endpoint.anyHost();
  }
  return isInCluster(new URL(address).hostname) ? [] : Endpoint.url(address);
}

/** `webhook`, `webhook.orders`, `webhook.orders.svc`, `webhook.orders.svc.cluster.local`. */
function isInCluster(host: string): boolean {
  return !host.includes('.') || /\.svc(\.|$)/.test(host);
}
