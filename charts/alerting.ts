import type { Construct } from 'constructs';
import { AlertRouting, type Credentials } from '../constructs';
import { inSettings } from '../constructs/kit/setting-path';
import type { RuleCatalogue } from '../rules';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings } from './settings';

export interface AlertingProps {
  readonly settings: MonitoringSettings;
  readonly credentials: Credentials;
  readonly catalogue: RuleCatalogue;
}

/** Alertmanager: routes, receivers and inhibitions. */
export class AlertingChart extends MonitoringChart {
  readonly routing: AlertRouting;

  constructor(scope: Construct, id: string, { settings, credentials, catalogue }: AlertingProps) {
    super(scope, id, settings);
    const props = {
      ...settings.alerting,
      storageClass: settings.storageClass,
      credentials,
      externalUrl: settings.links.alertmanager,
      inhibitions: catalogue.inhibitions,
    };
    this.routing = inSettings('alerting', () => new AlertRouting(this, 'alertmanager', props));
  }
}
