export { AlertRouting, type AlertRoutingProps, type ExtraReceiver } from './alert-routing';
export type { AlertmanagerConfig, Receiver, Route, WebhookConfig } from './alertmanager-config';
export { type Audience, LEVELS, type Level, type Levels, type Team, type Teams } from './audience';
export type {
  Channels,
  DeadMansSwitch,
  EmailChannel,
  PagerDutyChannel,
  SlackChannel,
  SmsChannel,
  WebhookChannel,
} from './channels';
export type { BusinessHours } from './routes';
