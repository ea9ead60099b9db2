import { type Dashboard, defineDashboard } from './kit';
import { alertmanager } from './sections/alertmanager';
import { loki } from './sections/loki';
import { monitoringOverview } from './sections/monitoring-overview';
import { platform } from './sections/platform';
import { prometheus } from './sections/prometheus';
import { targets } from './sections/targets';

/** The monitoring platform, watching itself. */
export function monitoring(): Dashboard {
  return defineDashboard({
    uid: 'monitoring',
    title: 'Monitoring',
    folder: 'Platform',
    description: 'Does monitoring see every target, does it evaluate rules in time, and do its notifications arrive?',
    tags: ['monitoring'],
    sections: [monitoringOverview, targets, prometheus, alertmanager, loki, platform],
  });
}
