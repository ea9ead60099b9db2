import type { Limits, RemediationPolicy } from '../../remediation';
import type { Configuration } from '../../remediation/configuration';
import {
  type Connection,
  configMapFiles,
  DuplicateNameError,
  type Endpoint,
  type Mount,
  type SecretKey,
  SettingError,
  secretFiles,
} from '../kit';

export type { Limits } from '../../remediation';

/** How a connection is secured. */
export interface ConnectionTls {
  /**
   * ConfigMap with the certificate of the authority. The server's certificate must be signed by it, and name the host.
   * @default - that of `secret`; without both, the server's certificate is not checked
   */
  readonly configMap?: string;
  /** Secret with the certificate of the authority, instead of a ConfigMap. @default - that of `configMap` */
  readonly secret?: string;
  /** Key of the certificate in the ConfigMap or the Secret. @default ca.crt */
  readonly key?: string;
}

/** `dry-run` asks the targets what would happen; `active` changes them. */
export type RemediationMode = 'dry-run' | 'active';

/** Links in the webhook's own alerts. */
export interface WebhookLinks {
  /** URL of the runbooks, without the alert's name. @default - no link */
  readonly runbooks?: string;
  /** URL of a dashboard. @default - no link */
  readonly dashboard?: string;
}

/** A Loki that the webhook reads. */
export interface WebhookLoki {
  /** Where it answers queries. */
  readonly queryEndpoint: Endpoint;
  /** Where it lists the alerts of its rules. */
  readonly rulesEndpoint: Endpoint;
}

/** How long finished records are kept. */
export interface RecordRetention {
  /** Days, 1 or more. */
  readonly days: number;
  /** Number of records, 1 or more: older ones are deleted first. */
  readonly records: number;
}

/** Slack channel for approvals and failures. */
export interface WebhookSlack {
  /** Name of the channel: `#alerts`. */
  readonly channel: string;
  /** Bot token, which needs the scope `chat:write`. */
  readonly token: SecretKey;
}

/** A server that actions change beside Kubernetes. */
export type ConnectionProps =
  | {
      /** Kind of the server. */
      readonly kind: 'postgres';
      /** Where the server listens. */
      readonly endpoint: Endpoint;
      /** Name of the database. */
      readonly database: string;
      /** Name of the role or user. */
      readonly user: string;
      /** Key of the password. */
      readonly password?: SecretKey;
      /** How the connection is secured. @default - not encrypted */
      readonly tls?: ConnectionTls;
    }
  | {
      /** Kind of the server. */
      readonly kind: 'redis';
      /** Where the server listens. */
      readonly endpoint: Endpoint;
      /** Name of the role or user. @default - the default user */
      readonly user?: string;
      /** Key of the password. */
      readonly password?: SecretKey;
      /** Number of the database. Any other than 0 needs the ACL permission `+select`. @default 0 */
      readonly database?: number;
      /** How the connection is secured. @default - not encrypted */
      readonly tls?: ConnectionTls;
    };

/** Defaults of `RemediationWebhookProps`. */
export const WEBHOOK_DEFAULTS = { mode: 'dry-run', replicas: 2 } as const;

type ConnectionsProps = { readonly [name: string]: ConnectionProps };

/** Limits of a webhook that sets none. */
export const DEFAULT_LIMITS: Limits = {
  freshnessSeconds: 900,
  approvalSeconds: 3600,
  budgetPerHour: 6,
  budgetPerActionPerHour: 5,
  circuitFailures: 3,
  circuitOpenSeconds: 3600,
  repeatSeconds: 600,
  verificationIntervalSeconds: 15,
  lockSeconds: 30,
};

export const DEFAULT_RETENTION: RecordRetention = { days: 90, records: 2000 };

const CREDENTIALS_PATH = '/etc/remediation-credentials';
const CA_PATH = '/etc/remediation-ca';

/**
 * A connection as the server reads it.
 *
 * @internal
 */
export function connectionSettings(
  name: string,
  props: ConnectionProps,
  { host, port }: Connection,
  file: SecretFile,
): Configuration['connections'][string] {
  const { password, tls } = props;
  const verify = tls?.configMap !== undefined || tls?.secret !== undefined;
  const common = {
    host,
    port,
    passwordFile: password && file(password),
    tls: tls && {
      verify,
      caFile: verify ? `${CA_PATH}/${name}/${tls.key ?? 'ca.crt'}` : undefined,
    },
  };
  // The arms differ in the types of `database` and `user`.
  return props.kind === 'postgres'
    ? { kind: props.kind, ...common, database: props.database, user: props.user }
    : { kind: props.kind, ...common, database: props.database, user: props.user };
}

/**
 * The certificate authorities of the connections.
 *
 * @throws SettingError for a connection that has two
 */
export function authorityMounts(connections: ConnectionsProps): readonly Mount[] {
  return Object.entries(connections).flatMap(([name, { tls = {} }]) => {
    const { configMap, secret, key = 'ca.crt' } = tls;
    const [volume, path] = [`ca-${name}`, `${CA_PATH}/${name}`];
    if (configMap !== undefined && secret !== undefined) {
      throw new SettingError(`connections.${name}.tls.secret`, secret, 'write a ConfigMap or a Secret, not both');
    }
    return [
      ...(configMap === undefined ? [] : [configMapFiles(volume, configMap, path)]),
      // Only the certificate: a Secret may hold the private key of the authority, too.
      ...(secret === undefined ? [] : [secretFiles(volume, secret, path, { keys: [key] })]),
    ];
  });
}

/** Path of the file that holds a key of a Secret. */
export type SecretFile = (key: SecretKey) => string;

/** The keys that the server reads from files: the bot token of Slack, and the passwords of the connections. */
export function secretKeys(slackToken: SecretKey | undefined, connections: ConnectionsProps): readonly SecretKey[] {
  return [slackToken, ...Object.values(connections).map(({ password }) => password)].filter(
    (key): key is SecretKey => key !== undefined,
  );
}

/** Where the files of each Secret are: those of the first in one directory, those of the others below directories. */
export function secretFile(keys: readonly SecretKey[]): SecretFile {
  const [first] = keys;
  return ({ credentials: { secretName }, key }) => `${directory(secretName, first)}/${key}`;
}

/** The files of every Secret. A Secret is optional: without it the server starts, but some actions fail. */
export function credentialMounts(keys: readonly SecretKey[]): readonly Mount[] {
  const secrets = [...new Set(keys.map(({ credentials }) => credentials.secretName))];
  return secrets.flatMap((secretName) => {
    const own = keys.filter(({ credentials }) => credentials.secretName === secretName);
    const names = own.map(({ key }) => key);
    // Several objects may stand for one Secret: each records the keys, and the mounts are the same.
    return own.map(({ credentials }) => credentials.files(directory(secretName, keys[0]), names, true)).slice(0, 1);
  });
}

function directory(secretName: string, first: SecretKey | undefined): string {
  return secretName === first?.credentials.secretName ? CREDENTIALS_PATH : `${CREDENTIALS_PATH}-${secretName}`;
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
