import type { CollectorComponents, CollectorPipeline } from '../../formats/otel-collector';
import { remembered } from '../../memo';
import { MASKED_ATTRIBUTE, statementGroups } from './ottl';
import type { Sanitising } from './sanitising';
import { LINE, RECORD, SPAN, SPAN_EVENT } from './targets';

/** Id of the processor that masks. */
export const SANITISING_PROCESSOR = 'transform/sanitise';

/** Metric that counts records by the kind that was masked in them, as Prometheus reads it. */
export const MASKED_METRIC = 'masked_records_total';

/** Port of that metric: the collector cannot add metrics to those of its own. */
export const MASKED_METRICS_PORT = 8889;

/** What a pipeline of the collector carries: lines of files, records that applications send, or spans. */
export type SanitisedData = 'lines' | 'records' | 'spans';

/** The field of the processor, and the targets whose statements it has. */
const STATEMENTS = {
  lines: { field: 'log_statements', targets: [LINE] },
  records: { field: 'log_statements', targets: [RECORD] },
  spans: { field: 'trace_statements', targets: [SPAN, SPAN_EVENT] },
} as const;

/** The processor that masks. In a pipeline it stands behind the one that parses and before every exporter. */
export function sanitisingProcessors(data: SanitisedData, sanitising: Sanitising): CollectorComponents {
  return processorsOf(JSON.stringify([data, sanitising]));
}

/** Computed once for the same patterns: the statements take longer than the rest of a collector. */
const processorsOf = remembered((json: string): CollectorComponents => {
  const [data, sanitising] = JSON.parse(json) as [SanitisedData, Sanitising];
  const { field, targets } = STATEMENTS[data];
  const groups = targets.flatMap((target) => statementGroups(target, sanitising));
  return { [SANITISING_PROCESSOR]: { error_mode: 'ignore', [field]: groups } };
});

/** Components that count what was masked, by kind and namespace. */
export interface MaskedCounter {
  /** Connector. Name it among the exporters of each pipeline that masks. */
  readonly connectors: CollectorComponents;
  /** Processors of its own pipeline. */
  readonly processors: CollectorComponents;
  /** Exporter that serves the metric. */
  readonly exporters: CollectorComponents;
  /** Pipelines by id. */
  readonly pipelines: { readonly [id: string]: CollectorPipeline };
}

const CONNECTOR = 'signal_to_metrics/masked';

/**
 * The counter of masked records, without their values.
 *
 * The connector emits the counts of each batch. `delta_to_cumulative` adds them up: without it, the exporter would show
 * those of the last batch.
 *
 * @param address where the exporter listens, without port
 */
export function maskedCounter(data: SanitisedData, { patterns }: Sanitising, address: string): MaskedCounter {
  const context = data === 'spans' ? 'span' : 'log';
  const kinds = [...new Set(patterns.filter(({ hash }) => !hash).map(({ kind }) => kind))].sort();
  const masked = `${context}.attributes["${MASKED_ATTRIBUTE}"]`;
  const metrics = kinds.map((kind) => ({
    name: MASKED_METRIC.replace(/_total$/, ''),
    description: 'Records in which a secret or personal data was masked, by kind',
    include_resource_attributes: [{ key: 'namespace', default_value: '' }],
    attributes: [{ key: 'kind', default_value: kind }],
    conditions: [`${masked} != nil and IsMatch(${masked}, "(^|,)${kind}(,|$$)")`],
    sum: { value: '1', monotonic: true },
  }));
  const exporter = 'prometheus/masked';
  return {
    connectors: { [CONNECTOR]: { error_mode: 'ignore', [data === 'spans' ? 'spans' : 'logs']: metrics } },
    processors: { delta_to_cumulative: { max_stale: '8760h', max_streams: 100_000 } },
    exporters: {
      [exporter]: {
        endpoint: `${address}:${MASKED_METRICS_PORT}`,
        metric_expiration: '8760h',
        without_scope_info: true,
        resource_constant_labels: { included: ['namespace'] },
      },
    },
    pipelines: {
      'metrics/masked': { receivers: [CONNECTOR], processors: ['delta_to_cumulative'], exporters: [exporter] },
    },
  };
}
