import {
  ALERT_ROUTING_DEFAULTS,
  PRIVATE_CIDRS,
  PROMETHEUS_DEFAULTS,
  SettingError,
  WEBHOOK_DEFAULTS,
} from '../constructs';
import type { AlertingSettings, MonitoringInput, MonitoringSettings } from './settings';
import { checkSettings } from './settings-checks';

/** Sizes of the platform: for a cluster that people depend on, and for a laptop. */
export const PROFILES = ['production', 'dev'] as const;
/** A named set of defaults. */
export type Profile = (typeof PROFILES)[number];

/** Where a profile differs from the defaults. */
type ProfileDefaults = Pick<MonitoringInput, 'metrics' | 'remediation'> & {
  readonly alerting?: Pick<AlertingSettings, 'replicas' | 'activeAlerts'>;
};

const PROFILE_DEFAULTS: { readonly [profile in Profile]: ProfileDefaults } = {
  production: {},
  dev: {
    metrics: { replicas: 1, retentionDays: 7, activeSeries: 50_000 },
    alerting: { replicas: 1, activeAlerts: 2000 },
    remediation: { replicas: 1 },
  },
};

/**
 * Fills in the defaults of a profile and checks the settings.
 *
 * @param profile one of `PROFILES`
 * @throws SettingError that names the setting, its value and the fix
 */
export function resolveSettings(input: MonitoringInput, profile: string): MonitoringSettings {
  const profileDefaults = PROFILE_DEFAULTS[knownProfile(profile)];
  const namespace = input.namespace ?? 'sightedit-monitoring';
  const deployments = input.remediation?.deployments ?? ['sightedit-backend', 'sightedit-cdn', 'sightedit-website'];
  const settings: MonitoringSettings = {
    ...input,
    namespace,
    partOf: input.partOf ?? 'sightedit-monitoring',
    nodeNamespace: input.nodeNamespace ?? `${namespace}-node`,
    application: { namespace: 'sightedit', admit: true, database: 'sightedit_production', ...input.application },
    links: {
      grafana: 'http://localhost:3000',
      prometheus: 'http://localhost:9090',
      alertmanager: 'http://localhost:9093',
      runbooks: `http://remediation-webhook.${namespace}.svc:8080/runbooks`,
      ...input.links,
    },
    metrics: {
      ...PROMETHEUS_DEFAULTS,
      keep: [],
      fileTargets: { ports: [9100, 9121, 9187], cidrs: PRIVATE_CIDRS },
      ...profileDefaults.metrics,
      ...input.metrics,
    },
    alerting: { ...ALERT_ROUTING_DEFAULTS, ...profileDefaults.alerting, ...input.alerting },
    remediation: {
      ...WEBHOOK_DEFAULTS,
      deployments,
      autoscalers: deployments.map((name) => `${name}-hpa`),
      maxReplicas: 20,
      cachePrefixes: ['cache:'],
      neverBlock: [],
      ...profileDefaults.remediation,
      ...input.remediation,
    },
    credentials: { secretName: 'sightedit-monitoring-credentials', ...input.credentials },
    network: { nodeCidrs: PRIVATE_CIDRS, apiCidrs: PRIVATE_CIDRS, ...input.network },
  };
  checkSettings(settings);
  return settings;
}

function knownProfile(profile: string): Profile {
  const known = PROFILES.find((name) => name === profile);
  if (!known) {
    throw new SettingError('SIGHTEDIT_PROFILE', profile, `write one of ${PROFILES.join(', ')}`);
  }
  return known;
}
