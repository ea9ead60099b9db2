import type { Construct } from 'constructs';
import { ExternalWorkload } from '../constructs';
import { MonitoringChart } from './monitoring-chart';
import type { ApplicationSettings } from './settings';

/**
 * The application's workloads that the platform connects to. Each gets a NetworkPolicy in the application's namespace
 * that admits the connected components. The namespace itself belongs to the application.
 */
export class ApplicationChart extends MonitoringChart {
  readonly backend: ExternalWorkload;
  readonly postgres: ExternalWorkload;
  readonly redis: ExternalWorkload;

  constructor(scope: Construct, id: string, settings: ApplicationSettings) {
    super(scope, id, { namespace: settings.namespace });
    const { namespace, admit } = settings;
    this.backend = new ExternalWorkload(this, 'backend', {
      namespace,
      podLabels: { 'app.kubernetes.io/name': 'sightedit', 'app.kubernetes.io/component': 'backend' },
      service: 'sightedit-backend-service',
      port: 3000,
      admit,
    });
    this.postgres = new ExternalWorkload(this, 'postgres', {
      namespace,
      podLabels: { 'app.kubernetes.io/name': 'postgres' },
      service: 'postgres',
      port: 5432,
      scheme: 'postgresql',
      admit,
    });
    this.redis = new ExternalWorkload(this, 'redis', {
      namespace,
      podLabels: { 'app.kubernetes.io/name': 'redis' },
      service: 'redis-service',
      port: 6379,
      scheme: 'redis',
      admit,
    });
  }
}
