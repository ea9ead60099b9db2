import type { Limits, RemediationPolicy } from '../../remediation';
import type { Configuration } from '../../remediation/configuration';
import {
  type Connection,
  type Credentials,
  configMapFiles,
  DuplicateNameError,
  type Endpoint,
  type Mount,
  SettingError,
} from '../kit';

export type { Limits } from '../../remediation';

/** How a connection is secured. */
export interface ConnectionTls {
  /** ConfigMap with the certificate of the authority, `ca.crt`. @default - the server's certificate is not checked */
  readonly configMap?: string;
}

/** A key of a Secret. */
export interface SecretKey {
  readonly credentials: Credentials;
  readonly key: string;
}

/** A server that actions change beside Kubernetes. */
export type ConnectionProps =
  | {
      readonly kind: 'postgres';
      readonly endpoint: Endpoint;
      readonly database: string;
      readonly user: string;
      readonly password?: SecretKey;
      /** @default - not encrypted */
      readonly tls?: ConnectionTls;
    }
  | {
      readonly kind: 'redis';
      readonly endpoint: Endpoint;
      /** @default - the default user */
      readonly user?: string;
      readonly password?: SecretKey;
      /** Number of the database. Any other than 0 needs the ACL permission `+select`. @default 0 */
      readonly database?: number;
      /** @default - not encrypted */
      readonly tls?: ConnectionTls;
    };

/** Defaults of `RemediationWebhookProps`. */
export const WEBHOOK_DEFAULTS = { mode: 'dry-run', replicas: 2 } as const;

type ConnectionsProps = { readonly [name: string]: ConnectionProps };

export const DEFAULT_LIMITS: Limits = {
  freshnessSeconds: 900,
  approvalSeconds: 3600,
  budgetPerHour: 6,
  circuitFailures: 3,
  circuitOpenSeconds: 3600,
  repeatSeconds: 600,
  verificationIntervalSeconds: 15,
  lockSeconds: 30,
};

export const DEFAULT_RETENTION: Configuration['retention'] = { days: 90, records: 2000 };

export const CREDENTIALS_PATH = '/etc/remediation-credentials';
const CA_PATH = '/etc/remediation-ca';

/** A connection as the server reads it. */
export function connectionSettings(
  name: string,
  props: ConnectionProps,
  { host, port }: Connection,
): Configuration['connections'][string] {
  const { password, tls } = props;
  const common = {
    host,
    port,
    passwordFile: password && `${CREDENTIALS_PATH}/${password.key}`,
    tls: tls && { verify: tls.configMap !== undefined, caFile: tls.configMap && `${CA_PATH}/${name}/ca.crt` },
  };
  // The arms differ in the types of `database` and `user`.
  return props.kind === 'postgres'
    ? { kind: props.kind, ...common, database: props.database, user: props.user }
    : { kind: props.kind, ...common, database: props.database, user: props.user };
}

/** The certificate authorities of the connections. */
export function authorityMounts(connections: ConnectionsProps): readonly Mount[] {
  return Object.entries(connections).flatMap(([name, { tls }]) =>
    tls?.configMap ? [configMapFiles(`ca-${name}`, tls.configMap, `${CA_PATH}/${name}`)] : [],
  );
}

/** The files of the Secret: the bot token of Slack, and the passwords of the connections. */
export function credentialMounts(slackToken: SecretKey | undefined, connections: ConnectionsProps): readonly Mount[] {
  const keys = [slackToken, ...Object.values(connections).map(({ password }) => password)].filter(
    (key): key is SecretKey => key !== undefined,
  );
  const [first] = keys;
  const names = keys.map(({ key }) => key);
  // The Secret is optional: without it the server starts, and the actions that need no password work.
  return first ? [first.credentials.files(CREDENTIALS_PATH, names, true)] : [];
}

/**
 * Checks policies and connections against each other.
 *
 * @param needed names of the connections that the policies use
 * @throws SettingError when a connection is missing
 * @throws DuplicateNameError when two policies have the same name
 */
export function checkPolicies(
  policies: readonly RemediationPolicy[],
  needed: readonly string[],
  connections: ConnectionsProps,
): void {
  for (const name of needed) {
    if (!connections[name]) {
      throw new SettingError(`connections.${name}`, undefined, 'a policy needs it: add the connection');
    }
  }
  const names = policies.map((policy) => policy.name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated) {
    throw new DuplicateNameError('policy name', repeated);
  }
}
