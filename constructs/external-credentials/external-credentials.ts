import type { Construct } from 'constructs';
import { ExternalSecret, type ExternalSecretSpec } from '../../imports/external-secrets.io';
import { type Credentials, lazily, patchable, SettingError } from '../kit';
import { checkCredentials, checkGoDuration, checkObjectName } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';

/** Props of `ExternalCredentials`. */
export interface ExternalCredentialsProps {
  /** The Secret that the operator fills. */
  readonly credentials: Credentials;
  /** Name of the SecretStore or ClusterSecretStore. */
  readonly store: string;
  /** Kind of the store. @default ClusterSecretStore */
  readonly storeKind?: 'SecretStore' | 'ClusterSecretStore';
  /** Entry of the store. Its properties have the names of the Secret's keys. */
  readonly entry: string;
  /** How often the operator reads the store, in hours, minutes or seconds. @default 1h */
  readonly refreshInterval?: string;
}

const DEFAULT_INTERVAL = '1h';

/**
 * The Secret of the credentials, filled by the External Secrets Operator: it reads every key that a component asks for
 * from one entry of a secret store. https://external-secrets.io/latest/api/externalsecret/
 *
 * @example
 * new ExternalCredentials(chart, 'credentials', { credentials, store: 'vault', entry: 'monitoring' });
 */
export class ExternalCredentials extends PatchableConstruct {
  /** @throws SettingError for an invalid name or duration, and for no entry */
  constructor(scope: Construct, id: string, props: ExternalCredentialsProps) {
    super(scope, id);
    checkCredentials('credentials', props.credentials);
    checkObjectName('store', props.store);
    checkGoDuration('refreshInterval', props.refreshInterval ?? DEFAULT_INTERVAL);
    if (props.entry.trim() === '') {
      throw new SettingError('entry', props.entry, 'name the entry of the store that holds the keys');
    }
    this.node.defaultChild = patchable(
      new ExternalSecret(this, 'external-secret', {
        metadata: { name: props.credentials.secretName },
        spec: lazily(() => externalSecretSpec(props)),
      }),
    );
  }
}

function externalSecretSpec(props: ExternalCredentialsProps): ExternalSecretSpec {
  const { credentials, store, storeKind, entry, refreshInterval } = props;
  return {
    refreshInterval: refreshInterval ?? DEFAULT_INTERVAL,
    secretStoreRef: { name: store, kind: storeKind ?? 'ClusterSecretStore' },
    target: { name: credentials.secretName, creationPolicy: 'Owner' },
    data: credentials.keys.map((key) => ({ secretKey: key, remoteRef: { key: entry, property: key } })),
  };
}
