export { ALERT_ROUTING_DEFAULTS, AlertRouting, type AlertRoutingProps, type PrivateReceivers } from './alert-routing';
export type { ExtraReceiver } from './alert-routing-config';
export type { AlertmanagerConfig, Receiver, Route, WebhookConfig } from './alertmanager-config';
export type {
  Channels,
  DeadMansSwitch,
  EmailChannel,
  PagerDutyChannel,
  SlackChannel,
  SmsChannel,
  WebhookChannel,
} from './channels';
export {
  LEVELS,
  type Level,
  type LevelRecipients,
  type Levels,
  type PagerDutySeverity,
  type Recipients,
  type Team,
  type Teams,
} from './recipients';
export type { BusinessHours } from './routes';
