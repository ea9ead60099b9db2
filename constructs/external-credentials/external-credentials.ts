import { Construct } from 'constructs';
import { ExternalSecret, type ExternalSecretProps } from '../../imports/external-secrets.io';
import { type Credentials, lazily } from '../kit';
import { externalSecretSpec } from './external-credentials-config';

export interface ExternalCredentialsProps {
  /** The Secret that the operator keeps filled. */
  readonly credentials: Credentials;
  /** Name of the SecretStore or ClusterSecretStore. */
  readonly store: string;
  /** @default ClusterSecretStore */
  readonly storeKind?: 'SecretStore' | 'ClusterSecretStore';
  /** Entry of the store whose properties are named like the keys of `.env`. */
  readonly entry: string;
  /** How often the store is read. @default 1h */
  readonly refreshInterval?: string;
}

/**
 * The platform's Secret, kept by the External Secrets Operator: every key that a component asks for is read from one
 * entry of a secret store.
 */
export class ExternalCredentials extends Construct {
  constructor(scope: Construct, id: string, props: ExternalCredentialsProps) {
    super(scope, id);
    new ExternalSecret(this, 'external-secret', {
      metadata: { name: props.credentials.secretName },
      spec: lazily<ExternalSecretProps['spec']>(() => externalSecretSpec(props)),
    });
  }
}
