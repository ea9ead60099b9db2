import { DuplicateNameError, httpUrl } from '../kit';
import { checkCidrs, checkReachable } from '../kit/checks';
import { serverOf } from '../kit/url';
import type { RemoteWriteConfig } from './prometheus-config';

/** A receiver of samples, in addition to the local storage. */
export interface RemoteWrite {
  /** Address of the receiver, e.g. `https://mimir.example.com/api/v1/push`. */
  readonly url: string;
  /** Ranges that hold the receiver's addresses. Required for a private host. @default - the Internet */
  readonly cidrs?: readonly string[];
  /** Names of the metrics to send, as one anchored regular expression. @default - every metric */
  readonly keep?: string;
  /** Key of the bearer token in the Secret. @default - none */
  readonly tokenKey?: string;
}

const EXAMPLE = 'https://mimir.example.com/api/v1/push';

/**
 * A receiver as Prometheus reads it.
 *
 * @param credentialsPath directory of the tokens
 */
export function remoteWriteConfig(remoteWrite: RemoteWrite, credentialsPath: string): RemoteWriteConfig {
  const { url, keep, tokenKey } = remoteWrite;
  return {
    url,
    authorization: tokenKey ? { credentials_file: `${credentialsPath}/${tokenKey}` } : undefined,
    write_relabel_configs: keep ? [{ source_labels: ['__name__'], regex: keep, action: 'keep' }] : undefined,
  };
}

/**
 * Checks a list of receivers.
 *
 * @throws SettingError for an invalid URL or range, and for a private host without ranges
 * @throws DuplicateNameError for the same receiver twice, which Prometheus refuses
 */
export function checkRemoteWrites(remoteWrites: readonly RemoteWrite[]): void {
  const known = new Set<string>();
  for (const { url, cidrs, keep, tokenKey } of remoteWrites) {
    const { host } = serverOf(httpUrl('remoteWrites.url', url, EXAMPLE));
    checkCidrs('remoteWrites.cidrs', cidrs);
    checkReachable('remoteWrites.url', url, host, cidrs);
    const key = JSON.stringify([url, keep, tokenKey]);
    if (known.has(key)) {
      throw new DuplicateNameError('remote write', url, 'remove one of them');
    }
    known.add(key);
  }
}

/** Keys of the tokens that a list of receivers needs. */
export function tokenKeys(remoteWrites: readonly RemoteWrite[]): readonly string[] {
  return remoteWrites.flatMap(({ tokenKey }) => tokenKey ?? []);
}
