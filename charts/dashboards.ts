import type { Construct } from 'constructs';
import { type Credentials, Grafana } from '../constructs';
import type { Dashboard } from '../dashboards';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings } from './settings';

export interface DashboardsProps {
  readonly settings: MonitoringSettings;
  readonly credentials: Credentials;
  readonly dashboards: readonly Dashboard[];
}

/** Grafana and its dashboards. */
export class DashboardsChart extends MonitoringChart {
  readonly grafana: Grafana;

  constructor(scope: Construct, id: string, { settings, credentials, dashboards }: DashboardsProps) {
    super(scope, id, settings);
    this.grafana = new Grafana(this, 'grafana', {
      credentials,
      externalUrl: settings.links.grafana,
      storageClass: settings.storageClass,
    });
    for (const dashboard of dashboards) {
      this.grafana.addDashboard(dashboard);
    }
  }
}
