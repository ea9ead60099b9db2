import type { Construct } from 'constructs';
import {
  type Credentials,
  type Endpoint,
  ownAlertsOf,
  type PostgresTls,
  RemediationWebhook,
  type WebhookLoki,
} from '../constructs';
import { dashboardFor } from '../dashboards';
import { packagePath } from '../package-root';
import type { RemediationPolicy } from '../remediation';
import type { RuleCatalogue } from '../rules';
import type { ApplicationChart } from './application';
import { admitIngress } from './ingress';
import { MonitoringChart } from './monitoring-chart';
import { CACHE_CONNECTION, DATABASE_CONNECTION } from './remediation-policies';
import type { MonitoringSettings } from './settings';

/** Props of `RemediationChart`. */
export interface RemediationProps {
  /** The settings, with defaults filled in. */
  readonly settings: MonitoringSettings;
  /** The Secret with the credentials of the connections and of Slack. */
  readonly credentials: Credentials;
  /** The application that is repaired. */
  readonly application: ApplicationChart;
  /** The rules whose alerts name policies. */
  readonly catalogue: RuleCatalogue;
  /** Which alerts trigger which actions. */
  readonly policies: readonly RemediationPolicy[];
  /** Prometheus, which verifies the effect of actions. */
  readonly prometheus: Endpoint;
  /** Loki, whose rules raise alerts too, and whose lines incidents hold. @default - none */
  readonly loki?: WebhookLoki;
  /** Where addresses are looked up. @default - nowhere */
  readonly threats?: Endpoint;
  /** Where the webhook sends its own traces, by OTLP over HTTP. @default - nowhere */
  readonly tracing?: Endpoint;
  /** Charts of the ConfigMaps with the bundled server and the runbooks. @default - this chart */
  readonly payloads?: {
    /** Scope of the ConfigMaps that hold the bundled server. */
    readonly server?: MonitoringChart;
    /** Scope of the ConfigMaps that hold the runbooks. */
    readonly runbooks?: MonitoringChart;
  };
}

/** Remediation: the webhook and its policies. */
export class RemediationChart extends MonitoringChart {
  /** The remediation webhook. */
  readonly webhook: RemediationWebhook;

  constructor(scope: Construct, id: string, props: RemediationProps) {
    const { settings, credentials, application, catalogue, policies, payloads } = props;
    super(scope, id, settings);
    const { mode, replicas, slackChannel, certificate, tlsSecret, limits } = settings.remediation;
    this.webhook = new RemediationWebhook(this, 'webhook', {
      policies,
      mode,
      replicas,
      limits,
      certificate,
      tlsSecret,
      payloads,
      prometheus: props.prometheus,
      loki: props.loki,
      threats: props.threats,
      tracing: props.tracing,
      ownAlerts: ownAlertsOf(catalogue.alerts),
      externalLabels: { cluster: settings.cluster, environment: settings.environment, region: settings.region },
      links: { runbooks: settings.links.runbooks, dashboard: `${settings.links.grafana}/d/${dashboardFor('meta')}` },
      runbooks: packagePath('runbooks'),
      slack: slackChannel ? { channel: slackChannel, token: { credentials, key: 'SLACK_BOT_TOKEN' } } : undefined,
      connections: {
        [DATABASE_CONNECTION]: {
          kind: 'postgres',
          endpoint: application.postgres.endpoint,
          database: settings.application.database,
          user: 'sightedit_remediation',
          password: { credentials, key: 'REMEDIATION_POSTGRES_PASSWORD' },
          tls: connectionTls(settings.application.databaseTls),
        },
        [CACHE_CONNECTION]: {
          kind: 'redis',
          endpoint: application.redis.endpoint,
          user: 'remediation',
          password: { credentials, key: 'REMEDIATION_REDIS_PASSWORD' },
          tls: connectionTls(settings.application.cacheTls ?? 'disable'),
        },
      },
    });
    this.webhook.checkAlerts(catalogue.alerts);
    // The port of the runbooks.
    admitIngress(this.webhook.component, settings.network, 'http');
    for (const payload of [payloads?.server, payloads?.runbooks]) {
      if (payload) {
        // kubectl applies the files in order: the ConfigMaps exist before the pods that mount them.
        this.addDependency(payload);
      }
    }
  }
}

/** The same TLS mode as the exporters. */
function connectionTls(tls: PostgresTls = 'require') {
  if (tls === 'disable') {
    return undefined;
  }
  return tls === 'require' ? {} : tls;
}
