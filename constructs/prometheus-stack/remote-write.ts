import {
  type Component,
  type Credentials,
  type Destination,
  DuplicateNameError,
  Endpoint,
  httpUrl,
  refuseManaged,
  type SecretFiles,
  SettingError,
  type WithSecretKeys,
} from '../kit';
import { checkCidrs, checkReachable, privateHost } from '../kit/checks';
import { serverOf } from '../kit/url';
import type { RemoteWriteConfig } from './prometheus-config';

/** Where the tokens of the receivers are. */
const CREDENTIALS_PATH = '/etc/prometheus/credentials';

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
  /**
   * More settings, as Prometheus reads them: `basic_auth`, `sigv4`, `oauth2`, `tls_config`, `headers`, `queue_config` …
   * A field that names a file takes a key of a Secret.
   * @default - Prometheus' own
   */
  readonly config?: WithSecretKeys<RemoteWriteSettings>;
}

/** Settings of a receiver of samples, without its URL. */
export type RemoteWriteSettings = Omit<RemoteWriteConfig, 'url'>;
const EXAMPLE = 'https://mimir.example.com/api/v1/push';

/**
 * A receiver as Prometheus reads it.
 *
 * @param credentialsPath directory of the tokens
 * @param settings more settings, with the paths of its Secrets' files
 * @throws SettingError for a setting that another prop writes
 */
export function remoteWriteConfig(
  remoteWrite: RemoteWrite,
  credentialsPath: string,
  settings: RemoteWriteSettings,
): RemoteWriteConfig {
  const { url, keep, tokenKey } = remoteWrite;
  refuseManaged('remoteWrites.config', settings, {
    url: 'write url beside config',
    ...(tokenKey && { authorization: 'tokenKey writes it' }),
  });
  const keepRules = keep ? [{ source_labels: ['__name__'], regex: keep, action: 'keep' as const }] : [];
  const relabelling = [...keepRules, ...(settings.write_relabel_configs ?? [])];
  return {
    url,
    ...settings,
    authorization: tokenKey ? { credentials_file: `${credentialsPath}/${tokenKey}` } : settings.authorization,
    write_relabel_configs: relabelling.length > 0 ? relabelling : undefined,
  };
}

/** Where Prometheus sends samples and asks for tokens. The cloud's own services are reached by HTTPS on port 443. */
export function remoteWriteDestinations(remoteWrite: RemoteWrite, settings: RemoteWriteSettings): Destination[] {
  const { oauth2, proxy_url, sigv4, azuread, google_iam } = settings;
  return [
    Endpoint.url(proxy_url ?? remoteWrite.url, remoteWrite.cidrs),
    ...(oauth2?.token_url ? [tokenServer(oauth2.proxy_url ?? oauth2.token_url, remoteWrite.cidrs)] : []),
    ...(sigv4 || azuread || google_iam ? [Endpoint.anyHost()] : []),
  ];
}

/** A server of tokens in the same private ranges, or on the Internet. */
function tokenServer(url: string, cidrs: readonly string[] | undefined): Destination {
  const { host } = serverOf(httpUrl('remoteWrites.config.oauth2.token_url', url, 'https://login.example.com/token'));
  return Endpoint.url(url, privateHost(host) ? cidrs : undefined);
}

/**
 * Checks a list of receivers.
 *
 * @throws SettingError for an invalid URL or range, and for a private host without ranges
 * @throws DuplicateNameError for the same receiver twice, which Prometheus refuses
 */
export function checkRemoteWrites(remoteWrites: readonly RemoteWrite[]): void {
  const known = new Set<string>();
  for (const { url, cidrs, keep, tokenKey, config } of remoteWrites) {
    const { host } = serverOf(httpUrl('remoteWrites.url', url, EXAMPLE));
    checkCidrs('remoteWrites.cidrs', cidrs);
    checkReachable('remoteWrites.url', url, host, cidrs);
    const key = JSON.stringify([url, keep, tokenKey, config]);
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

/**
 * The configuration of every receiver. Mounts their tokens and opens the way to them.
 *
 * @throws SettingError when a receiver has a token and no Secret is named
 */
export function addRemoteWrites(
  component: Component,
  secrets: SecretFiles,
  {
    remoteWrites = [],
    credentials,
  }: { readonly remoteWrites?: readonly RemoteWrite[]; readonly credentials?: Credentials },
): readonly RemoteWriteConfig[] {
  const keys = tokenKeys(remoteWrites);
  if (keys.length > 0 && !credentials) {
    throw new SettingError('credentials', credentials, `name the Secret that holds ${keys.join(', ')}`);
  }
  if (keys.length > 0 && credentials) {
    component.addMount(credentials.files(CREDENTIALS_PATH, keys, true));
  }
  return remoteWrites.map((remoteWrite) => {
    const settings = secrets.resolve<RemoteWriteSettings>(
      'remoteWrites.config',
      'remote_write',
      remoteWrite.config ?? {},
    );
    for (const destination of remoteWriteDestinations(remoteWrite, settings)) {
      component.allowEgressTo(destination);
    }
    return remoteWriteConfig(remoteWrite, CREDENTIALS_PATH, settings);
  });
}
