import { isSecretKey, type SecretKey, SettingError } from '../kit';
import { HIDDEN, PASSWORD_IN_URL } from '../kit/secret-files';

/** `grafana.ini`: sections of settings. https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/ */
export type GrafanaIni = { readonly [section: string]: { readonly [key: string]: string | number | boolean } };

/** Your own settings: the value itself, or the key of a Secret that holds it. */
export type GrafanaSettings = {
  readonly [section: string]: { readonly [key: string]: string | number | boolean | SecretKey };
};

/**
 * A data source in Grafana's provisioning format. Grafana replaces `$NAME` in texts; write `$$` for a dollar sign.
 * https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources
 */
export interface DataSource {
  /** Name that people see. */
  readonly name: string;
  /** Id of the plugin: `prometheus`, `loki`, `tempo`, `grafana-postgresql-datasource` … */
  readonly type: string;
  /** Identifier that dashboards refer to. */
  readonly uid: string;
  /** URL of the server. */
  readonly url: string;
  /** Whether panels use it that name no data source. @default false */
  readonly isDefault?: boolean;
  /** Send the name `basicAuthUser` and the password `secureJsonData.basicAuthPassword`. @default false */
  readonly basicAuth?: boolean;
  /** Name for basic authentication. @default - none */
  readonly basicAuthUser?: string;
  /** Name of a database user. @default - none */
  readonly user?: string;
  /** Settings of the plugin. @default - the plugin's own */
  readonly jsonData?: { readonly [key: string]: unknown };
  /** Secrets of the plugin, e.g. `basicAuthPassword` or `httpHeaderValue1`. @default - none */
  readonly secureJsonData?: { readonly [key: string]: SecretKey };
}

/** A data source whose secrets are references to files. */
export type ProvisionedDataSource = Omit<DataSource, 'secureJsonData'> & {
  readonly secureJsonData?: { readonly [key: string]: string };
};

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
  const subPath = new URL(props.externalUrl).pathname !== '/';
  return {
    server: {
      http_port: 3000,
      root_url: props.externalUrl,
      // Compression of responses takes Grafana 13 hundreds of MiB of memory.
      enable_gzip: false,
      // Below a path, Grafana still answers probes and scrapes at `/api/health` and `/metrics`.
      ...(subPath && { serve_from_sub_path: true }),
    },
    paths: { data: props.dataPath, plugins: `${props.dataPath}/plugins`, provisioning: props.provisioningPath },
    security: {
      admin_user: fileReference(props.adminUserFile),
      admin_password: fileReference(props.adminPasswordFile),
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

const MANAGED = {
  'server.http_port': 'the Service and the probes use 3000',
  'server.protocol': 'the Service and the probes speak HTTP; serve TLS with an Ingress',
  'server.root_url': 'write the prop externalUrl',
  'paths.data': 'the volume is there',
  'paths.plugins': 'the volume is there',
  'paths.provisioning': 'addDataSource() and addDashboard() write there',
  'security.admin_user': 'write the prop adminUserKey',
  'security.admin_password': 'write the prop adminPasswordKey',
};

/** Settings that hold a secret. */
const SECRET_SETTING = /(password|secret|secret_key|private_key|token)$/;

/**
 * The configuration with your own settings over it.
 *
 * @param file path of the file with a key of a Secret
 * @throws SettingError for a setting that the construct writes, and for a secret that stands in the settings
 */
export function withSettings(own: GrafanaIni, settings: GrafanaSettings, file: (key: SecretKey) => string): GrafanaIni {
  const flat = Object.fromEntries(
    Object.entries(settings).flatMap(([section, keys]) =>
      Object.entries(keys).map(([key, value]) => [`${section}.${key}`, value]),
    ),
  );
  for (const [path, fix] of Object.entries(MANAGED)) {
    if (flat[path] !== undefined) {
      throw new SettingError(`ini.${path}`, flat[path], `remove it; ${fix}`);
    }
  }
  const ini: { [section: string]: GrafanaIni[string] } = { ...own };
  for (const [section, keys] of Object.entries(settings)) {
    const values = Object.entries(keys).map(([key, value]) => [
      key,
      settingValue(`ini.${section}.${key}`, value, file),
    ]);
    ini[section] = { ...own[section], ...Object.fromEntries(values) };
  }
  return ini;
}

function settingValue(setting: string, value: string | number | boolean | SecretKey, file: (key: SecretKey) => string) {
  if (isSecretKey(value)) {
    return fileReference(file(value));
  }
  const isSecret = typeof value === 'string' && !value.startsWith('$__') && value !== '';
  if (isSecret && (SECRET_SETTING.test(setting) || PASSWORD_IN_URL.test(value))) {
    throw new SettingError(
      setting,
      HIDDEN,
      'the manifest would show it; write a key of a Secret: { credentials, key }',
    );
  }
  return value;
}

/** Grafana reads the value from a file. */
export function fileReference(path: string): string {
  return `$__file{${path}}`;
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

/**
 * Settings of the Loki plugin. `$$` is a dollar sign: provisioning replaces variables in texts.
 * https://grafana.com/docs/grafana/latest/datasources/loki/configure-loki-data-source/#derived-fields
 *
 * @param tracesUid data source that a trace id leads to
 */
export function lokiSettings(tracesUid: string | undefined): NonNullable<DataSource['jsonData']> {
  const trace = {
    name: 'trace',
    // Labels and structured metadata. A pattern for the text would find the ids of other systems in it.
    matcherType: 'label',
    matcherRegex: '^trace_id$$',
    url: '$${__value.raw}',
    urlDisplayLabel: 'Open the trace',
    datasourceUid: tracesUid,
  };
  return { maxLines: 1000, manageAlerts: true, derivedFields: tracesUid === undefined ? undefined : [trace] };
}

/** Provisioning of data sources. `prune` removes those that are no longer listed. */
export function dataSourceProvisioning(dataSources: readonly ProvisionedDataSource[]) {
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
