import type { Construct } from 'constructs';
import { LokiStack } from '../constructs';
import { inSettings } from '../constructs/kit/setting-path';
import { MonitoringChart } from './monitoring-chart';
import type { LogSettings, MonitoringSettings } from './settings';

/** Identifier of Grafana's data source for logs. */
export const LOGS_UID = 'loki';

/** Props of `LogsChart`. */
export interface LogsProps {
  /** The settings, with defaults filled in. */
  readonly settings: MonitoringSettings;
  /** How Loki is run. */
  readonly mode: Exclude<LogSettings['mode'], 'off'>;
}

/** Loki, which stores the logs of every pod and node. */
export class LogsChart extends MonitoringChart {
  /** Loki. People reach it through Grafana only: it has no users. */
  readonly loki: LokiStack;

  constructor(scope: Construct, id: string, { settings, mode }: LogsProps) {
    super(scope, id, settings);
    const props = {
      ...settings.logs,
      mode,
      storageClass: settings.storageClass,
      grafanaUrl: settings.links.grafana,
      externalLabels: { cluster: settings.cluster, environment: settings.environment, region: settings.region },
    };
    this.loki = inSettings('logs', () => new LokiStack(this, 'loki', props));
  }
}
