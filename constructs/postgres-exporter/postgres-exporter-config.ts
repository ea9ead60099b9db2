import type { SqlCollector } from '../../rules/sql';

/**
 * How a connection to PostgreSQL is secured.
 *
 * - `disable`: plain text.
 * - `require`: encrypted; the server's certificate is not verified.
 * - a ConfigMap with the authority's certificate: `verify-full`, so the certificate must be signed by the authority and
 *   name the server's host.
 */
export type PostgresTls =
  | 'disable'
  | 'require'
  | {
      /** ConfigMap in the namespace of the exporters. */
      readonly configMap: string;
      /** Key of the certificate authority in the ConfigMap. @default ca.crt */
      readonly key?: string;
    };

/** Directory of the authority's certificate in the containers. */
export const CA_PATH = '/etc/postgres-ca';

/** Parameters of a connection URL. https://pkg.go.dev/github.com/lib/pq#hdr-Connection_String_Parameters */
export function connectionParameters(application: string, tls: PostgresTls): string {
  return new URLSearchParams({
    // Name of the session in `pg_stat_activity`.
    application_name: application,
    connect_timeout: '5',
    ...(typeof tls === 'string'
      ? { sslmode: tls }
      : { sslmode: 'verify-full', sslrootcert: `${CA_PATH}/${tls.key ?? 'ca.crt'}` }),
  })
    .toString()
    .replaceAll('%2F', '/');
}

/**
 * Arguments of postgres_exporter: the collectors that alerts need and that are off by default. Statements are exported
 * by id, because their text is unbounded and may hold personal data.
 */
export const POSTGRES_EXPORTER_ARGS: readonly string[] = [
  '--collector.database_wraparound',
  '--collector.long_running_transactions',
  '--collector.postmaster',
  '--collector.stat_checkpointer',
  '--collector.stat_statements',
  '--no-collector.stat_statements.include_query',
  '--collector.stat_statements.limit=100',
  // As long as Prometheus waits (`scrape_timeout`): a longer collection would only hold a connection.
  '--collection-timeout=10s',
];

/**
 * `sql_exporter.yml`: the parts that this program writes.
 *
 * @see https://github.com/burningalchemist/sql_exporter/blob/master/documentation/sql_exporter.yml
 */
export interface SqlExporterConfig {
  readonly global: {
    readonly scrape_timeout: string;
    readonly scrape_timeout_offset: string;
    readonly max_connections: number;
    readonly max_idle_connections: number;
    readonly max_connection_lifetime: string;
  };
  readonly target: {
    readonly data_source_name: string;
    readonly collectors: readonly string[];
  };
  readonly collector_files: readonly string[];
}

/** Directory of sql_exporter's files in the container. */
export const CONFIG_PATH = '/etc/sql-exporter';

/** Suffix of the names of collector files. */
export const COLLECTOR_SUFFIX = '.collector.yaml';

/**
 * The configuration of sql_exporter.
 *
 * @param dataSourceName URL of the database, without credentials: the driver reads PGUSER and PGPASSWORD
 */
export function sqlExporterConfig(dataSourceName: string, collectors: readonly SqlCollector[]): SqlExporterConfig {
  return {
    global: {
      scrape_timeout: '10s',
      scrape_timeout_offset: '500ms',
      // The role may hold ten connections. Both exporters use less than half of them, so that a roll-out fits.
      max_connections: 2,
      max_idle_connections: 2,
      max_connection_lifetime: '15m',
    },
    // No target name: with one, sql_exporter exports its own metric `up`.
    target: { data_source_name: dataSourceName, collectors: collectors.map(({ collector_name }) => collector_name) },
    collector_files: [`${CONFIG_PATH}/*${COLLECTOR_SUFFIX}`],
  };
}
