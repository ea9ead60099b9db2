import type { Construct } from 'constructs';
import { type Credentials, type Endpoint, type PostgresTls, RemediationWebhook } from '../constructs';
import { dashboardFor } from '../dashboards';
import { packagePath } from '../package-root';
import type { RuleCatalogue } from '../rules';
import type { ApplicationChart } from './application';
import { MonitoringChart } from './monitoring-chart';
import { CACHE_CONNECTION, DATABASE_CONNECTION, remediationPolicies } from './remediation-policies';
import type { MonitoringSettings } from './settings';

export interface RemediationProps {
  readonly settings: MonitoringSettings;
  readonly credentials: Credentials;
  readonly application: ApplicationChart;
  readonly catalogue: RuleCatalogue;
  readonly prometheus: Endpoint;
}

/** Remediation: what is done about which alerts, and the server that does it. */
export class RemediationChart extends MonitoringChart {
  readonly webhook: RemediationWebhook;

  constructor(scope: Construct, id: string, props: RemediationProps) {
    const { settings, credentials, application } = props;
    super(scope, id, settings);
    const { mode, replicas, slackChannel, certificate, tlsSecret, limits } = settings.remediation;
    this.webhook = new RemediationWebhook(this, 'webhook', {
      policies: remediationPolicies(settings),
      mode,
      replicas,
      limits,
      certificate,
      tlsSecret,
      prometheus: props.prometheus,
      externalLabels: { cluster: settings.cluster, environment: settings.environment, region: settings.region },
      links: { runbooks: settings.links.runbooks, dashboard: `${settings.links.grafana}/d/${dashboardFor('meta')}` },
      runbooks: packagePath('runbooks'),
      apiCidrs: settings.network.apiCidrs,
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
        },
      },
    });
    this.webhook.checkAlerts(props.catalogue.alerts);
  }
}

/** As the exporters connect to the database. */
function connectionTls(tls: PostgresTls = 'require') {
  if (tls === 'disable') {
    return undefined;
  }
  return tls === 'require' ? {} : { configMap: tls.configMap };
}
