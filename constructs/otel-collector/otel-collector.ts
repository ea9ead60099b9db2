import type { Construct } from 'constructs';
import type { CollectorPipeline, CollectorSettings } from '../../formats/otel-collector';
import { sanitising } from '../../rules/sanitising';
import { type Component, DuplicateNameError, Endpoint, SettingError, secretFiles } from '../kit';
import { checkObjectName, checkScheme } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { storageFrom } from '../kit/storage';
import { addCollector } from './collector-process';
import { checkOtelCollector, replicasOf, samplersOf } from './gateway-checks';
import {
  DATA_PATH,
  type GatewayConfigProps,
  type GatewayPart,
  type GatewayPipeline,
  gatewayConfig,
  samplerConfig,
  withDelivery,
} from './gateway-config';
import { addAutoscaler, gatewayPorts, grantPods } from './gateway-objects';
import { largeProcessors, type Masking, masking } from './gateway-processors';
import { OTEL_COLLECTOR_DEFAULTS, type OtelCollectorProps } from './gateway-props';
import { RECEIVER_PORTS, TLS_PATH, TOKEN_PATH } from './gateway-receivers';
import { DEFAULT_DIMENSIONS } from './span-metrics';
import { type ResolvedSampling, resolveSampling, samplingMebibytes } from './tail-sampling';
import { type Signal, type VendorExporter, vendorExporters } from './vendors';

/** Id of the extension with the queues. */
const DISK = 'file_storage/queue';

/** Mebibytes of a collector without traces that wait: 94 were measured at 800 spans a second, and bursts need more. */
const BASE_MEBIBYTES = 512;

/** Beyond the decision: delivery of what was decided at the end. */
const DRAIN_SECONDS = 30;

/** A store in the cluster that data is sent to. */
export interface StoreOptions {
  /** Name of the exporter in metrics and logs. @default jaeger, loki or prometheus */
  readonly name?: string;
  /** Path below the endpoint, for OTLP over HTTP. @default /otlp for logs, /api/v1/otlp for metrics */
  readonly path?: string;
}

/**
 * A gateway for traces, logs and metrics by OTLP, and for traces of Jaeger and Zipkin clients. It adds Kubernetes
 * attributes, masks personal data, counts requests before it samples traces, and keeps what a store does not take on its
 * volume.
 *
 * @example
 * const jaeger = new Jaeger(chart, 'jaeger');
 * const gateway = new OtelCollector(chart, 'otel-collector', { replicas: 3, sampling: { percent: 20 } });
 * gateway.addTraceStore(jaeger.otlpEndpoint);
 * gateway.component.admitFrom({ namespace: 'orders', labels: {} }, 'otlp-http');
 */
export class OtelCollector extends PatchableConstruct {
  /** The collectors that clients send to. */
  readonly component: Component;
  /** The collectors that decide about traces. @default - with one replica none: it decides itself */
  readonly sampler?: Component;

  private readonly props: OtelCollectorProps;
  private readonly name: string;
  private readonly sampling: ResolvedSampling;
  private readonly masking: Masking;
  private readonly vendors: readonly VendorExporter[];
  private readonly samplers: readonly string[];
  private readonly exporters: GatewayPart[] = [];
  private readonly processors: GatewayPart[] = [];
  private readonly pipelines: GatewayPipeline[] = [];

  /** @throws SettingError when a prop is invalid */
  constructor(scope: Construct, id: string, props: OtelCollectorProps = {}) {
    super(scope, id);
    checkOtelCollector(props);
    this.props = props;
    this.name = props.name ?? OTEL_COLLECTOR_DEFAULTS.name;
    this.sampling = resolveSampling(props.sampling);
    this.masking = masking(sanitising(props.sanitising));
    this.vendors = vendorExporters(props.vendors);
    const samplers = samplersOf(props);
    this.component = this.addGateway(samplers === 0);
    grantPods(this.component, props.namespaces);
    this.sampler = samplers > 0 ? this.addSampler(samplers) : undefined;
    this.samplers = this.sampler ? this.component.connectTo(this.sampler.endpoint('otlp-grpc')).replicas : [];
    for (const vendor of this.vendors) {
      this.connectVendor(vendor);
    }
  }

  /** Where clients send OTLP over gRPC. */
  get otlpGrpcEndpoint(): Endpoint {
    return this.component.endpoint('otlp-grpc');
  }

  /** Where clients send OTLP over HTTP. */
  get otlpHttpEndpoint(): Endpoint {
    return this.component.endpoint('otlp-http');
  }

  /** Metrics of the collectors that clients send to. */
  get metricsEndpoint(): Endpoint {
    return this.component.endpoint('metrics');
  }

  /** Metrics of the samplers, if there are any. */
  get samplerMetricsEndpoint(): Endpoint | undefined {
    return this.sampler?.endpoint('metrics');
  }

  /** Calls and durations of spans, with exemplars. Scrape it with `honor_labels: true`. */
  get spanMetricsEndpoint(): Endpoint {
    return this.component.endpoint('span-metrics');
  }

  /**
   * Sends the traces that are kept to a store that takes OTLP over gRPC, e.g. `jaeger.otlpEndpoint`.
   *
   * @throws DuplicateNameError for a second store of the same name
   */
  addTraceStore(endpoint: Endpoint, { name = 'jaeger' }: Pick<StoreOptions, 'name'> = {}): void {
    const connection = this.traceSender.connectTo(endpoint);
    checkScheme('addTraceStore', connection, ['grpc']);
    this.addStore('otlp_grpc', name, ['traces'], { endpoint: connection.address, tls: { insecure: true } });
  }

  /**
   * Sends log records to a store that takes OTLP over HTTP, e.g. `loki.pushEndpoint`.
   *
   * @throws DuplicateNameError for a second store of the same name
   */
  addLogStore(endpoint: Endpoint, { name = 'loki', path = '/otlp' }: StoreOptions = {}): void {
    const connection = this.component.connectTo(endpoint);
    checkScheme('addLogStore', connection, ['http', 'https']);
    this.addStore('otlp_http', name, ['logs'], { endpoint: connection.url(path) });
  }

  /**
   * Sends metrics to every replica behind an endpoint that takes OTLP over HTTP. Prometheus needs the argument
   * `--web.enable-otlp-receiver`.
   *
   * @throws DuplicateNameError for a second store of the same name
   */
  addMetricStore(endpoint: Endpoint, { name = 'prometheus', path = '/api/v1/otlp' }: StoreOptions = {}): void {
    const connection = this.component.connectTo(endpoint);
    checkScheme('addMetricStore', connection, ['http', 'https']);
    const replicas = connection.replicas.length > 1 ? connection.replicas : [connection.address];
    for (const [index, address] of replicas.entries()) {
      const own = replicas.length > 1 ? `${name}-${index}` : name;
      this.addStore('otlp_http', own, ['metrics'], { endpoint: `${connection.scheme}://${address}${path}` });
    }
  }

  /**
   * Adds an exporter to the pipelines of some signals. Traces are those that are kept. An exporter of OTLP gets
   * a queue on the volume and retries, unless the settings have them. You open the way with `component.connectTo()`, and for traces with
   * `traceSender.connectTo()`.
   *
   * @param id type and name, e.g. `otlp_http/archive`
   * @throws DuplicateNameError for an id that exists
   */
  addExporter(id: string, settings: CollectorSettings, signals: readonly Signal[]): void {
    this.addPart('exporter', this.exporters, { id, settings, signals });
  }

  /**
   * Adds a processor to the pipelines of some signals: after Kubernetes attributes and masking, and before span
   * metrics and sampling.
   *
   * @param id type, or type and name, e.g. `attributes/team`
   * @throws DuplicateNameError for an id that exists
   */
  addProcessor(id: string, settings: CollectorSettings, signals: readonly Signal[]): void {
    this.addPart('processor', this.processors, { id, settings, signals });
  }

  /**
   * Adds a pipeline beside those of the gateway, on the collectors that clients send to.
   *
   * @param id signal and name, e.g. `logs/audit`
   * @param pipeline may name the receivers and processors of the gateway, e.g. `otlp` and `memory_limiter`
   * @param components what only this pipeline has
   * @throws DuplicateNameError for an id that exists
   */
  addPipeline(id: string, pipeline: CollectorPipeline, components: GatewayPipeline['components'] = {}): void {
    this.refuseKnown('pipeline', id, this.pipelines);
    this.pipelines.push({ id, pipeline, components });
  }

  /** The collectors that send traces to their stores. */
  get traceSender(): Component {
    return this.sampler ?? this.component;
  }

  private addStore(type: string, name: string, signals: readonly Signal[], settings: CollectorSettings): void {
    checkObjectName('name', name);
    this.addExporter(`${type}/${name}`, settings, signals);
  }

  private addPart(kind: 'exporter' | 'processor', parts: GatewayPart[], part: GatewayPart): void {
    this.refuseKnown(kind, part.id, parts);
    if (part.signals.length === 0) {
      throw new SettingError('signals', part.signals, `name traces, logs or metrics: the ${kind} would not run`);
    }
    parts.push(part);
  }

  private refuseKnown(kind: string, id: string, known: readonly { readonly id: string }[]): void {
    if (known.some((each) => each.id === id)) {
      throw new DuplicateNameError(kind, id);
    }
  }

  private connectVendor({ host, signals, variable, key }: VendorExporter): void {
    const senders = new Set(signals.map((signal) => (signal === 'traces' ? this.traceSender : this.component)));
    for (const sender of senders) {
      sender.allowEgressTo(Endpoint.host(host, 443, 'https'));
      // A Secret without the key must not stop the gateway: the vendor refuses what has no key, and an alert says so.
      sender.addEnv(key.credentials.variable(variable, key.key, true));
    }
  }

  private addGateway(samples: boolean): Component {
    const { autoscaling, outside } = this.props;
    const { replicas, several } = replicasOf(this.props);
    const component = addCollector(this, 'gateway', {
      name: this.name,
      config: () => gatewayConfig(this.config),
      largeProcessors: largeProcessors(this.masking),
      workload: { kind: 'StatefulSet', replicas, storage: this.storage(replicas) },
      resources: { cpu: '200m', memory: this.memory(samples ? 1 : undefined) },
      ports: gatewayPorts(this.props),
      mounts: outside
        ? [
            secretFiles('outside-tls', outside.tlsSecret, TLS_PATH),
            outside.token.credentials.files(TOKEN_PATH, [outside.token.key]),
          ]
        : [],
      terminationGraceSeconds: DRAIN_SECONDS + (samples ? this.sampling.decisionSeconds : 0),
      pod: this.props.pod,
      fixedReplicas: 'write the prop replicas: the samplers follow from it',
    });
    if (several) {
      // Any replica takes any span.
      this.patch(`Service/${this.name}`, { spec: { sessionAffinity: null } });
    }
    if (autoscaling) {
      // The autoscaler owns the field: a number in the manifest would reset it with each apply.
      this.patch(`StatefulSet/${this.name}`, { spec: { replicas: null } });
      addAutoscaler(this, component, autoscaling);
    }
    return component;
  }

  private addSampler(replicas: number): Component {
    return addCollector(this, 'sampler', {
      name: `${this.name}-sampler`,
      config: () => samplerConfig(this.config),
      workload: { kind: 'StatefulSet', replicas, storage: this.storage(replicas) },
      resources: { cpu: '200m', memory: this.memory(replicas) },
      ports: { 'otlp-grpc': { port: RECEIVER_PORTS.otlpGrpc, scheme: 'grpc' } },
      terminationGraceSeconds: DRAIN_SECONDS + this.sampling.decisionSeconds,
      pod: this.props.samplerPod,
      podSetting: 'samplerPod',
      fixedReplicas: 'write the prop samplers: each has a range of trace ids',
    });
  }

  private storage(replicas: number) {
    return storageFrom(this.props, { path: DATA_PATH, size: this.props.storageSize ?? '10Gi', replicas });
  }

  private memory(samplers: number | undefined): string {
    const waiting = samplers === undefined ? 0 : samplingMebibytes(this.sampling, samplers);
    return `${BASE_MEBIBYTES + waiting}Mi`;
  }

  private get config(): GatewayConfigProps {
    const { oldClients = OTEL_COLLECTOR_DEFAULTS.oldClients, outside, browserOrigins = [] } = this.props;
    return {
      oldClients,
      browserOrigins,
      outside: outside && { tokenFile: `${TOKEN_PATH}/${outside.token.key}` },
      namespaces: this.props.namespaces ?? [],
      resourceAttributes: this.props.resourceAttributes ?? {},
      masking: this.masking,
      sampling: this.sampling,
      dimensions: this.props.dimensions ?? DEFAULT_DIMENSIONS,
      exporters: this.exporters.map((exporter) => withDelivery(exporter, DISK)),
      vendors: this.vendors,
      processors: this.processors,
      pipelines: this.pipelines,
      samplers: this.samplers,
    };
  }
}
