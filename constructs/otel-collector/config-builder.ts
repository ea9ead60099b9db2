import type {
  CollectorComponents,
  CollectorConfig,
  CollectorPipeline,
  CollectorSectionName,
  CollectorSettings,
} from '../../formats/otel-collector';
import { DuplicateNameError } from '../kit';
import { checkCollectorConfig } from './config-checks';

/** Port of the collector's own metrics. */
export const METRICS_PORT = 8888;
/** Port of the health endpoint. */
export const HEALTH_PORT = 13133;

/**
 * The pod's address in brackets, which IPv4 and IPv6 addresses both take. The collector listens there only: with the
 * address of every interface, it would also listen on the node's loopback if the pod used the node's network.
 */
export const POD_ADDRESS = `[\${env:POD_IP}]`;

/** A text that the collector takes as it stands: it expands `$` in every text of its file. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/**
 * A collector's file, built part by part. `build()` refuses what the collector would refuse, warn about or ignore.
 *
 * Every file has the health endpoint and metrics of the collector itself, and a memory limiter.
 *
 * @example
 * const file = new CollectorFile()
 *   .add('receivers', 'otlp', { protocols: { grpc: { endpoint: `${POD_ADDRESS}:4317` } } })
 *   .add('exporters', 'otlp_http/loki', { endpoint: 'http://loki:3100/otlp' })
 *   .addPipeline('logs', { receivers: ['otlp'], processors: ['memory_limiter'], exporters: ['otlp_http/loki'] });
 */
export class CollectorFile {
  private readonly sections: { readonly [section in CollectorSectionName]: Map<string, CollectorSettings> } = {
    receivers: new Map(),
    processors: new Map(),
    exporters: new Map(),
    connectors: new Map(),
    extensions: new Map(),
  };
  private readonly pipelines = new Map<string, CollectorPipeline>();

  constructor() {
    this.add('extensions', 'health_check', { endpoint: `${POD_ADDRESS}:${HEALTH_PORT}` });
    // Of the container's limit. Beyond it, receivers are refused until the garbage collector has freed memory.
    this.add('processors', 'memory_limiter', {
      check_interval: '1s',
      limit_percentage: 80,
      spike_limit_percentage: 20,
    });
  }

  /**
   * Adds a component. An extension starts in the order of the calls.
   *
   * @param id type, or type and name, e.g. `otlp_http/loki`
   * @throws DuplicateNameError for an id that the section has
   */
  add(section: CollectorSectionName, id: string, settings: CollectorSettings = {}): this {
    if (this.sections[section].has(id)) {
      throw new DuplicateNameError(`component in ${section}`, id);
    }
    this.sections[section].set(id, settings);
    return this;
  }

  /**
   * Adds a component that several pipelines share, unless an earlier call has.
   *
   * @returns the id
   */
  addOnce(section: CollectorSectionName, id: string, settings: CollectorSettings = {}): string {
    if (!this.sections[section].has(id)) {
      this.add(section, id, settings);
    }
    return id;
  }

  /**
   * Adds a pipeline.
   *
   * @param id `logs`, `metrics` or `traces`, alone or with a name
   * @throws DuplicateNameError for an id that exists
   */
  addPipeline(id: string, pipeline: CollectorPipeline): this {
    if (this.pipelines.has(id)) {
      throw new DuplicateNameError('pipeline', id);
    }
    this.pipelines.set(id, pipeline);
    return this;
  }

  /**
   * Adds an extension that keeps queues or checkpoints in a directory.
   *
   * @param name name of the extension: its id is `file_storage/<name>`
   * @param directory directory of its files
   * @returns the id, for the fields `storage`
   */
  addDisk(name: string, directory: string): string {
    const id = `file_storage/${name}`;
    this.add('extensions', id, {
      directory,
      create_directory: true,
      // A database that a crash of the node has damaged is set aside; else the collector would not start again.
      recreate: true,
      // Space of delivered data is freed at a start, and when a long queue has been emptied.
      compaction: { on_start: true, on_rebound: true, directory, cleanup_on_start: true },
    });
    return id;
  }

  /**
   * The file.
   *
   * @throws SettingError for what the collector refuses, warns about or ignores
   */
  build(): CollectorConfig {
    const components = (section: CollectorSectionName): CollectorComponents | undefined =>
      this.sections[section].size > 0 ? Object.fromEntries(this.sections[section]) : undefined;
    const config: CollectorConfig = {
      extensions: components('extensions'),
      receivers: components('receivers'),
      processors: components('processors'),
      connectors: components('connectors'),
      exporters: components('exporters'),
      service: {
        extensions: [...this.sections.extensions.keys()],
        telemetry: telemetry(),
        pipelines: Object.fromEntries(this.pipelines),
      },
    };
    checkCollectorConfig(config);
    return config;
  }
}

/**
 * The collector's own logs and metrics. The names of the metrics depend on this block: with it they have neither a unit
 * nor `_total`.
 */
function telemetry(): CollectorSettings {
  const prometheus = { host: `\${env:POD_IP}`, port: METRICS_PORT };
  return {
    logs: { encoding: 'json' },
    metrics: { level: 'normal', readers: [{ pull: { exporter: { prometheus } } }] },
  };
}
