import type { SqlCollector } from '../../rules/sql';

/**
 * How a connection to PostgreSQL is secured.
 *
 * `disable` is plain text. `require` is encrypted, with whatever certificate the server shows. A ConfigMap with the
 * certificate of the authority is `verify-full`: the server must show a certificate of it that names its host.
 */
export type PostgresTls =
  | 'disable'
  | 'require'
  | {
      /** ConfigMap in the namespace of the exporters. */
      readonly configMap: string;
      /** @default ca.crt */
      readonly key?: string;
    };

/** Where the certificate of the authority is in the containers. */
export const CA_PATH = '/etc/postgres-ca';

/** What a driver is told besides host and database. https://pkg.go.dev/github.com/lib/pq#hdr-Connection_String_Parameters */
export function connectionParameters(application: string, tls: PostgresTls): string {
  return new URLSearchParams({
    // What `pg_stat_activity` calls the session.
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
 * Arguments of postgres_exporter: the collectors that are off by default and that alerts need. Statements are told by
 * their id: their text would be unbounded, and may hold personal data.
 */
export const POSTGRES_EXPORTER_ARGS: readonly string[] = [
  '--collector.database_wraparound',
  '--collector.long_running_transactions',
  '--collector.postmaster',
  '--collector.stat_checkpointer',
  '--collector.stat_statements',
  '--no-collector.stat_statements.include_query',
  '--collector.stat_statements.limit=100',
  // A scrape that outlives Prometheus' patience only holds a connection that nobody waits for.
  '--collection-timeout=10s',
];

/**
 * `sql_exporter.yml`, as far as this program writes it.
 * https://github.com/burningalchemist/sql_exporter/blob/master/documentation/sql_exporter.yml
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

/** Where sql_exporter's files are in the container. */
export const CONFIG_PATH = '/etc/sql-exporter';

/** What the names of collector files end in. */
export const COLLECTOR_SUFFIX = '.collector.yaml';

/**
 * The configuration of sql_exporter.
 *
 * @param dataSourceName URL of the database, without user and password: the driver takes them from PGUSER and PGPASSWORD
 */
export function sqlExporterConfig(dataSourceName: string, collectors: readonly SqlCollector[]): SqlExporterConfig {
  return {
    global: {
      scrape_timeout: '10s',
      scrape_timeout_offset: '500ms',
      // The role may hold ten connections; both exporters stay below half of it, so that a roll-out fits.
      max_connections: 2,
      max_idle_connections: 2,
      max_connection_lifetime: '15m',
    },
    // Without a name of the target there is no second metric `up` beside Prometheus' own.
    target: { data_source_name: dataSourceName, collectors: collectors.map(({ collector_name }) => collector_name) },
    collector_files: [`${CONFIG_PATH}/*${COLLECTOR_SUFFIX}`],
  };
}
