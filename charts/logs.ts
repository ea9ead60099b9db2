import { basename } from 'node:path';
import type { Construct } from 'constructs';
import { LogCollector, LokiStack, maskingProps } from '../constructs';
import { inSettings } from '../constructs/kit/setting-path';
import type { AlertLinks, RuleCatalogue } from '../rules';
import { promtailSanitisingStages, sanitising } from '../rules/sanitising';
import { MonitoringChart } from './monitoring-chart';
import type { LogSettings, MonitoringSettings } from './settings';

/** Identifier of Grafana's data source for logs. */
export const LOGS_UID = 'loki';

/** Props of `LogsChart`. */
export interface LogsProps {
  /** The rules, of which those over logs are loaded. */
  readonly catalogue: RuleCatalogue;
  /** Links of the alerts. */
  readonly links: AlertLinks;
  /** The settings, with defaults filled in. */
  readonly settings: MonitoringSettings;
  /** How Loki is run. */
  readonly mode: Exclude<LogSettings['mode'], 'off'>;
}

/**
 * Reads the logs of every node and sends them to Loki, without secrets and personal data. Only the agents are in the
 * namespace that permits access to the nodes.
 */
export function addLogCollector(
  nodeAgents: MonitoringChart,
  logsChart: LogsChart,
  { cluster, logs }: MonitoringSettings,
): LogCollector {
  const patterns = sanitising({ nationalIds: logs.nationalIds });
  const isPromtail = logs.collector === 'promtail';
  const props = {
    loki: logsChart.loki,
    agent: logs.collector,
    eventsChart: logsChart,
    cluster,
    // The collector of events is the OpenTelemetry Collector in any case.
    ...maskingProps(patterns),
    promtailStages: isPromtail ? promtailSanitisingStages(patterns).map(({ replace }) => ({ replace })) : undefined,
  };
  return inSettings('logs', () => new LogCollector(nodeAgents, 'log-collector', props));
}

/** Loki, which stores the logs of every pod and node. */
export class LogsChart extends MonitoringChart {
  /** Loki. People reach it through Grafana only: it has no users. */
  readonly loki: LokiStack;

  constructor(scope: Construct, id: string, { settings, mode, catalogue, links }: LogsProps) {
    super(scope, id, settings);
    const props = {
      ...settings.logs,
      mode,
      storageClass: settings.storageClass,
      grafanaUrl: settings.links.grafana,
      externalLabels: { cluster: settings.cluster, environment: settings.environment, region: settings.region },
    };
    this.loki = inSettings('logs', () => new LokiStack(this, 'loki', props));
    for (const { topic, content } of catalogue.renderLogs(links)) {
      this.loki.addRules(basename(topic), content);
    }
  }
}
