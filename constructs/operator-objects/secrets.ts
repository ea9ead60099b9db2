import { Credentials, type SecretKey } from '../kit';
import type { ConfigMapKey, ScrapeBasicAuth, ScrapeCredentials, ScrapeTls } from '../prometheus-stack';
import type { Section, Source } from './source';

/** What the reader of credentials knows of Prometheus' pod. */
export interface SecretAccess {
  /** Prometheus' namespace: a pod mounts Secrets of its own namespace alone. */
  readonly namespace: string;
  /** `namespace/name` of the Secrets and ConfigMaps that exist in Prometheus' namespace as well. */
  readonly copies: readonly string[];
}

/** Credentials of an endpoint, and settings that refer to files in Prometheus' container. */
export interface EndpointCredentials {
  readonly credentials: ScrapeCredentials;
  readonly settings: { readonly [field: string]: unknown };
}

/** Reads `tlsConfig`, `basicAuth`, `bearerTokenSecret`, `bearerTokenFile` and `authorization`. */
export function credentialsIn(section: Section, source: Source, access: SecretAccess): EndpointCredentials {
  const reader = new CredentialReader(source, access);
  const tls = section.section('tlsConfig');
  const basicAuth = section.section('basicAuth');
  const authorization = section.section('authorization');
  const token = section.section('bearerTokenSecret');
  const tokenFile = section.get<string>('bearerTokenFile');
  const type = authorization?.get<string>('type');
  const bearerToken = reader.secretKey(token) ?? reader.secretKey(authorization?.section('credentials'));
  if (type !== undefined && type.toLowerCase() !== 'bearer') {
    authorization?.problem('type', 'only Bearer has a counterpart here: scrape it with prometheus.addScrapeConfig()');
  }
  authorization?.finish();
  return {
    credentials: { tls: tls && reader.tls(tls), basicAuth: basicAuth && reader.basicAuth(basicAuth), bearerToken },
    settings: {
      ...(tokenFile ? { authorization: { credentials_file: tokenFile } } : {}),
      ...(tls ? { tls_config: reader.tlsFiles(tls) } : {}),
    },
  };
}

class CredentialReader {
  constructor(
    private readonly source: Source,
    private readonly access: SecretAccess,
  ) {}

  tls(section: Section): ScrapeTls {
    const ca = section.section('ca');
    const cert = section.section('cert');
    if (cert?.section('configMap')) {
      cert.problem('configMap', 'a client certificate must be in a Secret here: write cert.secret');
    }
    const result = {
      ca: this.secretKey(ca?.section('secret')) ?? this.configMapKey(ca?.section('configMap')),
      cert: this.secretKey(cert?.section('secret')),
      key: this.secretKey(section.section('keySecret')),
      insecureSkipVerify: section.get<boolean>('insecureSkipVerify'),
    };
    ca?.finish();
    cert?.finish();
    return result;
  }

  /** Files that Prometheus' container has anyway, such as those of its ServiceAccount. */
  tlsFiles(section: Section): { readonly [field: string]: unknown } {
    const files = {
      ca_file: section.get<string>('caFile'),
      cert_file: section.get<string>('certFile'),
      key_file: section.get<string>('keyFile'),
      server_name: section.get<string>('serverName'),
      min_version: section.get<string>('minVersion'),
      max_version: section.get<string>('maxVersion'),
    };
    section.finish();
    return Object.fromEntries(Object.entries(files).filter(([, value]) => value !== undefined));
  }

  basicAuth(section: Section): ScrapeBasicAuth | undefined {
    const username = this.secretKey(section.section('username'));
    const password = this.secretKey(section.section('password'));
    if (!username || !password) {
      section.problem(username ? 'password' : 'username', 'is not set: name the key of a Secret');
      return undefined;
    }
    section.finish();
    return { username, password };
  }

  secretKey(section: Section | undefined): SecretKey | undefined {
    const reference = section && this.reference(section, 'Secret');
    return reference && { credentials: new Credentials(reference.name), key: reference.key };
  }

  private configMapKey(section: Section | undefined): ConfigMapKey | undefined {
    const reference = section && this.reference(section, 'ConfigMap');
    return reference && { configMap: reference.name, key: reference.key };
  }

  private reference(section: Section, kind: string): { readonly name: string; readonly key: string } | undefined {
    const name = section.get<string>('name');
    const key = section.get<string>('key');
    section.get<boolean>('optional');
    section.finish();
    // Charts render `{ key: '' }` where nothing is meant.
    if (!name || !key) {
      return undefined;
    }
    const { namespace } = this.source;
    const path = `${namespace}/${name}`;
    if (namespace !== this.access.namespace && !this.access.copies.includes(path)) {
      section.problem(
        'name',
        `Prometheus cannot mount the ${kind} ${path}: copy it to ${this.access.namespace}, and name "${path}" in the prop "copies"`,
      );
    }
    return { name, key };
  }
}
