/** `grafana.ini`: sections of settings. */
export type GrafanaIni = { readonly [section: string]: { readonly [key: string]: string | number | boolean } };

/** A data source, as Grafana provisions it. */
export interface DataSource {
  readonly name: string;
  readonly type: 'prometheus' | 'alertmanager' | 'loki' | 'jaeger' | 'elasticsearch';
  /** Stable identifier that dashboards refer to. */
  readonly uid: string;
  readonly url: string;
  /** @default false */
  readonly isDefault?: boolean;
  readonly jsonData?: { readonly [key: string]: unknown };
}

/** A folder of dashboards on disk. */
export interface DashboardProvider {
  readonly folder: string;
  readonly path: string;
}

export interface GrafanaIniProps {
  readonly externalUrl: string;
  /** Files that hold the administrator's name and password. */
  readonly adminUserFile: string;
  readonly adminPasswordFile: string;
  readonly dataPath: string;
  readonly provisioningPath: string;
}

/** The server's configuration. Nobody is let in without a login, and nothing is fetched from the Internet. */
export function grafanaIni(props: GrafanaIniProps): GrafanaIni {
  return {
    // Compressing its answers has cost Grafana 13 hundreds of MiB.
    server: { http_port: 3000, root_url: props.externalUrl, enable_gzip: false },
    paths: { data: props.dataPath, plugins: `${props.dataPath}/plugins`, provisioning: props.provisioningPath },
    security: {
      admin_user: `$__file{${props.adminUserFile}}`,
      admin_password: `$__file{${props.adminPasswordFile}}`,
      cookie_secure: props.externalUrl.startsWith('https:'),
      cookie_samesite: 'strict',
      disable_gravatar: true,
      strict_transport_security: props.externalUrl.startsWith('https:'),
    },
    users: { allow_sign_up: false, allow_org_create: false, viewers_can_edit: false },
    'auth.anonymous': { enabled: false },
    analytics: { reporting_enabled: false, check_for_updates: false, check_for_plugin_updates: false },
    // It would write into its own image, whose root is read-only, and fetch from the Internet.
    plugins: { preinstall_disabled: true },
    snapshots: { external_enabled: false },
    news: { news_feed_enabled: false },
    metrics: { enabled: true },
    log: { mode: 'console' },
    'log.console': { format: 'json' },
  };
}

/** The INI text of a configuration. */
export function toIni(config: GrafanaIni): string {
  return Object.entries(config)
    .map(([section, settings]) => {
      const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
      return [`[${section}]`, ...lines, ''].join('\n');
    })
    .join('\n');
}

/** Provisioning of data sources. Those that are no longer named here are removed from a volume that remembers them. */
export function dataSourceProvisioning(dataSources: readonly DataSource[]) {
  return {
    apiVersion: 1,
    prune: true,
    datasources: dataSources.map((dataSource) => ({
      access: 'proxy',
      orgId: 1,
      editable: false,
      isDefault: false,
      ...dataSource,
    })),
  };
}

/** Provisioning of folders of dashboards. */
export function dashboardProvisioning(providers: readonly DashboardProvider[]) {
  return {
    apiVersion: 1,
    providers: providers.map(({ folder, path }) => ({
      name: folder,
      folder,
      type: 'file',
      orgId: 1,
      disableDeletion: true,
      allowUiUpdates: false,
      updateIntervalSeconds: 60,
      options: { path },
    })),
  };
}
