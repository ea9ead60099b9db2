import { readFileSync } from 'node:fs';
import Redis from 'ioredis';
import type { RedisSettings } from './connections';
import { tlsOptions } from './database';

/** The commands of Redis that actions use. */
export type Cache = Pick<Redis, 'call' | 'scan' | 'unlink' | 'get' | 'set' | 'exists'>;

const TIMEOUT_MS = 5_000;

/** A connection to Redis that gives up soon: an action that cannot reach its cache fails, it does not wait. */
export class CacheClient extends Redis {
  constructor({ host, port, user, passwordFile, database, tls }: RedisSettings) {
    super({
      host,
      port,
      username: user,
      password: passwordFile && readFileSync(passwordFile, 'utf8').trim(),
      db: database ?? 0,
      tls: tls && tlsOptions(tls),
      lazyConnect: true,
      connectTimeout: TIMEOUT_MS,
      commandTimeout: TIMEOUT_MS,
      maxRetriesPerRequest: 1,
      retryStrategy: (times) => (times > 3 ? null : times * 200),
      connectionName: 'remediation-webhook',
      // Both ask for commands that a user with the rights of the actions alone may not use.
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    // What a command fails with is told where it was called; without a listener every retry would be printed as well.
    this.on('error', (error: Error & { readonly command?: { readonly name: string } }) => {
      if (error.command?.name === 'select') {
        // A user that may not select its database would go on in database 0, with the keys of somebody else.
        this.disconnect();
      }
    });
  }

  async close(): Promise<void> {
    this.disconnect();
  }
}
