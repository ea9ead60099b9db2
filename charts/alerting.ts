import type { Construct } from 'constructs';
import { AlertRouting, type Credentials } from '../constructs';
import type { RuleCatalogue } from '../rules';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings } from './settings';

export interface AlertingProps {
  readonly settings: MonitoringSettings;
  readonly credentials: Credentials;
  readonly catalogue: RuleCatalogue;
}

/** Alerting: who hears of what. */
export class AlertingChart extends MonitoringChart {
  readonly routing: AlertRouting;

  constructor(scope: Construct, id: string, { settings, credentials, catalogue }: AlertingProps) {
    super(scope, id, settings);
    this.routing = new AlertRouting(this, 'alertmanager', {
      ...settings.alerting,
      storageClass: settings.storageClass,
      credentials,
      externalUrl: settings.links.alertmanager,
      inhibitions: catalogue.inhibitions,
    });
  }
}
