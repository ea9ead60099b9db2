import type { InhibitRule, Tracing } from '../../formats/alertmanager';
import type { Inhibition } from '../../rules';
import type { Connection } from '../kit';

export type {
  AlertmanagerConfig,
  InhibitRule,
  Receiver,
  Route,
  TimeInterval,
  Timing,
  Tracing,
  WebhookConfig,
} from '../../formats/alertmanager';

/**
 * Inhibition in Alertmanager's form. A label that is missing on both sides counts as equal there, so every label that
 * must be equal must also be present.
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

/** Every notification is traced: there are few of them. */
export function tracing({ scheme, address }: Pick<Connection, 'scheme' | 'address'>): Tracing {
  return { client_type: 'http', endpoint: address, insecure: scheme !== 'https', sampling_fraction: 1 };
}
