import type { Configuration } from '../../remediation/configuration';
import type { Connection, Credentials, Endpoint } from '../kit';

/** How a connection is secured. */
export interface ConnectionTls {
  /** ConfigMap with the certificate of the authority, `ca.crt`. @default - the server's certificate is not checked */
  readonly configMap?: string;
}

/** A key of the Secret. */
export interface SecretKey {
  readonly credentials: Credentials;
  readonly key: string;
}

/** What actions change beside Kubernetes. */
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
      /** Another one than 0 needs the right `+select`. @default 0 */
      readonly database?: number;
      /** @default - not encrypted */
      readonly tls?: ConnectionTls;
    };

/** Defaults of `RemediationWebhookProps`. */
export const WEBHOOK_DEFAULTS = { mode: 'dry-run', replicas: 2 } as const;

/** Bounds that hold for every policy. */
export type Limits = Configuration['limits'];

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

/** A connection as the server reads it. */
export function connectionSettings(
  props: ConnectionProps,
  { host, port }: Connection,
  paths: { readonly credentials: string; readonly authority: string },
): Configuration['connections'][string] {
  const { kind, database, user, password, tls } = props;
  const common = {
    host,
    port,
    passwordFile: password && `${paths.credentials}/${password.key}`,
    tls: tls && { verify: tls.configMap !== undefined, caFile: tls.configMap && paths.authority },
  };
  return kind === 'postgres' ? { kind, ...common, database, user } : { kind, ...common, database, user };
}
