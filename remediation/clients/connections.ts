import type { Cache } from './cache';
import { CacheClient } from './cache';
import { type Database, DatabaseClient } from './database';
import type { ConnectionSettings } from './settings';

/** The connections of the configuration, each opened when it is first used. */
export class Connections {
  private readonly databases = new Map<string, DatabaseClient>();
  private readonly caches = new Map<string, CacheClient>();

  constructor(private readonly settings: ConnectionSettings) {}

  /** @throws when the configuration has no such PostgreSQL connection */
  database(name: string): Database {
    const known = this.databases.get(name) ?? new DatabaseClient(this.settingsOf(name, 'postgres'));
    this.databases.set(name, known);
    return known;
  }

  /** @throws when the configuration has no such Redis connection */
  cache(name: string): Cache {
    const known = this.caches.get(name);
    // A client that has given up reconnecting stays closed: replace it.
    if (known && known.status !== 'end') {
      return known;
    }
    const client = new CacheClient(this.settingsOf(name, 'redis'));
    this.caches.set(name, client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.databases.values(), ...this.caches.values()].map((client) => client.close()));
  }

  private settingsOf<K extends 'postgres' | 'redis'>(
    name: string,
    kind: K,
  ): Extract<ConnectionSettings[string], { kind: K }> {
    const settings = this.settings[name];
    if (settings?.kind !== kind) {
      throw new Error(
        `connections.${name} is ${settings?.kind ?? 'not set'}: write the settings of a ${kind} connection`,
      );
    }
    return settings as Extract<ConnectionSettings[string], { kind: K }>;
  }
}
