/**
 * The file that Alertmanager reads. Every field is in `generated/alertmanager.ts`; here is what this program adds.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/
 */

import type * as generated from './generated/alertmanager';

export type { InhibitRule, Receiver, Route, TimeInterval, WebhookConfig } from './generated/alertmanager';

/** Every field of `alertmanager.yml`. */
export type AnyAlertmanagerConfig = generated.AlertmanagerConfig;

/**
 * `alertmanager.yml` as this program writes it.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/
 */
export interface AlertmanagerConfig extends AnyAlertmanagerConfig {
  readonly global: generated.GlobalConfig;
  readonly templates: readonly string[];
  readonly route: generated.Route;
  readonly inhibit_rules: readonly generated.InhibitRule[];
  readonly receivers: readonly generated.Receiver[];
}

/**
 * When notifications of a route are sent.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/#route
 */
export type Timing = Pick<generated.Route, 'group_wait' | 'group_interval' | 'repeat_interval'>;

/**
 * Traces of the server.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/#tracing_config
 */
export type Tracing = generated.TracingConfig;
