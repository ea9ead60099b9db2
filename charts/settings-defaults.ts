import {
  ALERT_ROUTING_DEFAULTS,
  NODE_LOCAL_DNS_CIDRS,
  PROMETHEUS_DEFAULTS,
  privateCidrs,
  SettingError,
  THREAT_DEFAULTS,
  WEBHOOK_DEFAULTS,
} from '../constructs';
import { KUBE_DNS, NODE_LOCAL_DNS, ofFamilies, resolveNetwork } from '../constructs/kit/cluster-network';
import { platformFacts } from '../constructs/prometheus-stack/platform';
import type {
  AlertingSettings,
  LogSettings,
  MonitoringInput,
  MonitoringSettings,
  NetworkSettings,
  TraceSettings,
} from './settings';
import { checkSettings, checkStatedNetwork } from './settings-checks';

/** Sizes of the platform: for a cluster that people depend on, and for a laptop. */
export const PROFILES = ['production', 'dev'] as const;
/** A named set of defaults. */
export type Profile = (typeof PROFILES)[number];

/** Where a profile differs from the defaults. */
type ProfileDefaults = Pick<MonitoringInput, 'metrics' | 'remediation'> & {
  readonly logs: Pick<LogSettings, 'gigabytesPerDay' | 'retention'>;
  readonly traces: Pick<TraceSettings, 'replicas' | 'retentionDays' | 'spansPerSecond'>;
  readonly alerting?: Pick<AlertingSettings, 'replicas' | 'activeAlerts'>;
};

const PROFILE_DEFAULTS: { readonly [profile in Profile]: ProfileDefaults } = {
  production: {
    traces: { replicas: 2, retentionDays: 7, spansPerSecond: 50 },
    logs: {
      gigabytesPerDay: 10,
      retention: {
        days: 31,
        streams: [
          // What an investigation needs months later.
          { selector: '{stream=~"security|audit"}', days: 365, gigabytesPerDay: 0.5 },
          { selector: '{level="debug"}', days: 7 },
        ],
      },
    },
  },
  dev: {
    metrics: { replicas: 1, retentionDays: 7, activeSeries: 50_000 },
    logs: { gigabytesPerDay: 1, retention: { days: 7 } },
    traces: { replicas: 1, retentionDays: 2, spansPerSecond: 10 },
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
  checkStatedNetwork(input);
  const network = networkSettings(input);
  const namespace = input.namespace ?? 'sightedit-monitoring';
  const deployments = input.remediation?.deployments ?? ['sightedit-backend', 'sightedit-cdn', 'sightedit-website'];
  const nodeNamespace = input.nodeNamespace ?? `${namespace}-node`;
  const settings: MonitoringSettings = {
    ...input,
    namespace,
    partOf: input.partOf ?? 'sightedit-monitoring',
    nodeNamespace,
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
      remoteWriteReceiver: false,
      fileTargets: { ports: [9100, 9121, 9187], cidrs: privateCidrs(network.ipFamilies) },
      ...profileDefaults.metrics,
      ...input.metrics,
    },
    logs: {
      mode: input.logs?.objectStorage ? 'replicated' : 'monolithic',
      collector: 'opentelemetry',
      nationalIds: [],
      ...profileDefaults.logs,
      ...input.logs,
    },
    traces: { mode: 'jaeger', browserOrigins: [], vendors: {}, ...profileDefaults.traces, ...input.traces },
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
    threatIntelligence: { feeds: [], schedule: THREAT_DEFAULTS.schedule, ...input.threatIntelligence },
    credentials: { secretName: 'sightedit-monitoring-credentials', ...input.credentials },
    network,
    scheduling: {
      serverPriorityClass: namespace,
      agentPriorityClass: nodeNamespace,
      ...input.scheduling,
    },
  };
  checkSettings(settings);
  return settings;
}

/** The network, with the usual ClusterIPs of the platform's DNS: a cache on the node may answer on them. */
function networkSettings({ platform, network = {} }: MonitoringInput): NetworkSettings {
  // On GKE the cache is pods of its own: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/nodelocal-dns-cache
  const dnsPods = platform === 'gke' ? [KUBE_DNS, NODE_LOCAL_DNS] : undefined;
  const { dnsCidrs, ...resolved } = resolveNetwork({ ...network, dnsPods: network.dnsPods ?? dnsPods });
  const usual = ofFamilies([...NODE_LOCAL_DNS_CIDRS, ...platformFacts(platform).dnsCidrs], resolved.ipFamilies);
  return { ...resolved, dnsCidrs: network.dnsCidrs ?? usual, ingress: network.ingress ?? [] };
}

function knownProfile(profile: string): Profile {
  const known = PROFILES.find((name) => name === profile);
  if (!known) {
    throw new SettingError('SIGHTEDIT_PROFILE', profile, `write one of ${PROFILES.join(', ')}`);
  }
  return known;
}
