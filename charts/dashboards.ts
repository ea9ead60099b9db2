import type { Construct } from 'constructs';
import { type Credentials, Grafana } from '../constructs';
import type { Dashboard } from '../dashboards';
import { admitIngress } from './ingress';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings } from './settings';

/** Props of `DashboardsChart`. */
export interface DashboardsProps {
  /** The settings, with defaults filled in. */
  readonly settings: MonitoringSettings;
  /** The Secret with the administrator's name and password. */
  readonly credentials: Credentials;
  /** The dashboards to provision. */
  readonly dashboards: readonly Dashboard[];
}

/** Grafana and its dashboards. */
export class DashboardsChart extends MonitoringChart {
  /** Grafana. */
  readonly grafana: Grafana;

  constructor(scope: Construct, id: string, { settings, credentials, dashboards }: DashboardsProps) {
    super(scope, id, settings);
    this.grafana = new Grafana(this, 'grafana', {
      credentials,
      externalUrl: settings.links.grafana,
      storageClass: settings.storageClass,
    });
    admitIngress(this.grafana.component, settings.network);
    for (const dashboard of dashboards) {
      this.grafana.addDashboard(dashboard);
    }
  }
}
