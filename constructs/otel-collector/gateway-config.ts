import type {
  CollectorComponents,
  CollectorConfig,
  CollectorPipeline,
  CollectorSectionName,
  CollectorSettings,
} from '../../formats/otel-collector';
import { CollectorFile, POD_ADDRESS } from './config-builder';
import { typeOf } from './config-checks';
import { addKubernetesAttributes, addResource, type Masking } from './gateway-processors';
import { addReceivers, type OutsideReceiver, SAMPLER_RECEIVER } from './gateway-receivers';
import { spanMetrics } from './span-metrics';
import { errorsOnly, otherSamplers, type ResolvedSampling, tailSampling } from './tail-sampling';
import type { Signal, VendorExporter } from './vendors';

/** Port of the span metrics. */
export const SPAN_METRICS_PORT = 8889;

/** Where queues are kept. */
export const DATA_PATH = '/var/lib/otelcol';

/** An exporter or a processor that the pipelines of some signals have. */
export interface GatewayPart {
  readonly id: string;
  readonly settings: CollectorSettings;
  readonly signals: readonly Signal[];
}

/** A pipeline of a team, with the components that only it uses. */
export interface GatewayPipeline {
  /** Signal and name, e.g. `logs/audit`. */
  readonly id: string;
  /** It may name the receivers and processors of the gateway, e.g. `otlp` and `memory_limiter`. */
  readonly pipeline: CollectorPipeline;
  /** What only this pipeline has, by section of the file. */
  readonly components: Partial<Record<'receivers' | 'processors' | 'exporters' | 'connectors', CollectorComponents>>;
}

/** Input of `gatewayConfig()` and `samplerConfig()`. */
export interface GatewayConfigProps {
  readonly oldClients: boolean;
  readonly browserOrigins: readonly string[];
  readonly outside?: OutsideReceiver;
  readonly namespaces: readonly string[];
  readonly resourceAttributes: { readonly [name: string]: string };
  readonly masking: Masking;
  readonly sampling: ResolvedSampling;
  readonly dimensions: readonly string[];
  /** Stores of the platform and of teams. */
  readonly exporters: readonly GatewayPart[];
  readonly vendors: readonly VendorExporter[];
  /** Processors of teams, behind those of the gateway. */
  readonly processors: readonly GatewayPart[];
  readonly pipelines: readonly GatewayPipeline[];
  /** Addresses of the samplers. None: the gateway samples itself. */
  readonly samplers: readonly string[];
}

/**
 * The file of the collectors that clients send to. Spans pass processors that all of them need, are counted, and then
 * go to the sampler, which is in the same file or in another tier.
 */
export function gatewayConfig(props: GatewayConfigProps): CollectorConfig {
  const file = new CollectorFile();
  const disk = file.addDisk('queue', DATA_PATH);
  const sinks = new Sinks(props);
  const takesTraces = sinks.of('traces').length > 0;
  const receivers = addReceivers(file, { ...props, oldClients: props.oldClients && takesTraces });
  const common = [
    'memory_limiter',
    ...addKubernetesAttributes(file, props.namespaces),
    ...addResource(file, props.resourceAttributes),
  ];
  const sections = (signal: Signal) => [
    ...common,
    ...Object.entries(props.masking[signal]).map(([id, settings]) => file.addOnce('processors', id, settings)),
    ...props.processors.filter(({ signals }) => signals.includes(signal)).map(({ id }) => id),
  ];
  for (const { id, settings } of props.processors) {
    file.add('processors', id, settings);
  }
  if (takesTraces) {
    addTraces(file, disk, props, { receivers: receivers.traces, processors: sections('traces') });
  }
  for (const signal of ['logs', 'metrics'] as const) {
    if (sinks.of(signal).length > 0) {
      const pipeline = { receivers: receivers[signal], processors: sections(signal) };
      addSignal(file, disk, signal, sinks, pipeline);
    }
  }
  addTeamPipelines(file, props.pipelines);
  return file.build();
}

/** The file of a sampler of the second tier. */
export function samplerConfig(props: GatewayConfigProps): CollectorConfig {
  const file = new CollectorFile();
  const disk = file.addDisk('queue', DATA_PATH);
  file.add('receivers', 'otlp', SAMPLER_RECEIVER);
  addSampling(file, disk, props, { receivers: ['otlp'], processors: ['memory_limiter'] });
  return file.build();
}

/** What data is sent to: the exporters of a signal. */
class Sinks {
  constructor(private readonly props: Pick<GatewayConfigProps, 'exporters' | 'vendors'>) {}

  /** Everything that takes a signal. */
  of(signal: Signal): readonly { readonly id: string }[] {
    return [...this.stores(signal), ...this.vendors(signal)];
  }

  stores(signal: Signal): readonly GatewayPart[] {
    return this.props.exporters.filter(({ signals }) => signals.includes(signal));
  }

  vendors(signal: Signal): readonly VendorExporter[] {
    return this.props.vendors.filter(({ signals }) => signals.includes(signal));
  }

  /** Adds the exporters of a signal that take all of it. Returns their ids. */
  add(file: CollectorFile, disk: string, signal: Signal): string[] {
    const vendors = this.vendors(signal).filter((vendor) => !vendor.errorsOnly);
    return [
      ...this.stores(signal).map(({ id, settings }) => file.addOnce('exporters', id, settings)),
      ...vendors.map((vendor) => addVendor(file, disk, vendor)),
    ];
  }

  /** The exporters of a signal that take only what tells of an error. */
  ofErrors(signal: Signal): readonly VendorExporter[] {
    return this.vendors(signal).filter((vendor) => vendor.errorsOnly);
  }
}

type Source = Pick<CollectorPipeline, 'receivers'> & { readonly processors: readonly string[] };

function addTraces(file: CollectorFile, disk: string, props: GatewayConfigProps, source: Source): void {
  file
    .add('connectors', 'span_metrics', spanMetrics(props.dimensions))
    .add('connectors', 'forward/traces')
    .add('exporters', 'prometheus', {
      endpoint: `${POD_ADDRESS}:${SPAN_METRICS_PORT}`,
      // Exemplars are in this format only.
      enable_open_metrics: true,
      without_scope_info: true,
    })
    // Before sampling: a request is counted, whether its trace is kept or not.
    .addPipeline('traces/in', { ...source, exporters: ['span_metrics', 'forward/traces'] })
    .addPipeline('metrics/spans', { receivers: ['span_metrics'], exporters: ['prometheus'] });
  if (props.samplers.length === 0) {
    addSampling(file, disk, props, { receivers: ['forward/traces'], processors: [] });
    return;
  }
  for (const [index, address] of props.samplers.entries()) {
    const exporter = `otlp_grpc/sampler-${index}`;
    file
      .add('exporters', exporter, { endpoint: address, tls: { insecure: true }, ...delivery(disk) })
      .addPipeline(`traces/sampler-${index}`, {
        receivers: ['forward/traces'],
        processors: spansOf(file, index, props.samplers.length),
        exporters: [exporter],
      });
  }
}

/** Adds the processor that leaves the spans of one sampler. A single sampler gets all of them. */
function spansOf(file: CollectorFile, sampler: number, samplers: number): string[] {
  return samplers === 1
    ? []
    : [
        file.addOnce('processors', `filter/sampler-${sampler}`, {
          trace_conditions: [otherSamplers(sampler, samplers)],
        }),
      ];
}

/** Decides about traces, and sends those that are kept. */
function addSampling(file: CollectorFile, disk: string, props: GatewayConfigProps, source: Source): void {
  const sinks = new Sinks(props);
  const errors = sinks.ofErrors('traces');
  const exporters = sinks.add(file, disk, 'traces');
  file.add('processors', 'tail_sampling', tailSampling(props.sampling));
  file.addPipeline('traces/sampled', {
    receivers: source.receivers,
    processors: [...source.processors, 'tail_sampling'],
    exporters: [...exporters, ...(errors.length > 0 ? ['forward/kept'] : [])],
  });
  if (errors.length > 0) {
    file.add('connectors', 'forward/kept').add('processors', 'tail_sampling/errors', errorsOnly(props.sampling));
    file.addPipeline('traces/errors', {
      receivers: ['forward/kept'],
      processors: ['tail_sampling/errors'],
      exporters: errors.map((vendor) => addVendor(file, disk, vendor)),
    });
  }
}

function addSignal(file: CollectorFile, disk: string, signal: 'logs' | 'metrics', sinks: Sinks, source: Source): void {
  const errors = sinks.ofErrors(signal);
  const exporters = sinks.add(file, disk, signal);
  file.addPipeline(signal, {
    receivers: source.receivers,
    processors: source.processors,
    exporters: [...exporters, ...(errors.length > 0 ? [`forward/${signal}`] : [])],
  });
  if (errors.length > 0) {
    file
      .add('connectors', `forward/${signal}`)
      .add('processors', 'filter/errors', { log_conditions: ['log.severity_number < SEVERITY_NUMBER_ERROR'] })
      .addPipeline(`${signal}/errors`, {
        receivers: [`forward/${signal}`],
        processors: ['filter/errors'],
        exporters: errors.map((vendor) => addVendor(file, disk, vendor)),
      });
  }
}

function addTeamPipelines(file: CollectorFile, pipelines: readonly GatewayPipeline[]): void {
  for (const { id, pipeline, components } of pipelines) {
    for (const [section, all] of Object.entries(components) as [CollectorSectionName, CollectorComponents][]) {
      for (const [component, settings] of Object.entries(all)) {
        file.add(section, component, settings);
      }
    }
    file.addPipeline(id, pipeline);
  }
}

/** Adds the exporter to a vendor, unless an earlier signal has. */
function addVendor(file: CollectorFile, disk: string, { id, settings }: VendorExporter): string {
  return file.addOnce('exporters', id, { ...settings, ...delivery(disk, VENDOR_QUEUE) });
}

/** Spans, log records or points that wait for a store of the platform. About 1 GB on the volume. */
const QUEUE = 1_000_000;

/** What waits for a vendor. A vendor that is down for long must not fill the volume. */
const VENDOR_QUEUE = 300_000;

/**
 * How an exporter delivers: batches from a queue on the volume, and retries without an end. A full queue refuses new
 * data, which the client sends again; the alert OtelCollectorQueueFilling comes long before.
 *
 * @param disk id of the extension with the queue
 */
function delivery(disk: string, items = QUEUE): CollectorSettings {
  return {
    timeout: '10s',
    retry_on_failure: { enabled: true, initial_interval: '1s', max_interval: '30s', max_elapsed_time: '0s' },
    sending_queue: {
      enabled: true,
      storage: disk,
      sizer: 'items',
      queue_size: items,
      num_consumers: 4,
      batch: { flush_timeout: '200ms', min_size: 1000, max_size: 2000 },
    },
  };
}

/** Types of exporters whose delivery the gateway knows. Others have queues of other kinds, or none. */
const OTLP_EXPORTERS = ['otlp_grpc', 'otlp_http'];

/** An exporter with the delivery above, where its type takes it and its own settings do not say otherwise. */
export function withDelivery(exporter: GatewayPart, disk: string): GatewayPart {
  return OTLP_EXPORTERS.includes(typeOf(exporter.id))
    ? { ...exporter, settings: { ...delivery(disk), ...exporter.settings } }
    : exporter;
}
