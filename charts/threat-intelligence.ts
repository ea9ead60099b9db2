import type { Construct } from 'constructs';
import { ThreatIntelligence } from '../constructs';
import { inSettings } from '../constructs/kit/setting-path';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings } from './settings';

/** What feeds say about addresses. */
export class ThreatIntelligenceChart extends MonitoringChart {
  /** The server, and the CronJob that updates its feeds. */
  readonly threats: ThreatIntelligence;

  constructor(scope: Construct, id: string, settings: MonitoringSettings) {
    super(scope, id, settings);
    const props = { ...settings.threatIntelligence, storageClass: settings.storageClass };
    this.threats = inSettings('threatIntelligence', () => new ThreatIntelligence(this, 'threat-intelligence', props));
  }
}
