import { httpUrl, type PodOptions, refuseManaged, SettingError } from '../kit';
import { checkExternalLabels } from '../kit/checks';
import { HIDDEN } from '../kit/secret-files';
import { labelNames, resolveIndexLabels } from './limits';
import { LOKI_DEFAULTS, type LokiStackProps } from './loki-props';
import { checkObjectStorage } from './object-storage';
import { checkRetention } from './retention';
import { LARGEST_LOAD, type LokiMode } from './sizing';

const RETENTION = 'write the prop retention, which sets all fields that deleting needs';
const STORAGE = 'write the prop objectStorage';
const IGNORED = 'Loki accepts and ignores it';

const MANAGED = {
  target: 'write the prop mode',
  auth_enabled: 'write the prop multiTenancy',
  common: 'the construct writes addresses, rings and storage',
  memberlist: 'the construct writes the members',
  schema_config: 'the construct writes schema v13, which retention and structured metadata need',
  'server.http_listen_port': 'the Service and the probes use 3100',
  'server.grpc_listen_port': 'the NetworkPolicies use 9095',
  'server.http_tls_config': 'probes and clients speak HTTP: docs/limits.md',
  'server.grpc_tls_config': 'the components speak to each other without TLS: docs/limits.md',
  'server.http_server_read_timeout': 'it follows limits.queryTimeoutSeconds',
  'server.http_server_write_timeout': 'it follows limits.queryTimeoutSeconds',
  'storage_config.aws': STORAGE,
  'storage_config.gcs': STORAGE,
  'storage_config.azure': STORAGE,
  'storage_config.filesystem': 'the volume is mounted at /loki',
  'storage_config.tsdb_shipper.active_index_directory': 'only /loki and /tmp are writable',
  'storage_config.tsdb_shipper.cache_location': 'only /loki and /tmp are writable',
  'ingester.lifecycler': 'the construct writes the ring',
  'ingester.wal.dir': 'only /loki and /tmp are writable',
  'ingester.wal.enabled': 'without it, a crash loses two hours of lines',
  'ingester.wal.flush_on_shutdown': 'without it, a replica that is removed takes its lines along',
  'limits_config.retention_period': RETENTION,
  'limits_config.retention_stream': RETENTION,
  'limits_config.max_query_lookback': RETENTION,
  'limits_config.max_query_length': RETENTION,
  'limits_config.query_timeout': 'write limits.queryTimeoutSeconds, which sets the HTTP timeouts too',
  'limits_config.discover_service_name': 'write the prop indexLabels',
  'limits_config.otlp_config': 'write the prop indexLabels',
  'limits_config.allow_deletes': `${IGNORED}; write limits_config.deletion_mode`,
  'distributor.otlp_config': 'write the prop indexLabels',
  'compactor.working_directory': 'only /loki and /tmp are writable',
  'compactor.retention_enabled': RETENTION,
  'compactor.delete_request_store': RETENTION,
  'ruler.storage': 'call addRules()',
  'ruler.rule_path': 'only /loki and /tmp are writable',
  'ruler.wal.dir': 'only /loki and /tmp are writable',
  'ruler.alertmanager_url': 'call addAlertmanager()',
  'ruler.remote_write': 'call addRemoteWrite()',
  'ruler.external_url': 'write the prop grafanaUrl',
  'ruler.external_labels': 'write the prop externalLabels',
  'ruler.enable_sharding': 'it follows the mode',
  ruler_storage: `${IGNORED} beside ruler.storage; call addRules()`,
  table_manager: `${IGNORED} with an index of this kind; ${RETENTION}`,
  ui: 'the image has no web interface: use Grafana',
  analytics: 'Loki must not phone home',
};

/** Fields that hold a secret. */
const SECRET_FIELDS = new Set([
  'access_key_id',
  'account_key',
  'api_key',
  'connection_string',
  'credentials',
  'password',
  'secret',
  'secret_access_key',
  'service_account',
  'token',
]);

function isSecretField(name: string): boolean {
  return SECRET_FIELDS.has(name) || /_(password|secret|token)$/.test(name);
}

/**
 * Refuses settings that the construct writes, and secrets.
 *
 * @throws SettingError for the first of them
 */
export function checkSettings(settings: object): void {
  refuseManaged('config', settings, MANAGED);
  refuseSecrets('config', settings);
}

function refuseSecrets(path: string, value: object): void {
  for (const [name, child] of Object.entries(value)) {
    const setting = `${path}.${name}`;
    if (typeof child === 'string' && child !== '' && isSecretField(name)) {
      const fix = 'the manifest would show it; write the field that names a file, with a key of a Secret';
      throw new SettingError(setting, HIDDEN, fix);
    }
    if (typeof child === 'object' && child !== null && !('credentials' in child && 'key' in child)) {
      refuseSecrets(setting, child);
    }
  }
}

const MODES = Object.keys(LARGEST_LOAD) as readonly LokiMode[];

/**
 * The mode of a stack.
 *
 * @throws SettingError for several replicas without a bucket: each would have a part of the lines
 */
export function modeOf({ mode, objectStorage }: Pick<LokiStackProps, 'mode' | 'objectStorage'>): LokiMode {
  const chosen = mode ?? (objectStorage ? 'replicated' : 'monolithic');
  if (!MODES.includes(chosen)) {
    throw new SettingError('mode', chosen, `write one of ${MODES.join(', ')}`);
  }
  if (chosen !== 'monolithic' && !objectStorage) {
    const fix = 'name a bucket in objectStorage: with volumes, each replica would have a part of the lines';
    throw new SettingError('mode', chosen, fix);
  }
  return chosen;
}

/**
 * Checks the props of a stack, except the settings.
 *
 * @throws SettingError
 */
export function checkLokiStack(props: LokiStackProps): void {
  const {
    gigabytesPerDay = LOKI_DEFAULTS.gigabytesPerDay,
    retention = LOKI_DEFAULTS.retention,
    objectStorage,
    grafanaUrl,
    zones,
  } = props;
  const mode = modeOf(props);
  if (!(Number.isFinite(gigabytesPerDay) && gigabytesPerDay > 0)) {
    throw new SettingError('gigabytesPerDay', gigabytesPerDay, 'write a number greater than zero');
  }
  if (gigabytesPerDay > LARGEST_LOAD[mode]) {
    const next = mode === 'monolithic' ? 'replicated' : 'distributed';
    const fix = `${mode} carries at most ${LARGEST_LOAD[mode]} GB a day; write mode: '${next}'`;
    throw new SettingError('gigabytesPerDay', gigabytesPerDay, fix);
  }
  checkRetention(retention, labelNames(resolveIndexLabels(props.indexLabels)));
  if (objectStorage) {
    checkObjectStorage(objectStorage);
  }
  if (grafanaUrl !== undefined) {
    httpUrl('grafanaUrl', grafanaUrl, 'https://grafana.example.com');
  }
  checkExternalLabels('externalLabels', props.externalLabels ?? {});
  checkPods(props, mode);
  if (zones !== undefined) {
    checkZones(zones, mode);
  }
}

function checkZones(zones: readonly string[], mode: LokiMode): void {
  if (mode !== 'distributed') {
    throw new SettingError('zones', zones, `leave it out: ${mode} spreads its replicas over zones without it`);
  }
  if (new Set(zones).size !== 3 || zones.length !== 3) {
    throw new SettingError('zones', zones, 'name three zones: each line is kept in three of them');
  }
}

function checkPods({ pod = {}, roles }: LokiStackProps, mode: LokiMode): void {
  if (roles && mode !== 'distributed') {
    throw new SettingError('roles', Object.keys(roles), `leave it out: ${mode} has one component; write pod`);
  }
  if (pod.replicas !== undefined && mode === 'distributed') {
    throw new SettingError(
      'pod.replicas',
      pod.replicas,
      'write the replicas of a component, e.g. roles.querier.replicas',
    );
  }
  checkTemporaryDirectory('pod', pod);
  for (const [role, options] of Object.entries(roles ?? {})) {
    checkTemporaryDirectory(`roles.${role}`, options);
  }
}

/** The compactor writes its markers to the temporary directory. If it cannot, it deletes nothing. */
function checkTemporaryDirectory(setting: string, { env = [] }: PodOptions): void {
  const variable = env.find(({ name }) => name === 'TMPDIR');
  if (variable) {
    const fix = 'leave it out: without a writable temporary directory, nothing is ever deleted, and no error says so';
    throw new SettingError(`${setting}.env.TMPDIR`, variable.value, fix);
  }
}
