import type { Construct } from 'constructs';
import {
  Component,
  ConfigDirectory,
  DuplicateNameError,
  type Endpoint,
  httpProbe,
  httpUrl,
  imageOf,
  images,
  imageVersion,
  isSecretKey,
  SecretFiles,
  SettingError,
  scratch,
  startupProbe,
  toYaml,
} from '../kit';
import { checkCredentials, parseBytes } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { HIDDEN } from '../kit/secret-files';
import { storageFrom } from '../kit/storage';
import { exemplarLinks, jaegerSettings } from './correlation';
import { folderSlug, uidInName } from './dns-name';
import { isReplicated } from './grafana-checks';
import {
  type DashboardProvider,
  type DataSource,
  dashboardProvisioning,
  dataSourceProvisioning,
  fileReference,
  grafanaIni,
  lokiSettings,
  type ProvisionedDataSource,
  toIni,
  withSettings,
} from './grafana-config';
import type {
  DataSourceNames,
  GrafanaDashboard,
  GrafanaProps,
  JaegerSource,
  LokiSource,
  PrometheusNames,
  PrometheusSource,
} from './grafana-props';

const CONFIG_PATH = '/etc/grafana/config';
const CREDENTIALS_PATH = '/etc/grafana/credentials';
const SECRETS_PATH = '/etc/grafana/secrets';
const PROVISIONING_PATH = '/etc/grafana/provisioning';
const DASHBOARDS_PATH = '/etc/grafana/dashboards';
const DATA_PATH = '/var/lib/grafana';

/** User id that Grafana's image runs as. */
const GRAFANA_USER = 472;

/** Grafana with provisioned data sources, folders and dashboards. The pod starts once the Secret exists. */
export class Grafana extends PatchableConstruct {
  /** The server, for arguments, mounts and connections. */
  readonly component: Component;

  private readonly dataSources: ProvisionedDataSource[] = [];
  private readonly secrets = new SecretFiles(SECRETS_PATH, false);
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
        withSettings(
          grafanaIni({
            externalUrl: props.externalUrl,
            adminUserFile: `${CREDENTIALS_PATH}/${adminUserKey}`,
            adminPasswordFile: `${CREDENTIALS_PATH}/${adminPasswordKey}`,
            dataPath: DATA_PATH,
            provisioningPath: PROVISIONING_PATH,
          }),
          props.ini ?? {},
          (key) => this.secrets.path(key),
        ),
      ),
    );
    const dataSources = this.provisioning(name, 'datasources');
    dataSources.addFile('datasources.yaml', () => toYaml(dataSourceProvisioning(this.dataSources)));
    const providers = this.provisioning(name, 'dashboards');
    providers.addFile('providers.yaml', () => toYaml(dashboardProvisioning(this.providers)));

    const { replicas = 1 } = props.pod ?? {};
    const volume = storageFrom(props, { path: DATA_PATH, size: props.storageSize ?? '5Gi', replicas });
    const storage = isReplicated(props) ? undefined : volume;
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
    this.secrets.mountIn(this.component);
  }

  /**
   * Adds a Prometheus. The first is the default data source.
   *
   * @param names required for a second Prometheus
   * @example
   * grafana.addPrometheus(stack.prometheus);
   * grafana.addPrometheus({ endpoint: Endpoint.host('thanos.example.com'), intervalSeconds: 30 }, {
   *   name: 'Thanos',
   *   uid: 'thanos',
   * });
   */
  addPrometheus({ endpoint, intervalSeconds }: PrometheusSource, names: PrometheusNames = {}): void {
    const hasDefault = this.dataSources.some(({ isDefault }) => isDefault);
    const { name = 'Prometheus', uid = 'prometheus', isDefault = !hasDefault, path } = names;
    this.addDataSource(endpoint, {
      name,
      type: 'prometheus',
      uid,
      isDefault,
      path,
      jsonData: {
        httpMethod: 'POST',
        timeInterval: `${intervalSeconds}s`,
        prometheusType: 'Prometheus',
        prometheusVersion: imageVersion(imageOf(this, images.prometheus)),
        manageAlerts: true,
        exemplarTraceIdDestinations: exemplarLinks(names.tracesUid),
      },
    });
  }

  /**
   * Adds an Alertmanager, for its alerts and silences. Editors of Grafana can then post alerts to it: do not add the one
   * that notifies a `RemediationWebhook`.
   */
  addAlertmanager(endpoint: Endpoint, names: DataSourceNames = {}): void {
    const { name = 'Alertmanager', uid = 'alertmanager', isDefault = false, path } = names;
    this.addDataSource(endpoint, {
      name,
      type: 'alertmanager',
      uid,
      isDefault,
      path,
      jsonData: { implementation: 'prometheus', handleGrafanaManagedAlerts: false },
    });
  }

  /**
   * Adds a Loki. The trace id of a line leads to its trace.
   *
   * @example
   * grafana.addLoki(loki.queryEndpoint, { tracesUid: 'jaeger' });
   */
  addLoki(endpoint: Endpoint, { tracesUid, ...names }: LokiSource = {}): void {
    const { name = 'Loki', uid = 'loki', isDefault = false, path } = names;
    this.addDataSource(endpoint, { name, type: 'loki', uid, isDefault, path, jsonData: lokiSettings(tracesUid) });
  }

  /**
   * Adds a Jaeger. A span leads to its lines and to the metrics of its requests.
   *
   * @example
   * grafana.addJaeger(jaeger.endpoint, { path: jaeger.basePath, logsUid: 'loki', metricsUid: 'prometheus' });
   */
  addJaeger(endpoint: Endpoint, { logsUid, metricsUid, ...names }: JaegerSource = {}): void {
    const { name = 'Jaeger', uid = 'jaeger', isDefault = false, path } = names;
    const jsonData = jaegerSettings(logsUid, metricsUid);
    this.addDataSource(endpoint, { name, type: 'jaeger', uid, isDefault, path, jsonData });
  }

  /**
   * Adds a data source and connects to it.
   *
   * @example
   * grafana.addDataSource(Endpoint.host('logs.example.com'), {
   *   name: 'Logs',
   *   type: 'loki',
   *   uid: 'logs',
   *   jsonData: { httpHeaderName1: 'X-Scope-OrgID' },
   *   secureJsonData: { httpHeaderValue1: { credentials, key: 'LOKI_TENANT' } },
   * });
   * @throws DuplicateNameError for a second data source with the same uid or name: Grafana would skip or refuse it
   * @throws SettingError for a second default: Grafana would not start
   */
  addDataSource(endpoint: Endpoint, source: Omit<DataSource, 'url'> & Pick<DataSourceNames, 'path'>): void {
    const { path, secureJsonData, ...dataSource } = source;
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
    this.dataSources.push({
      ...dataSource,
      url: this.component.connectTo(endpoint).url(path),
      ...(secureJsonData && { secureJsonData: this.secretReferences(secureJsonData) }),
    });
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

  private secretReferences(secrets: NonNullable<DataSource['secureJsonData']>): { [key: string]: string } {
    const references = Object.entries(secrets).map(([name, key]) => {
      if (!isSecretKey(key)) {
        const fix = 'the manifest would show it; write a key of a Secret: { credentials, key }';
        throw new SettingError(`secureJsonData.${name}`, HIDDEN, fix);
      }
      return [name, fileReference(this.secrets.path(key))];
    });
    return Object.fromEntries(references);
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
