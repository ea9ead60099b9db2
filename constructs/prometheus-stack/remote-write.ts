import { httpUrl } from '../kit';
import type { RemoteWriteConfig } from './prometheus-config';

/** A receiver of samples, in addition to the local storage. */
export interface RemoteWrite {
  /** Address of the receiver, e.g. `https://mimir.example.com/api/v1/push`. */
  readonly url: string;
  /** Ranges that hold the receiver's addresses, if they are private. @default - the Internet */
  readonly cidrs?: readonly string[];
  /** Names of the metrics to send, as one anchored regular expression. @default - every metric */
  readonly keep?: string;
  /** Key of the bearer token in the Secret. @default - none */
  readonly tokenKey?: string;
}

/**
 * A receiver as Prometheus reads it.
 *
 * @param credentialsPath directory of the tokens
 * @throws SettingError when the URL does not parse
 */
export function remoteWriteConfig(remoteWrite: RemoteWrite, credentialsPath: string): RemoteWriteConfig {
  const { url, keep, tokenKey } = remoteWrite;
  httpUrl('remoteWrites.url', url, 'https://mimir.example.com/api/v1/push');
  return {
    url,
    authorization: tokenKey ? { credentials_file: `${credentialsPath}/${tokenKey}` } : undefined,
    write_relabel_configs: keep ? [{ source_labels: ['__name__'], regex: keep, action: 'keep' }] : undefined,
  };
}

/** Keys of the tokens that a list of receivers needs. */
export function tokenKeys(remoteWrites: readonly RemoteWrite[]): readonly string[] {
  return remoteWrites.flatMap(({ tokenKey }) => tokenKey ?? []);
}
