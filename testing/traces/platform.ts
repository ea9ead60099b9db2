import {
  type CollectorConfig,
  Credentials,
  Endpoint,
  OtelCollector,
  type OtelCollectorProps,
  type Vendors,
} from '../../constructs';
import type { Manifest } from '../manifests';
import { manifestsOf, NAMESPACE, testChart } from '../render';
import { type Pod, type PodProps, podAddress, startPod, withoutKubernetes } from './pods';
import type { StoreRequest, TelemetryStore } from './store';

const credentials = new Credentials('demo-credentials');

/** Keys that the endpoints of the vendors ask for. None of them is real. */
export const KEYS = {
  DATADOG_API_KEY: 'not-a-datadog-key',
  NEW_RELIC_LICENSE_KEY: 'not-a-new-relic-key',
  SENTRY_PUBLIC_KEY: 'not-a-sentry-key',
};

/** Every vendor. */
export const VENDORS: Required<Vendors> = {
  datadog: { apiKey: { credentials, key: 'DATADOG_API_KEY' }, traceSource: 'demo' },
  newRelic: { licenseKey: { credentials, key: 'NEW_RELIC_LICENSE_KEY' }, signals: ['traces', 'logs', 'metrics'] },
  sentry: { publicKey: { credentials, key: 'SENTRY_PUBLIC_KEY' }, organization: '11', project: '22', region: 'de' },
};

/** Endpoints of the vendors in the files. */
const VENDOR_URLS = {
  datadog: 'https://otlp.datadoghq.com',
  newRelic: 'https://otlp.nr-data.net',
  sentry: 'https://o11.ingest.de.sentry.io',
};

/** The status of a vendor for a request that follows its published format, and of any other. */
const isProtobuf = ({ method, headers }: StoreRequest) =>
  method === 'POST' && headers['content-type'] === 'application/x-protobuf';

/** What the vendors document: the paths, the headers, and that only protobuf is taken. */
export const VENDOR_RULES: { readonly [vendor in keyof Vendors & string]-?: (request: StoreRequest) => number } = {
  datadog: (request) => {
    if (request.headers['dd-api-key'] !== KEYS.DATADOG_API_KEY) {
      return 403;
    }
    const isTraces = request.path === '/v1/traces' && request.headers['dd-otlp-source'] === 'demo';
    return isProtobuf(request) && (isTraces || request.path === '/v1/logs') ? 200 : 400;
  },
  newRelic: (request) => {
    if (request.headers['api-key'] !== KEYS.NEW_RELIC_LICENSE_KEY) {
      return 403;
    }
    return isProtobuf(request) && /^\/v1\/(traces|logs|metrics)$/.test(request.path) ? 200 : 400;
  },
  sentry: (request) => {
    if (request.headers['x-sentry-auth'] !== `sentry sentry_key=${KEYS.SENTRY_PUBLIC_KEY}`) {
      return 403;
    }
    return isProtobuf(request) && /^\/api\/22\/integration\/otlp\/v1\/(traces|logs)$/.test(request.path) ? 200 : 404;
  },
};

/** Host names of the stores in the files of `gatewayManifests()`. */
export const STORES = { traces: 'traces.example.com', logs: 'logs.example.com', metrics: 'metrics.example.com' };

/** A gateway with a store for each signal. */
export function gatewayManifests(
  props: OtelCollectorProps,
  add: (gateway: OtelCollector) => void = () => {},
): readonly Manifest[] {
  const chart = testChart();
  const gateway = new OtelCollector(chart, 'gateway', { namespaces: [NAMESPACE], ...props });
  gateway.addTraceStore(Endpoint.host(STORES.traces, 4317, 'grpc'));
  gateway.addLogStore(Endpoint.host(STORES.logs, 3100, 'http'));
  gateway.addMetricStore(Endpoint.host(STORES.metrics, 9090, 'http'));
  add(gateway);
  return manifestsOf(chart);
}

/** Where the stores and the vendors of a test are. */
export interface Places {
  /** Address of the store of traces, a pod with port 4317. */
  readonly traces: string;
  readonly logs?: TelemetryStore;
  readonly metrics?: TelemetryStore;
  readonly vendors?: { readonly [vendor in keyof typeof VENDOR_URLS]?: TelemetryStore };
}

/** The texts of a gateway's files that name other pods, and what names them in the test. */
export function places({ traces, logs, metrics, vendors = {} }: Places): { readonly [text: string]: string } {
  const urls = Object.entries(VENDOR_URLS).flatMap(([vendor, url]) => {
    const store = vendors[vendor as keyof typeof VENDOR_URLS];
    return store ? [[url, store.url]] : [];
  });
  return {
    [`${STORES.traces}:4317`]: `${traces}:4317`,
    ...(logs ? { [`http://${STORES.logs}:3100`]: logs.url } : {}),
    ...(metrics ? { [`http://${STORES.metrics}:9090`]: metrics.url } : {}),
    ...Object.fromEntries(urls),
  };
}

/** The texts of a gateway's file that name its samplers, and their addresses. */
export function samplersAt(addresses: readonly string[]): { readonly [text: string]: string } {
  return Object.fromEntries(
    addresses.map((address, index) => [
      `otel-collector-sampler-${index}.otel-collector-sampler-headless.${NAMESPACE}.svc:4317`,
      `${address}:4317`,
    ]),
  );
}

/** Starts a collector of the gateway without Kubernetes. */
export function startGateway(name: string, props: PodProps): Promise<Pod> {
  const change = (config: CollectorConfig) => (props.change ?? ((same) => same))(withoutKubernetes(config));
  return startPod(name, { ...props, change, env: { ...KEYS, ...props.env } });
}

/**
 * A store of traces that takes OTLP over gRPC, as Jaeger does: a collector without a queue, which passes every span on
 * before it acknowledges it.
 */
export async function startTraceStore(name: string, store: TelemetryStore, address = podAddress()): Promise<Pod> {
  const config = {
    extensions: { health_check: { endpoint: `${address}:13133` } },
    receivers: { otlp: { protocols: { grpc: { endpoint: `${address}:4317`, max_recv_msg_size_mib: 16 } } } },
    exporters: {
      otlp_http: { endpoint: store.url, sending_queue: { enabled: false }, retry_on_failure: { enabled: false } },
    },
    service: {
      extensions: ['health_check'],
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['otlp_http'] } },
    },
  };
  const manifests = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { 'config.yaml': JSON.stringify(config) } },
  ];
  return startPod(name, { manifests, configMap: name, address });
}
