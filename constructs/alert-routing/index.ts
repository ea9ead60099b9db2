/** Every field of `alertmanager.yml`, e.g. `AlertmanagerFile.OpsGenieConfig`. */
export type * as AlertmanagerFile from '../../formats/generated/alertmanager';
export { AlertRouting } from './alert-routing';
export type { AlertmanagerSettings, ExtraReceiver } from './alert-routing-config';
export { ALERT_ROUTING_DEFAULTS, type AlertRoutingProps, type PrivateReceivers } from './alert-routing-props';
export type {
  AlertmanagerConfig,
  InhibitRule,
  Receiver,
  Route,
  TimeInterval,
  Timing,
  WebhookConfig,
} from './alertmanager-config';
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
  type ReceiverConfigs,
  type Recipients,
  type Team,
  type Teams,
} from './recipients';
export type { BusinessHours } from './routes';
