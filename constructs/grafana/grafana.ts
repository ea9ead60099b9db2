import type { Construct } from 'constructs';
import {
  Component,
  ConfigDirectory,
  type Credentials,
  DuplicateNameError,
  type Endpoint,
  httpProbe,
  httpUrl,
  images,
  imageVersion,
  type PodOptions,
  SettingError,
  scratch,
  startupProbe,
  toYaml,
} from '../kit';
import { checkCredentials, parseBytes } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { folderSlug, uidInName } from './dns-name';
import {
  type DashboardProvider,
  type DataSource,
  dashboardProvisioning,
  dataSourceProvisioning,
  grafanaIni,
  toIni,
} from './grafana-config';

export interface GrafanaProps {
  /** @default grafana */
  readonly name?: string;
  /** URL at which people reach Grafana, for its links. */
  readonly externalUrl: string;
  /** The Secret that holds the administrator's name and password. */
  readonly credentials: Credentials;
  /** @default GRAFANA_ADMIN_USER */
  readonly adminUserKey?: string;
  /** @default GRAFANA_ADMIN_PASSWORD */
  readonly adminPasswordKey?: string;
  /** Volume for users, stars and preferences; data sources and dashboards are provisioned. @default 5Gi */
  readonly storageSize?: string;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
  /**
   * Options of the pods. More than one of `replicas` needs an external database, whose address `env` gives
   * (`GF_DATABASE_TYPE` or `GF_DATABASE_URL`); the pods then have no volume.
   * @default - none
   */
  readonly pod?: PodOptions;
}

/** A dashboard in classic JSON. */
export interface GrafanaDashboard {
  readonly uid: string;
  /** Title of the folder. */
  readonly folder: string;
  readonly json: object;
}

const CONFIG_PATH = '/etc/grafana/config';
const CREDENTIALS_PATH = '/etc/grafana/credentials';
const PROVISIONING_PATH = '/etc/grafana/provisioning';
const DASHBOARDS_PATH = '/etc/grafana/dashboards';
const DATA_PATH = '/var/lib/grafana';

/** A Prometheus server, e.g. the construct `Prometheus`. */
export interface PrometheusSource {
  readonly endpoint: Endpoint;
  /** Scrape interval: `$__rate_interval` is at least four of them. */
  readonly intervalSeconds: number;
}

/** User id that Grafana's image runs as. */
const GRAFANA_USER = 472;

/** Grafana with provisioned data sources, folders and dashboards. The pod starts once the Secret exists. */
export class Grafana extends PatchableConstruct {
  readonly component: Component;

  private readonly dataSources: DataSource[] = [];
  private readonly providers: DashboardProvider[] = [];
  private readonly folders = new Map<string, { title: string; directory: ConfigDirectory }>();
  private readonly dashboardUids = new Set<string>();

  /** @throws SettingError when a prop is invalid */
  constructor(scope: Construct, id: string, props: GrafanaProps) {
    super(scope, id);
    const name = props.name ?? 'grafana';
    const adminUserKey = props.adminUserKey ?? 'GRAFANA_ADMIN_USER';
    const adminPasswordKey = props.adminPasswordKey ?? 'GRAFANA_ADMIN_PASSWORD';

    httpUrl('externalUrl', props.externalUrl, 'https://grafana.example.com');
    checkCredentials('credentials', props.credentials);
    if (props.storageSize !== undefined) {
      parseBytes('storageSize', props.storageSize);
    }
    const config = new ConfigDirectory(this, 'config', { name: `${name}-config`, path: CONFIG_PATH });
    config.addFile(
      'grafana.ini',
      toIni(
        grafanaIni({
          externalUrl: props.externalUrl,
          adminUserFile: `${CREDENTIALS_PATH}/${adminUserKey}`,
          adminPasswordFile: `${CREDENTIALS_PATH}/${adminPasswordKey}`,
          dataPath: DATA_PATH,
          provisioningPath: PROVISIONING_PATH,
        }),
      ),
    );
    const dataSources = this.provisioning(name, 'datasources');
    dataSources.addFile('datasources.yaml', () => toYaml(dataSourceProvisioning(this.dataSources)));
    const providers = this.provisioning(name, 'dashboards');
    providers.addFile('providers.yaml', () => toYaml(dashboardProvisioning(this.providers)));

    const storage = isReplicated(props.pod)
      ? undefined
      : { path: DATA_PATH, size: props.storageSize ?? '5Gi', storageClass: props.storageClass };
    this.component = new Component(this, 'server', {
      name,
      image: images.grafana,
      workload: { kind: 'Deployment', replicas: 1, storage },
      user: GRAFANA_USER,
      ports: { http: { port: 3000 } },
      env: [{ name: 'GF_PATHS_CONFIG', value: `${CONFIG_PATH}/grafana.ini` }],
      probes: {
        // The first start creates the database, which takes a while.
        startup: startupProbe('/api/health', 300),
        readiness: httpProbe('/api/health'),
        liveness: httpProbe('/api/health', 'http', { failureThreshold: 6 }),
      },
      resources: { cpu: '100m', memory: '1Gi' },
      mounts: [
        config.mount,
        dataSources.mount,
        providers.mount,
        props.credentials.files(CREDENTIALS_PATH, [adminUserKey, adminPasswordKey]),
        scratch('tmp', '/tmp'),
        ...(storage ? [] : [scratch('data', DATA_PATH, '1Gi')]),
      ],
      pod: props.pod,
    });
  }

  /**
   * Adds a Prometheus as the default data source.
   *
   * @example
   * grafana.addPrometheus(stack.prometheus);
   */
  addPrometheus({ endpoint, intervalSeconds }: PrometheusSource): void {
    this.addDataSource(endpoint, {
      name: 'Prometheus',
      type: 'prometheus',
      uid: 'prometheus',
      isDefault: true,
      jsonData: {
        httpMethod: 'POST',
        timeInterval: `${intervalSeconds}s`,
        prometheusType: 'Prometheus',
        prometheusVersion: imageVersion(images.prometheus),
        manageAlerts: true,
      },
    });
  }

  /** Adds an Alertmanager, for its alerts and silences. */
  addAlertmanager(endpoint: Endpoint): void {
    this.addDataSource(endpoint, {
      name: 'Alertmanager',
      type: 'alertmanager',
      uid: 'alertmanager',
      jsonData: { implementation: 'prometheus', handleGrafanaManagedAlerts: false },
    });
  }

  /**
   * Adds a data source and connects to it.
   *
   * @throws DuplicateNameError for a second data source with the same uid or name: Grafana would skip or refuse it
   * @throws SettingError for a second default: Grafana would not start
   */
  addDataSource(endpoint: Endpoint, dataSource: Omit<DataSource, 'url'>): void {
    if (this.dataSources.some(({ uid }) => uid === dataSource.uid)) {
      throw new DuplicateNameError('data source uid', dataSource.uid);
    }
    if (this.dataSources.some(({ name }) => name === dataSource.name)) {
      throw new DuplicateNameError('data source name', dataSource.name);
    }
    const first = this.dataSources.find(({ isDefault }) => isDefault);
    if (first && dataSource.isDefault) {
      throw new SettingError(
        'isDefault',
        true,
        `"${first.name}" is the default data source: make only one of them the default`,
      );
    }
    this.dataSources.push({ ...dataSource, url: this.component.connectTo(endpoint).url() });
  }

  /**
   * Adds a dashboard in a ConfigMap of its own. The first dashboard of a folder creates the folder.
   *
   * @throws DuplicateNameError for a second dashboard with the same uid: Grafana would skip it without an error
   */
  addDashboard({ uid, folder, json }: GrafanaDashboard): void {
    if (this.dashboardUids.has(uid)) {
      throw new DuplicateNameError('dashboard uid', uid);
    }
    this.dashboardUids.add(uid);
    this.folder(folder).addFile(
      `${uid}.json`,
      JSON.stringify(json),
      `${this.component.name}-dashboard-${uidInName(uid)}`,
    );
  }

  /** The web interface and its own metrics. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }

  private folder(title: string): ConfigDirectory {
    const slug = folderSlug(title);
    const known = this.folders.get(slug);
    if (known && known.title !== title) {
      throw new SettingError('folder', title, `it has the directory of "${known.title}"; write one of the two titles`);
    }
    if (known) {
      return known.directory;
    }
    const path = `${DASHBOARDS_PATH}/${slug}`;
    const directory = new ConfigDirectory(this, `folder-${slug}`, {
      name: `dashboards-${slug}`,
      path,
      onChange: 'reload',
    });
    this.folders.set(slug, { title, directory });
    this.providers.push({ folder: title, path });
    this.component.addMount(directory.mount);
    return directory;
  }

  private provisioning(name: string, kind: string): ConfigDirectory {
    return new ConfigDirectory(this, kind, { name: `${name}-${kind}`, path: `${PROVISIONING_PATH}/${kind}` });
  }
}

/**
 * Whether there are several replicas. They share a database: with one of their own each, users would lose their session
 * and their stars with every other request.
 *
 * @throws SettingError for several replicas without an external database
 */
function isReplicated({ replicas = 1, env = [] }: PodOptions = {}): boolean {
  const external = env.some(
    ({ name, value }) => name === 'GF_DATABASE_URL' || (name === 'GF_DATABASE_TYPE' && value !== 'sqlite3'),
  );
  if (replicas > 1 && !external) {
    throw new SettingError(
      'pod.replicas',
      replicas,
      'each replica would have a database of its own: add GF_DATABASE_URL of PostgreSQL or MySQL to pod.env',
    );
  }
  return replicas > 1;
}
