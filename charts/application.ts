import type { Construct } from 'constructs';
import { ExternalWorkload } from '../constructs';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings } from './settings';

/**
 * The application's workloads that the platform connects to. With `application.admit`, each gets a NetworkPolicy in the
 * application's namespace that admits the connected components. The namespace itself belongs to the application, and
 * denies what no policy admits: these policies isolate no pod that was open before.
 */
export class ApplicationChart extends MonitoringChart {
  /** The application's own metrics. */
  readonly backend: ExternalWorkload;
  /** PostgreSQL. */
  readonly postgres: ExternalWorkload;
  /** Redis. */
  readonly redis: ExternalWorkload;

  constructor(scope: Construct, id: string, { application, partOf, cluster, network }: MonitoringSettings) {
    const { namespace, admit, cacheTls = 'disable' } = application;
    super(scope, id, { namespace, partOf, cluster, network });
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
      scheme: cacheTls === 'disable' ? 'redis' : 'rediss',
      admit,
    });
  }
}
