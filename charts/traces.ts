import type { Construct } from 'constructs';
import { type Credentials, type Endpoint, Jaeger, type JaegerProps, OtelCollector, type Vendors } from '../constructs';
import { inSettings } from '../constructs/kit/setting-path';
import { MonitoringChart } from './monitoring-chart';
import type { MonitoringSettings, VendorSettings } from './settings';

/** Identifier of Grafana's data source for traces. */
export const TRACES_UID = 'jaeger';

/** Labels of the application's pods that send traces, logs and metrics. */
const CLIENT_LABELS = { 'app.kubernetes.io/name': 'sightedit' };

/** Ports that they may send to. */
const CLIENT_PORTS = ['otlp-grpc', 'otlp-http', 'jaeger-grpc', 'jaeger-thrift', 'zipkin'];

/** Props of `TracesChart`. */
export interface TracesProps {
  /** The settings, with defaults filled in. */
  readonly settings: MonitoringSettings;
  /** The Secret with the keys of vendors. */
  readonly credentials: Credentials;
}

/**
 * The gateway that takes traces, logs and metrics of the application, and Jaeger, which stores traces. People reach Jaeger
 * through Grafana only: it has no users.
 */
export class TracesChart extends MonitoringChart {
  /** The gateway. */
  readonly gateway: OtelCollector;

  private readonly settings: MonitoringSettings;
  private readonly credentials: Credentials;

  constructor(scope: Construct, id: string, { settings, credentials }: TracesProps) {
    super(scope, id, settings);
    this.settings = settings;
    this.credentials = credentials;
    const { traces, application, namespace, cluster, environment, storageClass, logs } = settings;
    const props = {
      replicas: traces.replicas,
      sampling: traces.sampling,
      browserOrigins: traces.browserOrigins,
      // The platform's own servers send traces too.
      namespaces: [application.namespace, namespace],
      resourceAttributes: { 'k8s.cluster.name': cluster, 'deployment.environment.name': environment },
      sanitising: { nationalIds: logs.nationalIds },
      vendors: vendorsOf(traces.vendors, credentials),
      storageClass,
    };
    this.gateway = inSettings('traces', () => new OtelCollector(this, 'gateway', props));
    for (const port of CLIENT_PORTS) {
      this.gateway.component.admitFrom({ namespace: application.namespace, labels: CLIENT_LABELS }, port);
    }
  }

  /**
   * Adds Jaeger and sends traces to it.
   *
   * @param prometheus where span metrics are, for the tab Monitor
   */
  addStore(prometheus: Endpoint): Jaeger {
    const props = { retentionDays: this.settings.traces.retentionDays, prometheus, ...this.backend };
    const jaeger = inSettings('traces', () => new Jaeger(this, 'jaeger', props));
    this.gateway.addTraceStore(jaeger.otlpEndpoint);
    return jaeger;
  }

  private get backend(): Pick<JaegerProps, 'elasticsearch' | 'spansPerSecond' | 'storageClass'> {
    const { traces, storageClass } = this.settings;
    const { elasticsearch, spansPerSecond } = traces;
    const password = { credentials: this.credentials, key: 'ELASTICSEARCH_PASSWORD' };
    return elasticsearch ? { elasticsearch: { ...elasticsearch, password } } : { spansPerSecond, storageClass };
  }
}

/** The vendors, with the keys of the platform's Secret. */
function vendorsOf({ datadog, newRelic, sentry }: VendorSettings, credentials: Credentials): Vendors {
  return {
    datadog: datadog && { ...datadog, apiKey: { credentials, key: 'DATADOG_API_KEY' } },
    newRelic: newRelic && { ...newRelic, licenseKey: { credentials, key: 'NEW_RELIC_LICENSE_KEY' } },
    sentry: sentry && { ...sentry, publicKey: { credentials, key: 'SENTRY_PUBLIC_KEY' } },
  };
}
