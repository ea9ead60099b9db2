export { type CertificateIssuer, RemediationWebhook, type RemediationWebhookProps } from './remediation-webhook';
export type { ConnectionProps, ConnectionTls, Limits, SecretKey } from './remediation-webhook-config';
export { WEBHOOK_DEFAULTS } from './remediation-webhook-config';
