import type { Construct } from 'constructs';
import type { SqlCollector } from '../../rules/sql';
import {
  Component,
  ConfigDirectory,
  type Credentials,
  configMapFiles,
  type Endpoint,
  httpProbe,
  images,
  type Mount,
  type PodOptions,
  SettingError,
  toYaml,
} from '../kit';
import { checkScheme } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { checkPostgresExporter } from './postgres-exporter-checks';
import {
  CA_PATH,
  COLLECTOR_SUFFIX,
  CONFIG_PATH,
  connectionParameters,
  POSTGRES_EXPORTER_ARGS,
  type PostgresTls,
  sqlExporterConfig,
} from './postgres-exporter-config';

/** Props of `PostgresExporter`. */
export interface PostgresExporterProps {
  /** Name of postgres_exporter's objects. @default postgres-exporter */
  readonly name?: string;
  /** Name of sql_exporter's objects. @default - sql-exporter; with another `name`, that name with `-sql` appended */
  readonly sqlName?: string;
  /** The PostgreSQL server: an endpoint with the scheme `postgresql`. */
  readonly postgres: Endpoint;
  /** Database to connect to. */
  readonly database: string;
  /** How the connections are secured. @default require */
  readonly tls?: PostgresTls;
  /** The Secret that holds the monitoring role and its password. */
  readonly credentials: Credentials;
  /** Key of the role's name in the Secret. @default POSTGRES_USER */
  readonly userKey?: string;
  /** Key of the role's password in the Secret. @default POSTGRES_PASSWORD */
  readonly passwordKey?: string;
  /** Your own queries, which sql_exporter runs. @default - none, and no sql_exporter */
  readonly collectors?: readonly SqlCollector[];
  /** Options of postgres_exporter's pod. @default - none */
  readonly pod?: PodOptions;
  /** Options of sql_exporter's pod. @default - none */
  readonly sqlPod?: PodOptions;
}

const DEFAULT_NAME = 'postgres-exporter';
const ONE_TARGET = 'each replica would report the server again: leave it out, and raise resources instead';

/** Protocols that the drivers of both exporters speak. */
const SCHEMES = ['postgresql', 'postgres'];

/**
 * Metrics of a PostgreSQL server: postgres_exporter for the server's own statistics, and sql_exporter for your own
 * queries, which postgres_exporter has deprecated. Without queries there is no sql_exporter.
 */
export class PostgresExporter extends PatchableConstruct {
  /** postgres_exporter. */
  readonly component: Component;
  /** sql_exporter; `undefined` without collectors. */
  readonly sqlComponent: Component | undefined;

  /** @throws SettingError for an endpoint that is no PostgreSQL server, and for an invalid collector */
  constructor(scope: Construct, id: string, props: PostgresExporterProps) {
    super(scope, id);
    checkPostgresExporter(props);
    const { collectors = [] } = props;
    this.component = this.addPostgresExporter(props);
    this.sqlComponent = collectors.length > 0 ? this.addSqlExporter(props, collectors) : undefined;
  }

  /** Statistics of the server. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }

  /**
   * Results of the queries.
   *
   * @throws SettingError without collectors
   */
  get sqlEndpoint(): Endpoint {
    if (!this.sqlComponent) {
      throw new SettingError('collectors', undefined, 'add a collector: there is no sql_exporter without one');
    }
    return this.sqlComponent.endpoint();
  }

  private addPostgresExporter({ name = DEFAULT_NAME, tls = 'require', ...props }: PostgresExporterProps) {
    const component = new Component(this, 'exporter', {
      name,
      image: images.postgresExporter,
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 9187 } },
      args: POSTGRES_EXPORTER_ARGS,
      probes: { readiness: httpProbe('/'), liveness: httpProbe('/') },
      resources: { cpu: '25m', memory: '64Mi' },
      env: credentialsOf(props),
      checksCredentials: true,
      mounts: authority(tls),
      pod: props.pod,
      fixedReplicas: ONE_TARGET,
    });
    const connection = component.connectTo(props.postgres);
    checkScheme('postgres', connection, SCHEMES);
    // Without user and password: postgres_exporter splits the connection string at blanks, and logs it when that fails
    // (parseFingerprint in exporter/util.go).
    const value = `postgresql://${connection.address}/${props.database}?${connectionParameters(name, tls)}`;
    component.addEnv({ name: 'DATA_SOURCE_NAME', value });
    return component;
  }

  private addSqlExporter(props: PostgresExporterProps, collectors: readonly SqlCollector[]) {
    const { tls = 'require' } = props;
    const name = props.sqlName ?? defaultSqlName(props.name);
    const config = new ConfigDirectory(this, 'config', { name, path: CONFIG_PATH });
    const component = new Component(this, 'sql-exporter', {
      name,
      image: images.sqlExporter,
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 9399 } },
      args: [`-config.file=${CONFIG_PATH}/sql_exporter.yml`],
      env: credentialsOf(props),
      checksCredentials: true,
      probes: { readiness: httpProbe('/healthz'), liveness: httpProbe('/healthz') },
      resources: { cpu: '25m', memory: '128Mi' },
      mounts: [config.mount, ...authority(tls)],
      pod: props.sqlPod,
      podSetting: 'sqlPod',
      fixedReplicas: ONE_TARGET,
    });
    const url = component.connectTo(props.postgres).url(`/${props.database}?${connectionParameters(name, tls)}`);
    config.addFile('sql_exporter.yml', toYaml(sqlExporterConfig(url, collectors)));
    for (const collector of collectors) {
      config.addFile(`${collector.collector_name}${COLLECTOR_SUFFIX}`, toYaml(collector));
    }
    return component;
  }
}

/** A second exporter in a namespace needs another name for both of its servers. */
function defaultSqlName(name: string = DEFAULT_NAME): string {
  return name === DEFAULT_NAME ? 'sql-exporter' : `${name}-sql`;
}

/** Variables that the driver of both exporters reads. In a URL, special characters would have to be escaped. */
function credentialsOf({
  credentials,
  userKey = 'POSTGRES_USER',
  passwordKey = 'POSTGRES_PASSWORD',
}: Pick<PostgresExporterProps, 'credentials' | 'userKey' | 'passwordKey'>) {
  return [credentials.variable('PGUSER', userKey), credentials.variable('PGPASSWORD', passwordKey)];
}

/** The certificate of the authority. The pods wait for its ConfigMap. */
function authority(tls: PostgresTls): readonly Mount[] {
  return typeof tls === 'string' ? [] : [configMapFiles('postgres-ca', tls.configMap, CA_PATH)];
}
