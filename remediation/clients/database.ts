import { Client } from 'pg';
import { secretOf } from './secret';
import type { PostgresSettings } from './settings';
import { tlsOptions } from './tls';

/** Runs statements in PostgreSQL. */
export interface Database {
  /**
   * Runs one statement. Without values it uses the simple query protocol, the only one that PgBouncer's console speaks.
   *
   * @throws when the server cannot be reached or rejects the statement
   */
  query<R>(statement: string, values?: readonly unknown[], signal?: AbortSignal): Promise<readonly R[]>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 15_000;

/**
 * Name of the database that is PgBouncer's console. PgBouncer rejects connections that set `statement_timeout`.
 * https://www.pgbouncer.org/config.html#ignore_startup_parameters
 */
const PGBOUNCER_CONSOLE = 'pgbouncer';

/**
 * Opens a connection for each statement. Statements are rare, and an idle connection would take one of the last free
 * slots of a database that runs out of them.
 */
export class DatabaseClient implements Database {
  constructor(private readonly settings: PostgresSettings) {}

  async query<R>(statement: string, values: readonly unknown[] = [], signal?: AbortSignal): Promise<readonly R[]> {
    const { host, port, database, user, passwordFile, tls } = this.settings;
    const client = new Client({
      host,
      port,
      database,
      user,
      password: passwordFile && secretOf(passwordFile),
      ssl: tls && tlsOptions(tls),
      application_name: 'remediation-webhook',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: database === PGBOUNCER_CONSOLE ? undefined : STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS,
    });
    // Without a listener, an error event ends the process.
    client.on('error', () => {});
    const end = () => void client.end().catch(() => {});
    signal?.addEventListener('abort', end, { once: true });
    try {
      await client.connect();
      signal?.throwIfAborted();
      return (await client.query(statement, [...values])).rows as R[];
    } finally {
      signal?.removeEventListener('abort', end);
      await client.end().catch(() => {});
    }
  }

  async close(): Promise<void> {}
}
