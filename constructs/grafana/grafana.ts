import { Construct } from 'constructs';
import {
  Component,
  ConfigDirectory,
  type Credentials,
  type Endpoint,
  httpProbe,
  images,
  imageVersion,
  SettingError,
  scratch,
  startupProbe,
  toYaml,
} from '../kit';
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
  /** Where people reach Grafana; its links lead there. */
  readonly externalUrl: string;
  /** The Secret that holds the administrator's name and password. */
  readonly credentials: Credentials;
  /** @default GRAFANA_ADMIN_USER */
  readonly adminUserKey?: string;
  /** @default GRAFANA_ADMIN_PASSWORD */
  readonly adminPasswordKey?: string;
  /** Volume for users, stars and preferences; what matters is provisioned. @default 5Gi */
  readonly storageSize?: string;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
}

/** A dashboard in classic JSON. */
export interface GrafanaDashboard {
  readonly uid: string;
  /** Title of the folder that shows it. */
  readonly folder: string;
  readonly json: object;
}

const CONFIG_PATH = '/etc/grafana/config';
const CREDENTIALS_PATH = '/etc/grafana/credentials';
const PROVISIONING_PATH = '/etc/grafana/provisioning';
const DASHBOARDS_PATH = '/etc/grafana/dashboards';
const DATA_PATH = '/var/lib/grafana';

/** User id that Grafana's image runs as. */
const GRAFANA_USER = 472;

/** Dashboards, with data sources and folders provisioned. It starts once the Secret exists. */
export class Grafana extends Construct {
  readonly component: Component;

  private readonly dataSources: DataSource[] = [];
  private readonly providers: DashboardProvider[] = [];
  private readonly folders = new Map<string, { title: string; directory: ConfigDirectory }>();
  private readonly uids = new Set<string>();

  constructor(scope: Construct, id: string, props: GrafanaProps) {
    super(scope, id);
    const name = props.name ?? 'grafana';
    const adminUserKey = props.adminUserKey ?? 'GRAFANA_ADMIN_USER';
    const adminPasswordKey = props.adminPasswordKey ?? 'GRAFANA_ADMIN_PASSWORD';

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

    this.component = new Component(this, 'server', {
      name,
      image: images.grafana,
      workload: {
        kind: 'Deployment',
        replicas: 1,
        storage: { path: DATA_PATH, size: props.storageSize ?? '5Gi', storageClass: props.storageClass },
      },
      user: GRAFANA_USER,
      ports: { http: { port: 3000 } },
      env: [{ name: 'GF_PATHS_CONFIG', value: `${CONFIG_PATH}/grafana.ini` }],
      probes: {
        // The first start creates the database.
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
      ],
    });
  }

  /** Adds a Prometheus, as the data source that panels use unless they say otherwise. */
  addPrometheus(endpoint: Endpoint, scrapeInterval = '15s'): void {
    this.addDataSource(endpoint, {
      name: 'Prometheus',
      type: 'prometheus',
      uid: 'prometheus',
      isDefault: true,
      jsonData: {
        httpMethod: 'POST',
        timeInterval: scrapeInterval,
        prometheusType: 'Prometheus',
        prometheusVersion: imageVersion(images.prometheus),
        manageAlerts: true,
      },
    });
  }

  /** Adds an Alertmanager, whose alerts and silences Grafana then shows. */
  addAlertmanager(endpoint: Endpoint): void {
    this.addDataSource(endpoint, {
      name: 'Alertmanager',
      type: 'alertmanager',
      uid: 'alertmanager',
      jsonData: { implementation: 'prometheus', handleGrafanaManagedAlerts: false },
    });
  }

  /** Adds a data source and connects to it. */
  addDataSource(endpoint: Endpoint, dataSource: Omit<DataSource, 'url'>): void {
    this.claim(`datasource ${dataSource.uid}`);
    this.dataSources.push({ ...dataSource, url: this.component.connectTo(endpoint).url() });
  }

  /** Adds a dashboard, in a ConfigMap of its own, to a folder that is made when it is first named. */
  addDashboard({ uid, folder, json }: GrafanaDashboard): void {
    this.claim(`dashboard ${uid}`);
    this.folder(folder).addFile(`${uid}.json`, JSON.stringify(json), `${this.component.name}-dashboard-${uid}`);
  }

  /** The web interface and its own metrics. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }

  /** Grafana skips what is provisioned under a known uid a second time, without a word. */
  private claim(uid: string): void {
    if (this.uids.has(uid)) {
      throw new SettingError('grafana uid', uid, 'give it a uid that nothing else has');
    }
    this.uids.add(uid);
  }

  private folder(title: string): ConfigDirectory {
    const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const known = this.folders.get(slug);
    if (known && known.title !== title) {
      throw new SettingError('folder', title, `it would share a directory with "${known.title}"; write one of the two`);
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
