import type { Component, Connection, Endpoint } from '../kit';
import { checkScheme } from '../kit/checks';
import { headlessName } from '../kit/services';
import { GOSSIP_PORT, type LokiConfigProps } from './loki-config';
import type { LokiCaches, LokiStackProps } from './loki-props';
import type { Roles } from './loki-roles';
import { checkS3Server, type ObjectStorage } from './object-storage';

/**
 * Opens the way to servers of memcached.
 *
 * @param roles the components of a distributed Loki
 * @param servers the server of any other
 * @returns their addresses
 * @throws SettingError for an endpoint that is no memcached
 */
export function connectToCaches(
  caches: LokiCaches = {},
  roles: Roles | undefined,
  servers: readonly Component[],
): LokiConfigProps['caches'] {
  const chunkClients = roles ? [...roles.ingester, ...roles.querier, ...roles.ruler] : servers;
  const resultClients = roles ? roles['query-frontend'] : servers;
  return {
    chunks: addressOf('caches.chunks', caches.chunks, chunkClients),
    results: addressOf('caches.results', caches.results, resultClients),
  };
}

function addressOf(setting: string, cache: Endpoint | undefined, clients: readonly Component[]): string | undefined {
  const [connection] = cache ? clients.map((client) => client.connectTo(cache)) : [];
  if (connection) {
    checkScheme(setting, connection, ['memcached']);
  }
  return connection?.address;
}

/**
 * The address of an S3 server of your own.
 *
 * @throws SettingError for an endpoint that is no web server
 */
export function connectToS3Server(client: Component, storage: ObjectStorage | undefined): Connection | undefined {
  if (storage?.kind !== 's3' || !storage.server) {
    return undefined;
  }
  const connection = client.connectTo(storage.server);
  checkS3Server(connection);
  return connection;
}

/** Each replica, or the Service where replicas have no names. */
export function addressesOf({ replicas, address }: Connection): readonly string[] {
  return replicas.length > 0 ? replicas : [address];
}

/** How the replicas of StatefulSets find each other. */
export function gossipCluster(
  { namespace, name, zones }: Pick<LokiStackProps, 'zones'> & { readonly namespace: string; readonly name: string },
  statefulSets: readonly string[],
): NonNullable<LokiConfigProps['cluster']> {
  return {
    label: `${namespace}/${name}`,
    members: statefulSets.map((each) => `dns+${headlessName(each)}.${namespace}.svc:${GOSSIP_PORT}`),
    zoneAware: zones !== undefined,
  };
}
