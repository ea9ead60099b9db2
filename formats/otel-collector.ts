/**
 * The file of the OpenTelemetry Collector. The types are written by hand from the reference, and hold what this program
 * writes; the settings of a component are its own.
 *
 * @see https://opentelemetry.io/docs/collector/configuration/
 */

/** Settings of one component, as the collector reads them. */
export interface CollectorSettings {
  /** A field of the component. In a text, write `$$` for `$`; `${env:NAME}` is the value of a variable. */
  readonly [field: string]: unknown;
}

/** Components by id: the type, or the type and a name, e.g. `otlp_http/loki`. */
export interface CollectorComponents {
  /** Settings of the component. `{}` for none. */
  readonly [id: string]: CollectorSettings;
}

/** A way of data through components. */
export interface CollectorPipeline {
  /** Ids of receivers, and of connectors that emit data. */
  readonly receivers: readonly string[];
  /** Ids of processors, in the order in which data passes them. @default - none */
  readonly processors?: readonly string[];
  /** Ids of exporters, and of connectors that take data. */
  readonly exporters: readonly string[];
}

/** What the collector runs. */
export interface CollectorService {
  /** Ids of extensions, in the order in which they start. @default - none */
  readonly extensions?: readonly string[];
  /** The collector's own logs and metrics. @default - those of the collector */
  readonly telemetry?: CollectorSettings;
  /** Pipelines by id: `logs`, `metrics` or `traces`, alone or with a name, e.g. `logs/events`. */
  readonly pipelines: { readonly [id: string]: CollectorPipeline };
}

/** The file of a collector. */
export interface CollectorConfig {
  /** What takes data in. */
  readonly receivers?: CollectorComponents;
  /** What changes data. */
  readonly processors?: CollectorComponents;
  /** What sends data. */
  readonly exporters?: CollectorComponents;
  /** What connects pipelines: an exporter of one, and a receiver of another. */
  readonly connectors?: CollectorComponents;
  /** What serves the collector itself, e.g. its health endpoint. */
  readonly extensions?: CollectorComponents;
  /** What runs. */
  readonly service: CollectorService;
}

/** Sections of the file that hold components. */
export type CollectorSectionName = 'receivers' | 'processors' | 'exporters' | 'connectors' | 'extensions';
