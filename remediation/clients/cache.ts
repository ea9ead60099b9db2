import Redis from 'ioredis';
import { secretOf } from './secret';
import type { RedisSettings } from './settings';
import { tlsOptions } from './tls';

/** The commands of Redis that actions use. */
export type Cache = Pick<Redis, 'call' | 'scan' | 'unlink' | 'get' | 'set' | 'exists'>;

const TIMEOUT_MS = 5_000;

/** A connection to Redis with short timeouts: an action that cannot reach its cache fails instead of waiting. */
export class CacheClient extends Redis {
  constructor({ host, port, user, passwordFile, database, tls }: RedisSettings) {
    super({
      host,
      port,
      username: user,
      password: passwordFile && secretOf(passwordFile),
      db: database ?? 0,
      tls: tls && tlsOptions(tls),
      lazyConnect: true,
      connectTimeout: TIMEOUT_MS,
      commandTimeout: TIMEOUT_MS,
      maxRetriesPerRequest: 1,
      retryStrategy: (times) => (times > 3 ? null : times * 200),
      connectionName: 'remediation-webhook',
      // Both send commands that the ACL user of the actions may not run (INFO, CLIENT SETINFO).
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    // The caller of a command gets its error. Without a listener ioredis would also print every failed retry.
    this.on('error', (error: Error & { readonly command?: { readonly name: string } }) => {
      if (error.command?.name === 'select') {
        // A user that may not SELECT its database would continue in database 0, among the keys of others.
        this.disconnect();
      }
    });
  }

  async close(): Promise<void> {
    this.disconnect();
  }
}
