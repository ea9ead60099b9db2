import type { Construct } from 'constructs';
import { Certificate } from '../../imports/cert-manager.io';
import { type Component, type Mount, patchable, secretFiles } from '../kit';

/** An issuer of cert-manager. */
export interface CertificateIssuer {
  /** Name of the Issuer or ClusterIssuer. */
  readonly issuer: string;
  /** Kind of the issuer. @default ClusterIssuer */
  readonly issuerKind?: 'Issuer' | 'ClusterIssuer';
}

/** Where the webhook finds its certificate. */
export const TLS_PATH = '/etc/remediation-tls';

/** Where Alertmanager finds the authority of the webhook's certificate. */
export const AUTHORITY_PATH = '/etc/alertmanager/remediation-ca';

/** A certificate for the Service of a component, which cert-manager issues into a Secret and renews. */
export function addCertificate(scope: Construct, component: Component, issuer: CertificateIssuer, secretName: string) {
  const { name, namespace, labels } = component;
  patchable(
    new Certificate(scope, 'certificate', {
      metadata: { name, labels: { ...labels } },
      spec: {
        secretName,
        dnsNames: [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`],
        privateKey: { algorithm: 'ECDSA', rotationPolicy: 'Always' },
        issuerRef: { name: issuer.issuer, kind: issuer.issuerKind ?? 'ClusterIssuer' },
      },
    }),
  );
}

/** Certificate and private key, for the webhook. */
export function tlsMount(secretName: string): Mount {
  return secretFiles('tls', secretName, TLS_PATH);
}

/** Only the certificate of the authority, for Alertmanager. The private key stays with the webhook. */
export function authorityMount(secretName: string): Mount {
  return secretFiles('remediation-ca', secretName, AUTHORITY_PATH, { keys: ['ca.crt'] });
}
