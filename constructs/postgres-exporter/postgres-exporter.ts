import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { SqlCollector } from '../../rules/sql';
import {
  Component,
  ConfigDirectory,
  type Connection,
  type Credentials,
  type Endpoint,
  httpProbe,
  images,
  lazily,
  type Mount,
  SettingError,
  toYaml,
} from '../kit';
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
  /** The Secret; its keys POSTGRES_USER and POSTGRES_PASSWORD are the monitoring role. */
  readonly credentials: Credentials;
  /** Queries of one's own, one at least: what sql_exporter runs. */
  readonly collectors: readonly SqlCollector[];
}

/**
 * Metrics of a PostgreSQL server: postgres_exporter for the server's own statistics, and sql_exporter for queries of
 * one's own, which postgres_exporter no longer takes.
 */
export class PostgresExporter extends Construct {
  /** postgres_exporter. */
  readonly component: Component;
  /** sql_exporter. */
  readonly sqlComponent: Component;

  constructor(scope: Construct, id: string, props: PostgresExporterProps) {
    super(scope, id);
    if (props.collectors.length === 0) {
      throw new SettingError('collectors', props.collectors, 'give at least one collector: sql_exporter refuses none');
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

  private addPostgresExporter(props: PostgresExporterProps): Component {
    const name = props.name ?? 'postgres-exporter';
    const { tls = 'require' } = props;
    // The container is described before it can connect: where the server is, is asked when the manifests are written.
    let connection: Connection | undefined;
    const component = new Component(this, 'exporter', {
      name,
      image: images.postgresExporter,
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 9187 } },
      args: POSTGRES_EXPORTER_ARGS,
      env: [
        {
          name: 'DATA_SOURCE_URI',
          value: lazily(() => `${connection?.address}/${props.database}?${connectionParameters(name, tls)}`),
        },
        { name: 'DATA_SOURCE_USER_FILE', value: `${CREDENTIALS_PATH}/${USER_KEY}` },
        { name: 'DATA_SOURCE_PASS_FILE', value: `${CREDENTIALS_PATH}/${PASSWORD_KEY}` },
      ],
      probes: { readiness: httpProbe('/'), liveness: httpProbe('/') },
      resources: { cpu: '25m', memory: '64Mi' },
      mounts: [props.credentials.files(CREDENTIALS_PATH, [USER_KEY, PASSWORD_KEY]), ...authority(tls)],
    });
    connection = component.connectTo(props.postgres);
    return component;
  }

  private addSqlExporter(props: PostgresExporterProps): Component {
    const name = props.sqlName ?? 'sql-exporter';
    const { tls = 'require', collectors } = props;
    let connection: Connection | undefined;
    const config = new ConfigDirectory(this, 'config', { name, path: CONFIG_PATH });
    config.addFile('sql_exporter.yml', () => {
      const url = connection!.url(`/${props.database}?${connectionParameters(name, tls)}`);
      return toYaml(sqlExporterConfig(url, collectors));
    });
    for (const collector of collectors) {
      config.addFile(`${collector.collector_name}${COLLECTOR_SUFFIX}`, toYaml(collector));
    }
    const component = new Component(this, 'sql-exporter', {
      name,
      image: images.sqlExporter,
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 9399 } },
      args: [`-config.file=${CONFIG_PATH}/sql_exporter.yml`],
      // It reads no file with a password, and a URL would need one without special characters.
      env: [variable(props.credentials, 'PGUSER', USER_KEY), variable(props.credentials, 'PGPASSWORD', PASSWORD_KEY)],
      probes: { readiness: httpProbe('/healthz'), liveness: httpProbe('/healthz') },
      resources: { cpu: '25m', memory: '128Mi' },
      mounts: [config.mount, ...authority(tls)],
    });
    connection = component.connectTo(props.postgres);
    return component;
  }
}

const CREDENTIALS_PATH = '/etc/postgres-exporter/credentials';
const USER_KEY = 'POSTGRES_USER';
const PASSWORD_KEY = 'POSTGRES_PASSWORD';

/** A key of the Secret as an environment variable. The pod waits until it is there. */
function variable({ secretName }: Credentials, name: string, key: string): k8s.EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key } } };
}

/** The certificate that the server's is checked with. The pod waits until it is there. */
function authority(tls: PostgresTls): readonly Mount[] {
  return typeof tls === 'string'
    ? []
    : [{ name: 'postgres-ca', source: () => ({ configMap: { name: tls.configMap } }), path: CA_PATH }];
}
