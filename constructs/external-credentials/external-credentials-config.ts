import type { ExternalSecretSpec } from '../../imports/external-secrets.io';
import type { ExternalCredentialsProps } from './external-credentials';

/** What the operator reads, and the Secret that it makes of it. */
export function externalSecretSpec(props: ExternalCredentialsProps): ExternalSecretSpec {
  const { credentials, store, storeKind, entry, refreshInterval } = props;
  return {
    refreshInterval: refreshInterval ?? '1h',
    secretStoreRef: { name: store, kind: storeKind ?? 'ClusterSecretStore' },
    target: { name: credentials.secretName, creationPolicy: 'Owner' },
    data: credentials.keys.map((key) => ({ secretKey: key, remoteRef: { key: entry, property: key } })),
  };
}
