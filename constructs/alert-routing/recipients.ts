import type { Receiver } from '../../formats/alertmanager';
import type { Category } from '../../rules';
import type { WithSecretKeys } from '../kit';

/** Severities that reach people, the most urgent first. */
export const LEVELS = ['critical', 'high', 'medium', 'low'] as const;
export type Level = (typeof LEVELS)[number];

/** PagerDuty's own severities; it rejects any other word. */
export type PagerDutySeverity = 'critical' | 'error' | 'warning' | 'info';

/** Recipients of an alert, by channel. A channel without settings is skipped. */
export interface Recipients {
  /** Slack channels, e.g. `#alerts-critical`. @default - none */
  readonly slack?: readonly string[];
  /** E-mail addresses. @default - none */
  readonly email?: readonly string[];
  /** Opens an incident of this severity. @default - none */
  readonly pagerDuty?: PagerDutySeverity;
  /** Sends a text message. @default false */
  readonly sms?: boolean;
  /** Calls the generic webhook. @default false */
  readonly webhook?: boolean;
  /**
   * Any other receivers of Alertmanager, e.g. `msteamsv2_configs` or `opsgenie_configs`, without a channel. A field that
   * names a file takes a key of a Secret.
   * @default - none
   */
  readonly configs?: WithSecretKeys<ReceiverConfigs>;
}

/** The lists of a receiver. */
export type ReceiverConfigs = Omit<Receiver, 'name' | 'labels'>;

/** Recipients of a team's alerts, and when they are notified. */
export interface Team extends Recipients {
  /**
   * Notify the team in business hours only, and nobody else: alerts of its category do not go on to the recipients of
   * their level.
   * @default false
   */
  readonly businessHoursOnly?: boolean;
}

export type Levels = { readonly [level in Level]: Recipients };
export type Teams = { readonly [category in Category]?: Team };
