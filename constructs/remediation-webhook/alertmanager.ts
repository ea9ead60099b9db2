import { readFileSync } from 'node:fs';
import { parseYaml } from '../../formats/yaml';
import { packagePath } from '../../package-root';
import { OWN_ALERTS, type OwnAlertName, type OwnAlerts, type RemediationPolicy } from '../../remediation';
import type { AlertingRule } from '../../rules';
import type { AlertRouting } from '../alert-routing';
import { type Component, identityToken, SettingError } from '../kit';
import { AUTHORITY_PATH, authorityMount } from './certificate';
import type { Limits } from './remediation-webhook-config';

/** Audience of the tokens by which Alertmanager identifies itself. */
export const AUDIENCE = 'remediation-webhook';

/** Where Alertmanager finds its token. */
const TOKEN_PATH = '/etc/alertmanager/remediation-token';

/**
 * Added to the repeat interval: the cooldown starts with the change, some time after the notification. A notification
 * that comes just before the end of the cooldown would be skipped, and cost a whole interval.
 */
const COOLDOWN_SLACK_MINUTES = 5;

export interface NotificationProps {
  /** The webhook's. */
  readonly component: Component;
  /** Secret with the webhook's certificate. @default - HTTP */
  readonly tlsSecret?: string;
  readonly policies: readonly RemediationPolicy[];
  readonly limits: Pick<Limits, 'repeatSeconds'>;
}

/**
 * Makes an Alertmanager notify the webhook about alerts with a label `remediation`, and about Watchdog. The alerts
 * continue to their recipients. Alertmanager identifies itself by a projected ServiceAccount token.
 *
 * @returns the subject of that token
 */
export function notifyWebhook(routing: AlertRouting, props: NotificationProps): string {
  const { component, tlsSecret, policies, limits } = props;
  const { name } = component;
  const intake = routing.connectTo(component.endpoint(tlsSecret ? 'https' : 'http'));
  routing.component.addMount(identityToken('remediation-token', TOKEN_PATH, AUDIENCE));
  if (tlsSecret) {
    routing.component.addMount(authorityMount(tlsSecret));
  }
  const webhook = (path: string, resolved: boolean) => ({
    url: intake.url(path),
    send_resolved: resolved,
    http_config: {
      authorization: { credentials_file: `${TOKEN_PATH}/token` },
      follow_redirects: false,
      tls_config: tlsSecret ? { ca_file: `${AUTHORITY_PATH}/ca.crt` } : undefined,
    },
  });
  routing.addReceiver({
    receiver: { name, webhook_configs: [webhook('/api/v1/alerts', true)] },
    matchers: ['remediation != ""'],
    // Each alert is sent on its own, soon, and repeatedly while it fires. The webhook ignores repeated deliveries.
    groupBy: ['...'],
    timing: { group_wait: '10s', group_interval: '1m', repeat_interval: repeatInterval(policies, limits) },
  });
  routing.addHeartbeat({ name: `${name}-heartbeat`, webhook_configs: [webhook('/api/v1/heartbeat', false)] });
  return `system:serviceaccount:${routing.component.namespace}:${routing.component.serviceAccountName}`;
}

/** The longest cooldown of a policy, plus some minutes. */
function repeatInterval(policies: readonly RemediationPolicy[], { repeatSeconds }: Pick<Limits, 'repeatSeconds'>) {
  const cooldowns = policies.map(({ cooldownSeconds }) => cooldownSeconds);
  return `${Math.ceil(Math.max(repeatSeconds, ...cooldowns) / 60) + COOLDOWN_SLACK_MINUTES}m`;
}

/**
 * The labels of the rules whose alerts the server raises itself: the prop `ownAlerts` of `RemediationWebhook`.
 *
 * @param alerts every alerting rule
 * @throws SettingError when the rule of such an alert is missing
 */
export function ownAlertsOf(alerts: readonly Pick<AlertingRule, 'alert' | 'labels'>[]): OwnAlerts {
  const labelsOf = (name: OwnAlertName) => {
    const rule = alerts.find(({ alert }) => alert === name);
    if (!rule) {
      throw new SettingError(
        `the rule of alert ${name}`,
        undefined,
        'add it: the remediation webhook raises this alert',
      );
    }
    return { ...rule.labels } as { readonly [label: string]: string };
  };
  return Object.fromEntries(OWN_ALERTS.map((name) => [name, labelsOf(name)])) as OwnAlerts;
}

/** The labels of the shipped rules. The file is small: the catalogue would read all of them. */
export function shippedOwnAlerts(): OwnAlerts {
  const text = readFileSync(packagePath('rules', 'remediation.yaml'), 'utf8');
  const { groups } = parseYaml(text) as { readonly groups: readonly { readonly rules: readonly AlertingRule[] }[] };
  return ownAlertsOf(groups.flatMap(({ rules }) => rules));
}

/**
 * Checks that every alert with a label `remediation` has a policy.
 *
 * @throws SettingError for a label that names no policy
 */
export function checkRemediationLabels(
  alerts: readonly Pick<AlertingRule, 'alert' | 'labels'>[],
  policies: readonly RemediationPolicy[],
): void {
  const names = policies.map((policy) => policy.name);
  for (const { alert, labels } of alerts) {
    if (labels.remediation !== undefined && !names.includes(labels.remediation)) {
      throw new SettingError(
        `the label remediation of ${alert}`,
        labels.remediation,
        `write one of ${names.join(', ')}, or add a policy of that name`,
      );
    }
  }
}
