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
import { PatchableConstruct } from '../kit/patchable-construct';
import {
  CA_PATH,
  COLLECTOR_SUFFIX,
  CONFIG_PATH,
  connectionParameters,
  POSTGRES_EXPORTER_ARGS,
  type PostgresTls,
  sqlExporterConfig,
} from './postgres-exporter-config';

export interface PostgresExporterProps {
  /** Name of postgres_exporter's objects. @default postgres-exporter */
  readonly name?: string;
  /** Name of sql_exporter's objects. @default sql-exporter */
  readonly sqlName?: string;
  /** The PostgreSQL server. */
  readonly postgres: Endpoint;
  /** Database to connect to. */
  readonly database: string;
  /** How the connections are secured. @default require */
  readonly tls?: PostgresTls;
  /** The Secret. Its keys POSTGRES_USER and POSTGRES_PASSWORD hold the monitoring role. */
  readonly credentials: Credentials;
  /** Your own queries, at least one, which sql_exporter runs. */
  readonly collectors: readonly SqlCollector[];
  /** Options of postgres_exporter's pod. @default - none */
  readonly pod?: PodOptions;
  /** Options of sql_exporter's pod. @default - none */
  readonly sqlPod?: PodOptions;
}

const CREDENTIALS_PATH = '/etc/postgres-exporter/credentials';
const USER_KEY = 'POSTGRES_USER';
const PASSWORD_KEY = 'POSTGRES_PASSWORD';
const ONE_TARGET = 'each replica would report the server again: leave it out, and raise resources instead';

/**
 * Metrics of a PostgreSQL server: postgres_exporter for the server's own statistics, and sql_exporter for your own
 * queries, which postgres_exporter has deprecated.
 */
export class PostgresExporter extends PatchableConstruct {
  /** postgres_exporter. */
  readonly component: Component;
  /** sql_exporter. */
  readonly sqlComponent: Component;

  constructor(scope: Construct, id: string, props: PostgresExporterProps) {
    super(scope, id);
    if (props.collectors.length === 0) {
      throw new SettingError(
        'collectors',
        props.collectors,
        'add a collector: sql_exporter does not start without one',
      );
    }
    this.component = this.addPostgresExporter(props);
    this.sqlComponent = this.addSqlExporter(props);
  }

  /** Statistics of the server. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }

  /** Results of the queries. */
  get sqlEndpoint(): Endpoint {
    return this.sqlComponent.endpoint();
  }

  private addPostgresExporter({ name = 'postgres-exporter', tls = 'require', ...props }: PostgresExporterProps) {
    const component = new Component(this, 'exporter', {
      name,
      image: images.postgresExporter,
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 9187 } },
      args: POSTGRES_EXPORTER_ARGS,
      probes: { readiness: httpProbe('/'), liveness: httpProbe('/') },
      resources: { cpu: '25m', memory: '64Mi' },
      mounts: [props.credentials.files(CREDENTIALS_PATH, [USER_KEY, PASSWORD_KEY]), ...authority(tls)],
      pod: props.pod,
      fixedReplicas: ONE_TARGET,
    });
    const { address } = component.connectTo(props.postgres);
    component.addEnv(
      { name: 'DATA_SOURCE_URI', value: `${address}/${props.database}?${connectionParameters(name, tls)}` },
      { name: 'DATA_SOURCE_USER_FILE', value: `${CREDENTIALS_PATH}/${USER_KEY}` },
      { name: 'DATA_SOURCE_PASS_FILE', value: `${CREDENTIALS_PATH}/${PASSWORD_KEY}` },
    );
    return component;
  }

  private addSqlExporter({ sqlName: name = 'sql-exporter', tls = 'require', ...props }: PostgresExporterProps) {
    const { credentials, collectors } = props;
    const config = new ConfigDirectory(this, 'config', { name, path: CONFIG_PATH });
    const component = new Component(this, 'sql-exporter', {
      name,
      image: images.sqlExporter,
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 9399 } },
      args: [`-config.file=${CONFIG_PATH}/sql_exporter.yml`],
      // It cannot read a password from a file, and in a URL special characters would have to be escaped.
      env: [credentials.variable('PGUSER', USER_KEY), credentials.variable('PGPASSWORD', PASSWORD_KEY)],
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

/** The certificate of the authority. The pods wait for its ConfigMap. */
function authority(tls: PostgresTls): readonly Mount[] {
  return typeof tls === 'string' ? [] : [configMapFiles('postgres-ca', tls.configMap, CA_PATH)];
}
