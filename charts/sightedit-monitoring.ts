import type { Construct } from 'constructs';
import { Credentials, ExternalCredentials } from '../constructs';
import { dashboardFor, dashboards } from '../dashboards';
import { type AlertLinks, RuleCatalogue } from '../rules';
import { AlertingChart } from './alerting';
import { ApplicationChart } from './application';
import { DashboardsChart } from './dashboards';
import { metricUses } from './metric-uses';
import { MetricsChart, NodeAgentsChart } from './metrics';
import { MonitoringChart } from './monitoring-chart';
import { NamespacesChart } from './namespaces';
import { PayloadChart } from './payload-chart';
import { RemediationChart } from './remediation';
import { remediationPolicies } from './remediation-policies';
import type { LinkSettings, MonitoringSettings } from './settings';

/**
 * The whole platform: every chart, connected to the others, in the order in which `kubectl apply` must see them.
 *
 * The charts are children of the scope, named `<id>-<chart>`: cdk8s calls the files after them.
 */
export class SightEditMonitoring {
  readonly metrics: MetricsChart;
  readonly alerting: AlertingChart;
  readonly dashboards: DashboardsChart;
  readonly remediation: RemediationChart;

  constructor(scope: Construct, id: string, settings: MonitoringSettings, catalogue = RuleCatalogue.sightEdit()) {
    const credentials = new Credentials(settings.credentials.secretName);
    const policies = remediationPolicies(settings);
    const namespaces = new NamespacesChart(scope, `${id}-namespaces`, settings);
    const application = new ApplicationChart(scope, `${id}-application`, settings.application);
    const nodeAgents = new NodeAgentsChart(scope, `${id}-node-agents`, settings);
    this.alerting = new AlertingChart(scope, `${id}-alerting`, { settings, credentials, catalogue });
    this.metrics = new MetricsChart(scope, `${id}-metrics`, {
      settings,
      credentials,
      application,
      nodeAgents,
      catalogue,
      links: alertLinks(settings.links),
      uses: metricUses(catalogue, policies),
    });
    this.dashboards = new DashboardsChart(scope, `${id}-dashboards`, {
      settings,
      credentials,
      dashboards: dashboards(),
    });
    const payloads = {
      server: new PayloadChart(scope, `${id}-remediation-server`, { ...settings, source: 'remediation/' }),
      runbooks: new PayloadChart(scope, `${id}-runbooks`, { ...settings, source: 'runbooks/' }),
    };
    this.remediation = new RemediationChart(scope, `${id}-remediation`, {
      settings,
      credentials,
      application,
      catalogue,
      policies,
      payloads,
      prometheus: this.metrics.prometheus.endpoint,
    });
    this.connect();

    const charts: MonitoringChart[] = [
      application,
      nodeAgents,
      this.alerting,
      this.metrics,
      this.dashboards,
      payloads.server,
      payloads.runbooks,
      this.remediation,
    ];
    if (settings.credentials.externalSecret) {
      charts.push(credentialsChart(scope, `${id}-credentials`, settings, credentials));
    }
    for (const chart of charts) {
      chart.addDependency(namespaces);
    }
  }

  private connect(): void {
    const { prometheus } = this.metrics;
    const { grafana } = this.dashboards;
    const { routing } = this.alerting;
    const { webhook } = this.remediation;
    webhook.receiveFrom(routing);
    prometheus.addScrapeJob('remediation-webhook', webhook.endpoint);
    prometheus.addAlertmanager(routing.endpoint);
    prometheus.addScrapeJob('alertmanager', routing.endpoint);
    prometheus.addScrapeJob('grafana', grafana.endpoint);
    grafana.addPrometheus(prometheus.endpoint);
    grafana.addAlertmanager(routing.endpoint);
  }
}

function alertLinks({ grafana, runbooks }: LinkSettings): AlertLinks {
  return {
    runbook: ({ alert }) => `${runbooks}/${alert}`,
    dashboard: ({ labels }) => {
      const uid = dashboardFor(labels.category);
      return uid && `${grafana}/d/${uid}`;
    },
  };
}

function credentialsChart(
  scope: Construct,
  id: string,
  settings: MonitoringSettings,
  credentials: Credentials,
): MonitoringChart {
  const chart = new MonitoringChart(scope, id, settings);
  new ExternalCredentials(chart, 'credentials', { ...settings.credentials.externalSecret!, credentials });
  return chart;
}
