import * as v from 'valibot';

/**
 * Alerts that the server raises itself, at once, so that people are notified even while Prometheus is down. Each has a
 * rule of the same name in `rules/remediation.yaml`.
 */
export const OWN_ALERTS = ['RemediationActionFailed', 'RemediationCircuitOpen'] as const satisfies OwnAlertName[];
/** Name of an alert that the server raises itself. */
export type OwnAlertName = 'RemediationActionFailed' | 'RemediationCircuitOpen';

const labels = v.record(v.string(), v.string());

/** @internal */
export const ownAlertsSchema = v.strictObject({
  RemediationActionFailed: labels,
  RemediationCircuitOpen: labels,
} satisfies Record<OwnAlertName, typeof labels>);

/**
 * Labels of the rule of each alert. The server's alert carries the same labels as the rule's, so Alertmanager treats
 * both as one alert and notifies once.
 */
export type OwnAlerts = Readonly<Record<OwnAlertName, { readonly [label: string]: string }>>;
