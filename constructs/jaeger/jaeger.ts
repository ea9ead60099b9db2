import type { Construct } from 'constructs';
import {
  Component,
  type ComponentPort,
  ConfigDirectory,
  type Connection,
  type Endpoint,
  httpProbe,
  images,
  SecretFiles,
  startupProbe,
  toYaml,
} from '../kit';
import { checkScheme } from '../kit/checks';
import { goMemoryLimit } from '../kit/go-memory';
import { PatchableConstruct } from '../kit/patchable-construct';
import { storageFrom } from '../kit/storage';
import type { Workload } from '../kit/workload';
import { HEALTH_PORT, METRICS_PORT } from '../otel-collector/config-builder';
import { addIndexCleaner } from './index-cleaner';
import { checkJaeger } from './jaeger-checks';
import {
  CONFIG_PATH,
  DATA_PATH,
  HEALTH_PATH,
  jaegerConfig,
  OTLP_GRPC_PORT,
  OTLP_HTTP_PORT,
  QUERY_PORT,
  SAMPLING_FILE,
  SAMPLING_GRPC_PORT,
  SAMPLING_HTTP_PORT,
  SAMPLING_PATH,
  type TraceBackend,
  UI_FILE,
  uiConfig,
} from './jaeger-config';
import { type ElasticsearchStorage, JAEGER_DEFAULTS, type JaegerProps } from './jaeger-props';
import { strategyFile } from './sampling-strategies';
import { badgerVolume } from './sizing';

const SECRETS_PATH = '/etc/jaeger-secrets';

/** User id that Jaeger's image runs as. */
const JAEGER_USER = 10001;

/** Badger reads its tables and its log at the start. */
const START_SECONDS = 600;

/** Peak of the lab: 478 MiB while 14,000 spans were stored in a second. */
const RESOURCES = { cpu: '200m', memory: '1Gi' } as const;

const PORTS: { readonly [name: string]: ComponentPort } = {
  query: { port: QUERY_PORT },
  'otlp-grpc': { port: OTLP_GRPC_PORT, scheme: 'grpc' },
  'otlp-http': { port: OTLP_HTTP_PORT },
  metrics: { port: METRICS_PORT },
  health: { port: HEALTH_PORT },
};

const SAMPLING_PORTS: { readonly [name: string]: ComponentPort } = {
  sampling: { port: SAMPLING_HTTP_PORT },
  'sampling-grpc': { port: SAMPLING_GRPC_PORT, scheme: 'grpc' },
};

/**
 * Jaeger 2, a store for traces with a web interface.
 *
 * @example
 * new Jaeger(chart, 'jaeger', {
 *   retentionDays: 7,
 *   samplingStrategies: {
 *     default: { kind: 'share', share: 0.5 },
 *     services: { checkout: { kind: 'share', share: 1 } },
 *   },
 * });
 */
export class Jaeger extends PatchableConstruct {
  /** The server, for arguments, mounts and connections. */
  readonly component: Component;
  /** Path below `endpoint` of the web interface and its API. Empty for the root. */
  readonly basePath: string;

  /** @throws SettingError when a prop is invalid */
  constructor(scope: Construct, id: string, props: JaegerProps = {}) {
    super(scope, id);
    checkJaeger(props);
    const { name = JAEGER_DEFAULTS.name, retentionDays = JAEGER_DEFAULTS.retentionDays, elasticsearch } = props;
    this.basePath = props.basePath ?? '';
    const secrets = new SecretFiles(SECRETS_PATH, false);
    const config = new ConfigDirectory(this, 'config', { name: `${name}-config`, path: CONFIG_PATH });
    this.component = new Component(this, 'server', {
      name,
      image: images.jaeger,
      workload: workloadOf(props),
      ports: { ...PORTS, ...(props.samplingStrategies ? SAMPLING_PORTS : {}) },
      args: [`--config=${CONFIG_PATH}/config.yaml`],
      env: [
        { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'GOMEMLIMIT', value: goMemoryLimit(RESOURCES, props.pod?.resources) },
      ],
      probes: {
        startup: startupProbe(HEALTH_PATH, START_SECONDS, 'health'),
        readiness: httpProbe(HEALTH_PATH, 'health'),
        liveness: httpProbe(HEALTH_PATH, 'health', { failureThreshold: 6 }),
      },
      resources: RESOURCES,
      mounts: [config.mount],
      user: JAEGER_USER,
      pod: props.pod,
    });
    const prometheus = props.prometheus && this.connect('prometheus', props.prometheus);
    const server = elasticsearch && this.connect('elasticsearch.server', elasticsearch.server);
    const backend = elasticsearch ? elasticsearchBackend(elasticsearch, server!, secrets) : BADGER;
    config.addFile('config.yaml', () =>
      toYaml(
        jaegerConfig({
          backend,
          retentionDays,
          prometheusUrl: prometheus?.url(),
          servesSampling: props.samplingStrategies !== undefined,
          basePath: props.basePath,
        }),
      ),
    );
    config.addFile(UI_FILE, JSON.stringify(uiConfig(prometheus !== undefined)));
    secrets.mountIn(this.component);
    this.addStrategies(name, props);
    if (elasticsearch) {
      addIndexCleaner(this, 'index-cleaner', { name: `${name}-index-cleaner`, elasticsearch, retentionDays });
    }
  }

  /** The web interface and its API, below `basePath`. */
  get endpoint(): Endpoint {
    return this.component.endpoint('query');
  }

  /** Where spans are sent: OTLP over gRPC. */
  get otlpEndpoint(): Endpoint {
    return this.component.endpoint('otlp-grpc');
  }

  /** Jaeger's own metrics. */
  get metricsEndpoint(): Endpoint {
    return this.component.endpoint('metrics');
  }

  private connect(setting: string, endpoint: Endpoint): Connection {
    const connection = this.component.connectTo(endpoint);
    checkScheme(setting, connection, ['http', 'https']);
    return connection;
  }

  /** In a volume of its own: Jaeger reads a changed file itself, and a restart would interrupt Badger. */
  private addStrategies(name: string, { samplingStrategies }: JaegerProps): void {
    if (samplingStrategies) {
      const directory = new ConfigDirectory(this, 'sampling', {
        name: `${name}-sampling`,
        path: SAMPLING_PATH,
        onChange: 'reload',
      });
      directory.addFile(SAMPLING_FILE, JSON.stringify(strategyFile(samplingStrategies)));
      this.component.addMount(directory.mount);
    }
  }
}

const BADGER: TraceBackend = { kind: 'badger' };

function workloadOf(props: JaegerProps): Workload {
  const { retentionDays = JAEGER_DEFAULTS.retentionDays, spansPerSecond = JAEGER_DEFAULTS.spansPerSecond } = props;
  if (props.elasticsearch) {
    return { kind: 'Deployment', replicas: 2 };
  }
  const size = props.storageSize ?? badgerVolume(spansPerSecond, retentionDays);
  return { kind: 'StatefulSet', replicas: 1, storage: storageFrom(props, { path: DATA_PATH, size, replicas: 1 }) };
}

function elasticsearchBackend(
  { username, password, certificateAuthority, indexPrefix, shards = 5, shardReplicas = 1 }: ElasticsearchStorage,
  server: Connection,
  secrets: SecretFiles,
): TraceBackend {
  return {
    kind: 'elasticsearch',
    url: server.url(),
    username,
    passwordFile: secrets.path(password),
    caFile: certificateAuthority && secrets.path(certificateAuthority),
    indexPrefix,
    shards,
    shardReplicas,
  };
}
