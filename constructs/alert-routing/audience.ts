import type { Category } from '../../rules';

/** Severities that reach humans, the most urgent first. */
export const LEVELS = ['critical', 'high', 'medium', 'low'] as const;
export type Level = (typeof LEVELS)[number];

/** PagerDuty's own severities; it rejects any other word. */
export type PagerDutySeverity = 'critical' | 'error' | 'warning' | 'info';

/** Who hears of an alert, by channel. A channel that has no settings is passed over. */
export interface Audience {
  /** Slack channels, e.g. `#alerts-critical`. */
  readonly slack?: readonly string[];
  /** E-mail addresses. */
  readonly email?: readonly string[];
  /** Opens an incident of this severity. */
  readonly pagerDuty?: PagerDutySeverity;
  /** Sends a text message. */
  readonly sms?: boolean;
  /** Calls the generic webhook. */
  readonly webhook?: boolean;
}

/** A team and when it may be told. */
export interface Team extends Audience {
  /**
   * Tell the team in business hours only, and tell nobody else: the alerts of its category do not go to the levels'
   * audiences.
   * @default false
   */
  readonly businessHoursOnly?: boolean;
}

export type Levels = { readonly [level in Level]: Audience };
export type Teams = { readonly [category in Category]?: Team };
