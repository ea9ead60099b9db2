import { type Component, Endpoint, httpUrl } from '../kit';
import { privateHost } from '../kit/checks';
import { serverOf } from '../kit/url';
import type { PrometheusSettings } from './prometheus-config';

/** Opens the way to the servers of `config.remote_read`. You open the way to private hosts, whose ranges you know. */
export function allowRemoteReads(component: Component, { remote_read = [] }: PrometheusSettings): void {
  for (const { url } of remote_read) {
    const { host } = serverOf(httpUrl('config.remote_read.url', url, 'https://mimir.example.com/api/v1/read'));
    if (privateHost(host) === undefined) {
      component.allowEgressTo(Endpoint.url(url));
    }
  }
}
