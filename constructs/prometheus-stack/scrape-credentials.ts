import type { k8s } from 'cdk8s-plus-28';
import { type Mount, projectedFiles, type SecretKey, SettingError } from '../kit';
import type { ScrapeConfig } from './prometheus-config';

/** A key of a ConfigMap in Prometheus' namespace, e.g. of trust-manager. */
export interface ConfigMapKey {
  /** Name of the ConfigMap. */
  readonly configMap: string;
  /** Name of the key. @default ca.crt */
  readonly key?: string;
}

/** How a scrape job verifies its targets, and how it proves who it is. */
export interface ScrapeTls {
  /** Certificate of the authority that signs the targets'. @default - the system's authorities */
  readonly ca?: SecretKey | ConfigMapKey;
  /** Client certificate; needs `key`. @default - none */
  readonly cert?: SecretKey;
  /** Private key of the client certificate. @default - none */
  readonly key?: SecretKey;
  /**
   * Name that the targets' certificates must have. Targets are addresses of pods, which are in no certificate.
   * @default - the host of the endpoint, e.g. `etcd.storage.svc`
   */
  readonly serverName?: string;
  /** Accept any certificate. @default false */
  readonly insecureSkipVerify?: boolean;
}

/** Name and password of a scrape job. */
export interface ScrapeBasicAuth {
  /** The name itself, or the key that holds it. */
  readonly username: string | SecretKey;
  /** The key that holds the password. */
  readonly password: SecretKey;
}

/** What a scrape job reads from Secrets. The server starts without them; the job fails until they exist. */
export interface ScrapeCredentials {
  /** TLS; the scheme becomes `https`. @default - none */
  readonly tls?: ScrapeTls;
  /** HTTP basic authentication. @default - none */
  readonly basicAuth?: ScrapeBasicAuth;
  /** Key that holds a bearer token. @default - none */
  readonly bearerToken?: SecretKey;
}

export interface ScrapeCredentialsProps extends ScrapeCredentials {
  readonly job: string;
  /** Host of the endpoint. */
  readonly host: string;
  /** Directory of the files. */
  readonly path: string;
}

/** The settings of a job, and the files that they name. */
export interface JobCredentials {
  readonly config: Pick<ScrapeConfig, 'scheme' | 'tls_config' | 'basic_auth' | 'authorization'>;
  readonly mounts: readonly Mount[];
}

/**
 * The authentication of a scrape job.
 *
 * @throws SettingError for a certificate without a key, or for both a password and a token
 */
export function jobCredentials(props: ScrapeCredentialsProps): JobCredentials {
  const { job, host, path, tls, basicAuth, bearerToken } = props;
  check(props);
  const sources: k8s.VolumeProjection[] = [];
  const file = (name: string, source: SecretKey | ConfigMapKey | undefined) => {
    if (!source) {
      return undefined;
    }
    sources.push(projection(name, source));
    return `${path}/${name}`;
  };
  const config = {
    ...(tls && {
      scheme: 'https',
      tls_config: {
        ca_file: file('ca.crt', tls.ca),
        cert_file: file('tls.crt', tls.cert),
        key_file: file('tls.key', tls.key),
        server_name: tls.serverName ?? host,
        insecure_skip_verify: tls.insecureSkipVerify,
      },
    }),
    ...(basicAuth && {
      basic_auth: {
        ...(typeof basicAuth.username === 'string'
          ? { username: basicAuth.username }
          : { username_file: file('username', basicAuth.username) }),
        password_file: file('password', basicAuth.password),
      },
    }),
    ...(bearerToken && { authorization: { credentials_file: file('token', bearerToken)! } }),
  };
  const mount = { ...projectedFiles(volumeName(job), path, sources), numbered: true };
  return { config, mounts: sources.length > 0 ? [mount] : [] };
}

function check({ job, tls, basicAuth, bearerToken }: ScrapeCredentialsProps): void {
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    const missing = tls?.cert ? 'key' : 'cert';
    throw new SettingError(`tls.${missing} of scrape job ${job}`, undefined, 'a client needs certificate and key');
  }
  if (basicAuth && bearerToken) {
    throw new SettingError(`bearerToken of scrape job ${job}`, bearerToken.key, 'leave out either it or basicAuth');
  }
}

function projection(file: string, source: SecretKey | ConfigMapKey): k8s.VolumeProjection {
  if ('credentials' in source) {
    return source.credentials.projection(source.key, file, true);
  }
  const { configMap, key = 'ca.crt' } = source;
  return { configMap: { name: configMap, items: [{ key, path: file }], optional: true } };
}

/** Names of volumes are DNS labels. */
function volumeName(job: string): string {
  const slug = job.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `scrape-${slug}`.slice(0, 55).replace(/-+$/, '');
}
