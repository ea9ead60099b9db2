import type { Receiver } from '../../formats/alertmanager';
import type { Category } from '../../rules';
import type { WithSecretKeys } from '../kit';
import type { Timing } from './alertmanager-config';

/** Severities of the shipped rules that reach people, the most urgent first. */
export const LEVELS = ['critical', 'high', 'medium', 'low'] as const;
/** A level of urgency that reaches people. */
export type Level = (typeof LEVELS)[number];

/** A severity of PagerDuty; it rejects any other word. */
export type PagerDutySeverity = 'critical' | 'error' | 'warning' | 'info';

/** The severities of PagerDuty. */
export const PAGERDUTY_SEVERITIES: readonly PagerDutySeverity[] = ['critical', 'error', 'warning', 'info'];

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
   * their level. A resolved alert is announced only if it ends in business hours, or in the 15 minutes before them. So
   * `pagerDuty`, and every other receiver that opens incidents, is refused here.
   * @default false
   */
  readonly businessHoursOnly?: boolean;
}

/** Recipients of the alerts of a severity, and how soon and how often they are notified. */
export interface LevelRecipients extends Recipients {
  /**
   * Minutes within which somebody must answer; 0 pages at once. It decides grouping and repetition.
   * @default - critical 0, high 30, medium 120, low 1440, and 30 for any other word
   */
  readonly answerWithinMinutes?: number;
  /** Grouping and repetition, where those of the answer time do not suit. @default - those of the answer time */
  readonly timing?: Timing;
}

/** Recipients by severity, the most urgent first. The words are yours; the default is those of the shipped rules. */
export type Levels<Name extends string = Level> = { readonly [level in Name]: LevelRecipients };
/** Recipients by category. The words are yours; the default is those of the shipped rules. */
export type Teams<Name extends string = Category> = { readonly [category in Name]?: Team };
