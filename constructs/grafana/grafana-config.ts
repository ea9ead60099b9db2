import { SettingError } from '../kit';

/** `grafana.ini`: sections of settings. https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/ */
export type GrafanaIni = { readonly [section: string]: { readonly [key: string]: string | number | boolean } };

/** A data source in Grafana's provisioning format. */
export interface DataSource {
  readonly name: string;
  readonly type: 'prometheus' | 'alertmanager' | 'loki' | 'jaeger' | 'elasticsearch';
  /** Identifier that dashboards refer to. */
  readonly uid: string;
  readonly url: string;
  /** @default false */
  readonly isDefault?: boolean;
  readonly jsonData?: { readonly [key: string]: unknown };
}

/** A folder of dashboards, and its directory in the container. */
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

/** The server's configuration: no anonymous access, and no requests to the Internet. */
export function grafanaIni(props: GrafanaIniProps): GrafanaIni {
  return {
    // Compression of responses takes Grafana 13 hundreds of MiB of memory.
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
    // Preinstalled plugins are downloaded from the Internet into the image, whose file system is read-only.
    plugins: { preinstall_disabled: true },
    snapshots: { external_enabled: false },
    news: { news_feed_enabled: false },
    metrics: { enabled: true },
    log: { mode: 'console' },
    'log.console': { format: 'json' },
  };
}

/**
 * Values that Grafana's INI parser would not read back: a line break begins a new setting or section, `#` and `;` begin
 * a comment, quotes around a value are removed, and a backslash at the end continues the line.
 * `readValue` in https://github.com/go-ini/ini/blob/main/parser.go
 */
const NOT_PLAIN = /[\r\n#;]|^["'`]|\\$|^\s|\s$/;

/**
 * The INI text of a configuration.
 *
 * @throws SettingError for a value that the file cannot hold
 */
export function toIni(config: GrafanaIni): string {
  return Object.entries(config)
    .map(([section, settings]) => {
      const lines = Object.entries(settings).map(([key, value]) => `${key} = ${plain(`${section}.${key}`, value)}`);
      return [`[${section}]`, ...lines, ''].join('\n');
    })
    .join('\n');
}

function plain(setting: string, value: string | number | boolean): string {
  const text = String(value);
  if (NOT_PLAIN.test(text)) {
    throw new SettingError(
      setting,
      value,
      'remove line breaks, # and ;, quotes at the start, a backslash at the end, and white space around it',
    );
  }
  return text;
}

/** Provisioning of data sources. `prune` removes those that are no longer listed. */
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

/** Provisioning of dashboard folders. */
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
