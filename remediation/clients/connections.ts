import type { Cache } from './cache';
import { CacheClient } from './cache';
import { type Database, DatabaseClient } from './database';

/** TLS of a connection. */
export interface TlsSettings {
  /** File of the certificate authority, PEM. @default - the system's */
  readonly caFile?: string;
  /** Whether the server's certificate is checked. */
  readonly verify: boolean;
}

export interface PostgresSettings {
  readonly kind: 'postgres';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** @default - the server asks for none */
  readonly passwordFile?: string;
  /** @default - not encrypted */
  readonly tls?: TlsSettings;
}

export interface RedisSettings {
  readonly kind: 'redis';
  readonly host: string;
  readonly port: number;
  /** @default - the default user */
  readonly user?: string;
  /** @default - the server asks for none */
  readonly passwordFile?: string;
  /** Another one than 0 needs the right `+select`. @default 0 */
  readonly database?: number;
  /** @default - not encrypted */
  readonly tls?: TlsSettings;
}

/** How to reach what the actions change beside Kubernetes, by the name that policies use. */
export type ConnectionSettings = { readonly [name: string]: PostgresSettings | RedisSettings };

/** The connections, each opened when it is first used. */
export class Connections {
  private readonly databases = new Map<string, DatabaseClient>();
  private readonly caches = new Map<string, CacheClient>();

  constructor(private readonly settings: ConnectionSettings) {}

  /** @throws when the configuration has no such connection */
  database(name: string): Database {
    const known = this.databases.get(name) ?? new DatabaseClient(this.settingsOf(name, 'postgres'));
    this.databases.set(name, known);
    return known;
  }

  /** @throws when the configuration has no such connection */
  cache(name: string): Cache {
    const known = this.caches.get(name);
    // Once it has given up, a client stays closed.
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
      throw new Error(`connections.${name} is ${settings?.kind ?? 'not set'}: give it the settings of a ${kind}`);
    }
    return settings as Extract<ConnectionSettings[string], { kind: K }>;
  }
}
