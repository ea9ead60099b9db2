import * as v from 'valibot';

/**
 * Alerts that the server raises itself, at once, so that people are notified even while Prometheus is down. Each has a
 * rule of the same name in `rules/remediation.yaml`.
 */
export const OWN_ALERTS = ['RemediationActionFailed', 'RemediationCircuitOpen'] as const;
export type OwnAlertName = (typeof OWN_ALERTS)[number];

const labels = v.record(v.string(), v.string());

/**
 * Labels of the rule of each alert. The server's alert carries the same labels as the rule's, so Alertmanager treats
 * both as one alert and notifies once.
 */
export const ownAlertsSchema = v.strictObject({
  RemediationActionFailed: labels,
  RemediationCircuitOpen: labels,
} satisfies Record<OwnAlertName, typeof labels>);

export type OwnAlerts = Readonly<Record<OwnAlertName, { readonly [label: string]: string }>>;
