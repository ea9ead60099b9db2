export { ownAlertsOf } from './alertmanager';
export type { CertificateIssuer } from './certificate';
export {
  killSwitchName,
  RemediationWebhook,
  type RemediationWebhookProps,
} from './remediation-webhook';
export {
  type ConnectionProps,
  type ConnectionTls,
  DEFAULT_LIMITS,
  type Limits,
  WEBHOOK_DEFAULTS,
} from './remediation-webhook-config';
