import type { InhibitRule, Tracing } from '../../formats/alertmanager';
import type { Inhibition } from '../../rules';
import type { Connection } from '../kit';

export type {
  AlertmanagerConfig,
  AnyAlertmanagerConfig,
  InhibitRule,
  Receiver,
  Route,
  TimeInterval,
  Timing,
  Tracing,
  WebhookConfig,
} from '../../formats/alertmanager';

/**
 * Inhibition in Alertmanager's form. Alertmanager takes a label that both alerts lack for equal, so the matchers
 * require every label of `equal` to be present.
 * https://prometheus.io/docs/alerting/latest/configuration/#inhibition-related-settings
 */
export function inhibitRules(inhibitions: readonly Inhibition[]): readonly InhibitRule[] {
  return inhibitions.map(({ source, targets, equal }) => {
    const present = equal.map((label) => `${label} != ""`);
    return {
      name: source,
      source_matchers: [`alertname = "${source}"`, ...present],
      target_matchers: [`alertname =~ "${targets.join('|')}"`, ...present],
      equal: [...equal],
    };
  });
}

/** Traces every notification: there are few of them. */
export function tracing({ scheme, address }: Pick<Connection, 'scheme' | 'address'>): Tracing {
  return { client_type: 'http', endpoint: address, insecure: scheme !== 'https', sampling_fraction: 1 };
}
