import type { Construct } from 'constructs';
import { Credentials, ExternalCredentials, topicsHiddenBy } from '../constructs';
import { dashboardFor, dashboards } from '../dashboards';
import { type AlertLinks, RuleCatalogue } from '../rules';
import { AlertingChart } from './alerting';
import { ApplicationChart } from './application';
import { DashboardsChart } from './dashboards';
import { addLogCollector, LOGS_UID, LogsChart } from './logs';
import { metricUses } from './metric-uses';
import { MetricsChart, NodeAgentsChart, SPAN_METRICS_JOB } from './metrics';
import { MonitoringChart } from './monitoring-chart';
import { NamespacesChart } from './namespaces';
import { PayloadChart } from './payload-chart';
import { RemediationChart } from './remediation';
import { remediationPolicies } from './remediation-policies';
import type { LinkSettings, MonitoringSettings } from './settings';
import { ThreatIntelligenceChart } from './threat-intelligence';
import { TRACES_UID, TracesChart } from './traces';

/** Options of `addSightEditMonitoring()`. */
export interface SightEditMonitoringOptions {
  /** Rules of the platform. @default - SightEdit's own */
  readonly catalogue?: RuleCatalogue;
}

/** The charts that grow: receivers, scrape jobs, dashboards and data sources can be added to them. */
export interface SightEditCharts {
  /** Alertmanager. */
  readonly alerting: AlertingChart;
  /** Prometheus and its exporters. */
  readonly metrics: MetricsChart;
  /** Loki. @default - none, with `logs.mode: 'off'` */
  readonly logs?: LogsChart;
  /** The gateway and Jaeger. @default - none, with `traces.mode: 'off'` */
  readonly traces?: TracesChart;
  /** Grafana. */
  readonly dashboards: DashboardsChart;
  /** The remediation webhook. */
  readonly remediation: RemediationChart;
}

/**
 * Adds the whole platform: one chart for each part, connected to each other. `kubectl apply` needs the namespaces
 * first, so the other charts depend on theirs.
 *
 * @param id prefix of the charts' ids, which cdk8s names the files after
 * @throws SettingError that names the setting, its value and the fix
 * @example
 * const { metrics } = addSightEditMonitoring(app, 'sightedit', resolveSettings(sightEdit, 'production'));
 * metrics.prometheus.addScrapeJob('payments', payments.endpoint);
 */
export function addSightEditMonitoring(
  scope: Construct,
  id: string,
  settings: MonitoringSettings,
  options: SightEditMonitoringOptions = {},
): SightEditCharts {
  const credentials = new Credentials(settings.credentials.secretName);
  // One catalogue for all: an alert that the platform cannot evaluate has no route, no inhibition and no response.
  const { mode } = settings.logs;
  const all = options.catalogue ?? RuleCatalogue.sightEdit();
  const catalogue = all.without([
    ...topicsHiddenBy(settings.platform),
    ...(mode === 'off' ? all.logs.map(({ topic }) => topic) : []),
  ]);
  const policies = remediationPolicies(settings);
  const links = alertLinks(settings.links);

  const namespaces = new NamespacesChart(scope, `${id}-namespaces`, settings);
  const application = new ApplicationChart(scope, `${id}-application`, settings);
  const nodeAgents = new NodeAgentsChart(scope, `${id}-node-agents`, settings);
  const traces =
    settings.traces.mode === 'off' ? undefined : new TracesChart(scope, `${id}-traces`, { settings, credentials });
  const tracing = traces?.gateway.otlpHttpEndpoint;
  const alerting = new AlertingChart(scope, `${id}-alerting`, { settings, credentials, catalogue, tracing });
  const metrics = new MetricsChart(scope, `${id}-metrics`, {
    settings,
    credentials,
    application,
    nodeAgents,
    catalogue,
    links,
    uses: metricUses(catalogue, policies),
  });
  const logs = mode === 'off' ? undefined : new LogsChart(scope, `${id}-logs`, { settings, mode, catalogue, links });
  const dashboardsChart = new DashboardsChart(scope, `${id}-dashboards`, {
    settings,
    credentials,
    dashboards: dashboards(),
  });
  const threats =
    settings.threatIntelligence.feeds.length > 0
      ? new ThreatIntelligenceChart(scope, `${id}-threat-intelligence`, settings)
      : undefined;
  const payloads = {
    server: new PayloadChart(scope, `${id}-remediation-server`, { ...settings, source: 'remediation/' }),
    runbooks: new PayloadChart(scope, `${id}-runbooks`, { ...settings, source: 'runbooks/' }),
  };
  const remediation = new RemediationChart(scope, `${id}-remediation`, {
    settings,
    credentials,
    application,
    catalogue,
    policies,
    payloads,
    prometheus: metrics.prometheus.endpoint,
    loki: logs?.loki,
    threats: threats?.threats.endpoint,
    tracing,
  });
  const charts: SightEditCharts = { alerting, metrics, logs, traces, dashboards: dashboardsChart, remediation };
  connect(charts);
  if (logs) {
    connectLogs(logs, charts, nodeAgents, settings);
  }

  if (traces) {
    connectTraces(traces, charts);
  }

  const dependents: MonitoringChart[] = [
    application,
    nodeAgents,
    alerting,
    metrics,
    ...(logs ? [logs] : []),
    ...(traces ? [traces] : []),
    ...(threats ? [threats] : []),
    dashboardsChart,
    payloads.server,
    payloads.runbooks,
    remediation,
  ];
  if (settings.credentials.externalSecret) {
    dependents.push(credentialsChart(scope, `${id}-credentials`, settings, credentials));
  }
  for (const chart of dependents) {
    chart.addDependency(namespaces);
  }
  return charts;
}

function connect(charts: SightEditCharts): void {
  const { alerting, metrics, traces } = charts;
  const { grafana } = charts.dashboards;
  const { webhook } = charts.remediation;
  const { prometheus } = metrics;
  const { routing } = alerting;
  webhook.receiveFrom(routing);
  prometheus.addScrapeJob('remediation-webhook', webhook.endpoint);
  prometheus.addAlertmanager(routing.endpoint);
  prometheus.addScrapeJob('alertmanager', routing.endpoint);
  prometheus.addScrapeJob('grafana', grafana.endpoint);
  grafana.addPrometheus(prometheus, { tracesUid: traces && TRACES_UID });
}

function connectLogs(
  logs: LogsChart,
  { metrics: { prometheus }, alerting, dashboards, traces }: SightEditCharts,
  nodeAgents: NodeAgentsChart,
  settings: MonitoringSettings,
): void {
  const { loki } = logs;
  const collector = addLogCollector(nodeAgents, logs, settings);
  prometheus.addScrapeJob('loki', loki.queryEndpoint);
  // One on each node: see withLimits().
  prometheus.addScrapeJob('log-collector', collector.endpoint, { target_limit: 0 });
  if (collector.counterEndpoint) {
    // Its metric has the namespace of the pod that wrote the line.
    prometheus.addScrapeJob('log-collector-masked', collector.counterEndpoint, { honor_labels: true, target_limit: 0 });
  }
  if (collector.eventsEndpoint) {
    prometheus.addScrapeJob('log-collector-events', collector.eventsEndpoint);
  }
  loki.addAlertmanager(alerting.routing.endpoint);
  if (settings.metrics.remoteWriteReceiver) {
    loki.addRemoteWrite(prometheus.endpoint);
  }
  dashboards.grafana.addLoki(loki.queryEndpoint, { uid: LOGS_UID, tracesUid: traces && TRACES_UID });
}

function connectTraces(
  traces: TracesChart,
  { metrics: { prometheus }, logs, dashboards: { grafana } }: SightEditCharts,
): void {
  const { gateway } = traces;
  const jaeger = traces.addStore(prometheus.endpoint);
  if (logs) {
    gateway.addLogStore(logs.loki.pushEndpoint, { path: logs.loki.otlpPath });
  }
  prometheus.addScrapeJob('otel-collector', gateway.metricsEndpoint);
  if (gateway.samplerMetricsEndpoint) {
    prometheus.addScrapeJob('otel-collector-sampler', gateway.samplerMetricsEndpoint);
  }
  prometheus.addScrapeJob(SPAN_METRICS_JOB, gateway.spanMetricsEndpoint, { honor_labels: true });
  prometheus.addScrapeJob('jaeger', jaeger.metricsEndpoint);
  grafana.addJaeger(jaeger.endpoint, {
    uid: TRACES_UID,
    path: jaeger.basePath,
    logsUid: logs && LOGS_UID,
    metricsUid: 'prometheus',
  });
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
