import {
  type AlertRoutingProps,
  type Channels,
  type ExternalCredentialsProps,
  PLATFORMS,
  type Platform,
  type PostgresTls,
  PRIVATE_CIDRS,
  type RemediationWebhookProps,
  type RemoteWrite,
  SettingError,
} from '../constructs';

/** How much of everything there is. */
export const PROFILES = ['production', 'dev'] as const;
export type Profile = (typeof PROFILES)[number];

export interface ApplicationSettings {
  /** Namespace that the application runs in. It must exist. @default sightedit */
  readonly namespace: string;
  /** Public URLs that are probed from outside the application. */
  readonly probedUrls: readonly string[];
  /**
   * Write the NetworkPolicies in the application's namespace that let us in. Without them, its owner has to admit the
   * pods that `docs/architecture.md` names. The Roles to look at its objects are always written.
   * @default true
   */
  readonly admit: boolean;
  /** Database of the application. @default sightedit_production */
  readonly database: string;
  /** How connections to the database are secured. @default require: encrypted, the server is not verified */
  readonly databaseTls?: PostgresTls;
}

/** Where people reach the web interfaces, and where links in alerts lead. */
export interface LinkSettings {
  /** @default http://localhost:3000, where a port-forward puts Grafana */
  readonly grafana: string;
  /** @default http://localhost:9090 */
  readonly prometheus: string;
  /** @default http://localhost:9093 */
  readonly alertmanager: string;
  /** Page of a runbook, without the alert's name. */
  readonly runbooks: string;
}

export interface MetricsSettings {
  /** @default 2, or 1 in profile dev */
  readonly replicas: number;
  /** @default 15 */
  readonly intervalSeconds: number;
  /** @default 30, or 7 in profile dev */
  readonly retentionDays: number;
  /** Active series to size for. @default 250000, or 50000 in profile dev */
  readonly activeSeries: number;
  /** Size of each Prometheus volume. @default - sized for the load */
  readonly storageSize?: string;
  /**
   * Where targets may be that the ConfigMap `prometheus-file-targets` names.
   * @default - ports 9100 (hosts), 9121 (Redis) and 9187 (PostgreSQL) of every private range
   */
  readonly fileTargets: { readonly ports: readonly number[]; readonly cidrs: readonly string[] };
  /**
   * What is kept of what exporters expose, besides what rules, dashboards and runbooks read: names of series, or `all`.
   * The application's own metrics are always kept.
   * @default - nothing else
   */
  readonly keep: readonly string[] | 'all';
  /** Receivers of samples besides the local storage. @default - none */
  readonly remoteWrites?: readonly RemoteWrite[];
}

/** Who hears of what. The rest of `AlertRouting`'s props is filled in by the chart. */
export type AlertingSettings = Pick<
  AlertRoutingProps,
  'levels' | 'teams' | 'fallback' | 'businessHours' | 'deadMansSwitch' | 'privateReceivers'
> & {
  /** The ways out; one that is left out is left out of the configuration. */
  readonly channels: Channels;
  /** @default 3, or 1 in profile dev */
  readonly replicas: number;
};

/** What may be repaired, and how boldly. */
export interface RemediationSettings {
  /** `dry-run` records what would be done; `active` does it. @default dry-run */
  readonly mode: 'dry-run' | 'active';
  /** @default 2, or 1 in profile dev */
  readonly replicas: number;
  /**
   * Deployments of the application that may be restarted and scaled, each of which its owner labels as well.
   * @default sightedit-backend, sightedit-cdn and sightedit-website
   */
  readonly deployments: readonly string[];
  /** Their HorizontalPodAutoscalers. @default - each Deployment's name with `-hpa` appended */
  readonly autoscalers: readonly string[];
  /** Replicas that no Deployment gets more of. @default 20 */
  readonly maxReplicas: number;
  /** Prefixes of the keys in Redis that may be removed. @default cache: */
  readonly cachePrefixes: readonly string[];
  /** Public ranges that are never blocked: balancers, partners, the office. @default - none */
  readonly neverBlock: readonly string[];
  /** Channel of Slack that hears of what a human should see; the app of `alerting.channels.slack` posts it. @default - none */
  readonly slackChannel?: string;
  /** Issuer of cert-manager that signs the webhook's certificate. @default - none */
  readonly certificate?: RemediationWebhookProps['certificate'];
  /** Secret with a certificate for the webhook. @default - that of `certificate`, or none: HTTP, behind the NetworkPolicy */
  readonly tlsSecret?: string;
  /** Bounds that hold for every policy. @default - those of the construct */
  readonly limits?: RemediationWebhookProps['limits'];
}

/** Where things are that no Service of the cluster names. A NetworkPolicy sees addresses only. */
export interface NetworkSettings {
  /** Ranges that hold the nodes' addresses. @default - every private range */
  readonly nodeCidrs: readonly string[];
  /**
   * Ranges that hold the API server's addresses. A cluster whose API server has a public address (AKS, GKE without a
   * private endpoint) names it here.
   * @default - every private range
   */
  readonly apiCidrs: readonly string[];
}

export interface CredentialSettings {
  /** Name of the Secret. @default sightedit-monitoring-credentials */
  readonly secretName: string;
  /** Let the External Secrets Operator keep the Secret. @default - the operator of the cluster makes it by hand */
  readonly externalSecret?: Omit<ExternalCredentialsProps, 'credentials'>;
}

/** Everything that can be said about the platform. */
export interface MonitoringSettings {
  /** Name of the cluster; a label of every alert. */
  readonly cluster: string;
  /** E.g. `production`; a label of every alert. */
  readonly environment: string;
  /** Region of the cluster; a label of every alert. */
  readonly region: string;
  /** What the cluster runs on. */
  readonly platform: Platform;
  /** @default sightedit-monitoring */
  readonly namespace: string;
  /** Namespace of the agents that look at their host. @default the namespace with `-node` appended */
  readonly nodeNamespace: string;
  readonly application: ApplicationSettings;
  readonly links: LinkSettings;
  readonly metrics: MetricsSettings;
  readonly alerting: AlertingSettings;
  readonly remediation: RemediationSettings;
  readonly credentials: CredentialSettings;
  readonly network: NetworkSettings;
  /** Class of every volume. @default - the cluster's default class */
  readonly storageClass?: string;
  /** Registry that every image is pulled from. @default - each image's own */
  readonly imageRegistry?: string;
}

/** What has to be said; everything else has a default. */
export interface MonitoringInput
  extends Pick<
    MonitoringSettings,
    'cluster' | 'environment' | 'region' | 'platform' | 'storageClass' | 'imageRegistry'
  > {
  readonly namespace?: string;
  readonly nodeNamespace?: string;
  readonly application: Pick<ApplicationSettings, 'probedUrls'> & Partial<ApplicationSettings>;
  readonly links?: Partial<LinkSettings>;
  readonly metrics?: Partial<MetricsSettings>;
  readonly alerting: Omit<AlertingSettings, 'replicas'> & Partial<Pick<AlertingSettings, 'replicas'>>;
  readonly remediation?: Partial<RemediationSettings>;
  readonly credentials?: Partial<CredentialSettings>;
  readonly network?: Partial<NetworkSettings>;
}

const PROFILE_DEFAULTS = {
  production: {
    metrics: { replicas: 2, retentionDays: 30, activeSeries: 250_000 },
    alerting: { replicas: 3 },
    remediation: { replicas: 2 },
  },
  dev: {
    metrics: { replicas: 1, retentionDays: 7, activeSeries: 50_000 },
    alerting: { replicas: 1 },
    remediation: { replicas: 1 },
  },
} as const satisfies Record<Profile, object>;

/**
 * Fills in the defaults of a profile and checks the settings against each other.
 *
 * @throws SettingError that names the setting, its value and the mend
 */
export function resolveSettings(input: MonitoringInput, profile: Profile): MonitoringSettings {
  const defaults = PROFILE_DEFAULTS[knownProfile(profile)];
  const namespace = input.namespace ?? 'sightedit-monitoring';
  const deployments = input.remediation?.deployments ?? ['sightedit-backend', 'sightedit-cdn', 'sightedit-website'];
  const settings: MonitoringSettings = {
    ...input,
    namespace,
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
      intervalSeconds: 15,
      keep: [],
      fileTargets: { ports: [9100, 9121, 9187], cidrs: PRIVATE_CIDRS },
      ...defaults.metrics,
      ...input.metrics,
    },
    alerting: { ...defaults.alerting, ...input.alerting },
    remediation: {
      mode: 'dry-run',
      deployments,
      autoscalers: deployments.map((name) => `${name}-hpa`),
      maxReplicas: 20,
      cachePrefixes: ['cache:'],
      neverBlock: [],
      ...defaults.remediation,
      ...input.remediation,
    },
    credentials: { secretName: 'sightedit-monitoring-credentials', ...input.credentials },
    network: { nodeCidrs: PRIVATE_CIDRS, apiCidrs: PRIVATE_CIDRS, ...input.network },
  };
  check(settings);
  return settings;
}

function knownProfile(profile: string): Profile {
  const known = PROFILES.find((name) => name === profile);
  if (!known) {
    throw new SettingError('SIGHTEDIT_PROFILE', profile, `write one of ${PROFILES.join(', ')}`);
  }
  return known;
}

function check(settings: MonitoringSettings): void {
  const { namespace, nodeNamespace, application, platform, links } = settings;
  if (!PLATFORMS.includes(platform)) {
    throw new SettingError('platform', platform, `write one of ${PLATFORMS.join(', ')}`);
  }
  for (const [name, value] of Object.entries({
    namespace,
    nodeNamespace,
    'application.namespace': application.namespace,
  })) {
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) {
      throw new SettingError(name, value, 'write a DNS label: lower-case letters, digits and dashes');
    }
  }
  if (new Set([namespace, nodeNamespace, application.namespace]).size < 3) {
    throw new SettingError(
      'nodeNamespace',
      nodeNamespace,
      'the namespaces of the platform, its node agents and the application must differ',
    );
  }
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(application.database)) {
    throw new SettingError(
      'application.database',
      application.database,
      'write a name of PostgreSQL that needs no quotes: lower-case letters, digits and underscores',
    );
  }
  for (const [name, value] of Object.entries(links)) {
    if (!/^https?:\/\//.test(value) || !URL.canParse(value)) {
      throw new SettingError(`links.${name}`, value, 'write a URL, e.g. https://grafana.sightedit.com');
    }
  }
  if (settings.remediation.slackChannel && settings.alerting.channels.slack?.kind !== 'app') {
    throw new SettingError(
      'remediation.slackChannel',
      settings.remediation.slackChannel,
      "a channel is reached with a bot token: write alerting.channels.slack: { kind: 'app' }, or leave the channel out",
    );
  }
  if (application.probedUrls.length === 0) {
    throw new SettingError(
      'application.probedUrls',
      [],
      'name a URL that users open, e.g. https://api.sightedit.com/health',
    );
  }
  for (const url of application.probedUrls) {
    if (!url.startsWith('https://') || !URL.canParse(url)) {
      throw new SettingError('application.probedUrls', url, 'write a URL that begins with https://');
    }
  }
}
