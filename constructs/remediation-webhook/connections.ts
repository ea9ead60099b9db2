import type { Configuration } from '../../remediation/configuration';
import type { Component, Connection, Endpoint } from '../kit';
import { checkScheme } from '../kit/checks';
import { HTTP_SCHEMES } from './remediation-webhook-checks';
import type { WebhookLoki } from './remediation-webhook-config';

/** The URL of each replica that has an address of its own, otherwise the URL of the Service. */
export function urlsOf({ scheme, replicas, url }: Connection): string[] {
  return replicas.length > 0 ? replicas.map((address) => `${scheme}://${address}`) : [url()];
}

/**
 * Opens the way to a web server.
 *
 * @throws SettingError for an endpoint that is none
 */
export function connectByHttp(client: Component, setting: string, endpoint: Endpoint): Connection {
  const connection = client.connectTo(endpoint);
  checkScheme(setting, connection, HTTP_SCHEMES);
  return connection;
}

/**
 * Opens the way to a Loki.
 *
 * @throws SettingError for an endpoint that is no web server
 */
export function connectToLoki(client: Component, loki: WebhookLoki | undefined): Configuration['loki'] {
  return (
    loki && {
      queries: urlsOf(connectByHttp(client, 'loki.queryEndpoint', loki.queryEndpoint)),
      rules: urlsOf(connectByHttp(client, 'loki.rulesEndpoint', loki.rulesEndpoint)),
    }
  );
}
