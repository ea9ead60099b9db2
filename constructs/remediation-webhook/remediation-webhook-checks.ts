import * as v from 'valibot';
import { limitsSchema } from '../../remediation/limits';
import { type Connection, httpUrl, type SecretKey, SettingError } from '../kit';
import {
  checkCount,
  checkCredentials,
  checkExternalLabels,
  checkName,
  checkObjectName,
  checkScheme,
} from '../kit/checks';
import { type ConnectionProps, DEFAULT_LIMITS, type Limits, type RemediationMode } from './remediation-webhook-config';
import type { RemediationWebhookProps } from './remediation-webhook-props';

const MODES: readonly RemediationMode[] = ['dry-run', 'active'];

/** Protocols of the endpoints of each kind of connection. */
const SCHEMES = { postgres: ['postgresql', 'postgres'], redis: ['redis', 'rediss'] } as const;

/** Protocols of Prometheus, and of the receiver of traces. */
export const HTTP_SCHEMES = ['http', 'https'];

/** The props that are checked: those whose value is known before the webhook connects. */
export type CheckedWebhook = Pick<
  RemediationWebhookProps,
  | 'mode'
  | 'replicas'
  | 'externalLabels'
  | 'links'
  | 'connections'
  | 'slack'
  | 'limits'
  | 'retention'
  | 'tlsSecret'
  | 'certificate'
>;

/**
 * Checks the props of a RemediationWebhook, except the policies and the endpoints.
 *
 * @throws SettingError
 */
export function checkWebhook(props: CheckedWebhook): void {
  const { mode, replicas, externalLabels = {}, links = {}, connections = {}, slack, tlsSecret, certificate } = props;
  if (mode !== undefined && !MODES.includes(mode)) {
    throw new SettingError('mode', mode, `write one of ${MODES.join(', ')}`);
  }
  if (replicas !== undefined) {
    checkCount('replicas', replicas);
  }
  checkExternalLabels('externalLabels', externalLabels);
  for (const [name, url] of Object.entries(links)) {
    if (url !== undefined) {
      httpUrl(`links.${name}`, url, 'https://grafana.example.com/d/monitoring');
    }
  }
  for (const [name, connection] of Object.entries(connections)) {
    checkConnection(name, connection);
  }
  if (slack) {
    checkSlack(slack);
  }
  checkNumbers(props);
  if (tlsSecret !== undefined) {
    checkObjectName('tlsSecret', tlsSecret);
  }
  if (certificate) {
    checkObjectName('certificate.issuer', certificate.issuer);
  }
}

/**
 * Checks that a connection is of the protocol that its client speaks.
 *
 * @throws SettingError
 */
export function checkConnectionScheme(name: string, kind: ConnectionProps['kind'], connection: Connection): void {
  checkScheme(`connections.${name}.endpoint`, connection, SCHEMES[kind]);
}

function checkConnection(name: string, { kind, database, user, password, tls }: ConnectionProps): void {
  // The name is in that of a volume.
  checkName('connections', name);
  const setting = `connections.${name}`;
  if (!Object.hasOwn(SCHEMES, kind)) {
    throw new SettingError(`${setting}.kind`, kind, `write one of ${Object.keys(SCHEMES).join(', ')}`);
  }
  if (kind === 'postgres') {
    checkText(`${setting}.database`, database, 'write the name of the database');
    checkText(`${setting}.user`, user, 'write the name of the role');
  } else if (database !== undefined && !(Number.isInteger(database) && database >= 0)) {
    throw new SettingError(`${setting}.database`, database, 'write the number of the database, from 0');
  }
  if (password) {
    checkKey(`${setting}.password`, password);
  }
  if (tls?.configMap !== undefined) {
    checkObjectName(`${setting}.tls.configMap`, tls.configMap);
  }
  if (tls?.key !== undefined) {
    checkKeyName(`${setting}.tls.key`, tls.key);
  }
}

function checkSlack({ channel, token }: NonNullable<CheckedWebhook['slack']>): void {
  // A name, or the id that the channel's details show.
  if (!/^(#\S+|[CG][A-Z0-9]{8,})$/.test(channel)) {
    throw new SettingError('slack.channel', channel, 'write the name of a channel, e.g. #alerts');
  }
  checkKey('slack.token', token);
}

function checkNumbers({ limits = {}, retention }: CheckedWebhook): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
      throw new SettingError('limits', name, `write one of ${Object.keys(DEFAULT_LIMITS).join(', ')}`);
    }
    const schema = limitsSchema.entries[name as keyof Limits];
    if (value !== undefined && !v.is(schema, value)) {
      throw new SettingError(`limits.${name}`, value, `write a whole number, from ${v.is(schema, 0) ? 0 : 1}`);
    }
  }
  if (retention) {
    checkCount('retention.days', retention.days);
    checkCount('retention.records', retention.records);
  }
}

function checkKey(setting: string, { credentials, key }: SecretKey): void {
  checkCredentials(`${setting}.credentials`, credentials ?? '');
  checkKeyName(`${setting}.key`, key);
}

/** https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data */
function checkKeyName(setting: string, key: string): void {
  if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key)) {
    throw new SettingError(setting, key, 'write the name of a key: letters, digits, dashes, dots and underscores');
  }
}

function checkText(setting: string, value: string | undefined, fix: string): void {
  if (value === undefined || value.trim() === '') {
    throw new SettingError(setting, value, fix);
  }
}
