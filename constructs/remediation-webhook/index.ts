export { ownAlertsOf } from './alertmanager';
export type { CertificateIssuer } from './certificate';
export { killSwitchName, RemediationWebhook } from './remediation-webhook';
export {
  type ConnectionProps,
  type ConnectionTls,
  DEFAULT_LIMITS,
  type Limits,
  type RecordRetention,
  type RemediationMode,
  WEBHOOK_DEFAULTS,
  type WebhookLinks,
  type WebhookLoki,
  type WebhookSlack,
} from './remediation-webhook-config';
export type { RemediationWebhookProps } from './remediation-webhook-props';
