import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import { metricContract } from '../contract';
import type { LabelContract, MetricContract } from '../metric';
import type { Tell } from '../optional';
import { textOf } from '../text';
import { type Bound, boundsOf, listed, type Vocabulary } from './vocabulary';

/** Label values of one event, by label. */
export type Labels = Readonly<Record<string, string | number | boolean>>;

/** Identifies the trace that an exemplar leads to. */
export interface ExemplarLabels {
  /** Hexadecimal, 32 digits. */
  readonly trace_id: string;
  /** Hexadecimal, 16 digits. */
  readonly span_id: string;
}

type Client = Counter<string> | Gauge<string> | Histogram<string>;

interface Entry {
  readonly contract: MetricContract;
  readonly client: Client;
  readonly labels: readonly { readonly name: string; readonly bound: Bound }[];
}

/** Values that are named in warnings. More would fill the log. */
const MOST_WARNINGS = 100;

/**
 * The metrics of the contract, and no others. Every label value passes its bound, so input cannot create series.
 */
export class Metrics {
  /**
   * prom-client's registry of these metrics. Read it with `metricsHandler()`: prom-client's own writer renames the
   * counters.
   *
   * @internal
   */
  readonly registry: Registry<OpenMetricsContentType> = openRegistry();
  private readonly entries = new Map<string, Entry>();
  private readonly told = new Set<string>();

  /** Registers each metric of the contract. Counters with listed labels start at 0. */
  constructor(
    vocabulary: Vocabulary,
    private readonly tell: Tell,
  ) {
    const bounds = boundsOf(vocabulary);
    for (const contract of metricContract) {
      const entry = {
        contract,
        client: clientOf(contract, this.registry),
        labels: contract.labels.map((label) => ({ name: label.name, bound: boundOf(contract, label, bounds) })),
      };
      this.entries.set(contract.name, entry);
      startAtZero(entry);
    }
  }

  /** Adds to a counter. @param value finite and not negative; anything else is ignored @default 1 */
  increment(name: string, labels: Labels = {}, value = 1): void {
    const counted = this.bounded(name, labels);
    if (counted && Number.isFinite(value) && value >= 0) {
      (counted.client as Counter<string>).inc(counted.labels, value);
    }
  }

  /** Sets a gauge. */
  set(name: string, labels: Labels, value: number): void {
    const counted = this.bounded(name, labels);
    if (counted && Number.isFinite(value)) {
      (counted.client as Gauge<string>).set(counted.labels, value);
    }
  }

  /** Adds an observation to a histogram. @param exemplar trace of the observation @default - none */
  observe(name: string, labels: Labels, seconds: number, exemplar?: ExemplarLabels): void {
    const counted = this.bounded(name, labels);
    if (counted && Number.isFinite(seconds) && seconds >= 0) {
      const exemplarLabels = exemplar && { trace_id: exemplar.trace_id, span_id: exemplar.span_id };
      (counted.client as Histogram<string>).observe({ labels: counted.labels, value: seconds, exemplarLabels });
    }
  }

  /** Sets a gauge at each scrape. */
  collect(name: string, read: () => void): void {
    const { client } = this.entry(name);
    const before = (client as unknown as { collect?: () => void }).collect;
    (client as unknown as { collect: () => void }).collect = () => {
      before?.call(client);
      read();
    };
  }

  private entry(name: string): Entry {
    const entry = this.entries.get(name);
    if (!entry) {
      throw new Error(`${name} is not a metric of the contract (instrumentation/contract.ts)`);
    }
    return entry;
  }

  private bounded(name: string, values: Labels) {
    const { client, labels: contracts } = this.entry(name);
    const labels: Record<string, string> = {};
    for (const { name: label, bound } of contracts) {
      const value = textOf(values[label]);
      const allowed = bound(value);
      if (allowed !== value) {
        this.warn(name, label, value, allowed);
      }
      if (allowed === undefined) {
        return undefined;
      }
      labels[label] = allowed;
    }
    return { client, labels };
  }

  private warn(metric: string, label: string, value: string, allowed: string | undefined): void {
    const shown = JSON.stringify(value.slice(0, 40));
    const key = `${metric} ${label} ${shown}`;
    if (this.told.has(key) || this.told.size >= MOST_WARNINGS) {
      return;
    }
    this.told.add(key);
    const counted = allowed === undefined ? 'is not counted' : `counts as ${allowed}`;
    this.tell(`${metric}: the ${label} ${shown} is not in the vocabulary and ${counted}`);
    if (this.told.size === MOST_WARNINGS) {
      this.tell(`${MOST_WARNINGS} unknown label values were named: no more are`);
    }
  }
}

/** prom-client keeps exemplars in registries of this format only. */
function openRegistry(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

function boundOf(metric: MetricContract, label: LabelContract, bounds: ReadonlyMap<string, Bound>): Bound {
  if (!('bounded' in label.values)) {
    return listed(label.values);
  }
  const bound = bounds.get(`${metric.name}:${label.name}`) ?? bounds.get(label.name);
  if (!bound) {
    throw new Error(`${metric.name}: the label ${label.name} has no bound (metrics/vocabulary.ts)`);
  }
  return bound;
}

function clientOf(contract: MetricContract, registry: Registry<OpenMetricsContentType>): Client {
  const { name, help } = contract;
  const options = { name, help, labelNames: contract.labels.map((label) => label.name), registers: [registry] };
  switch (contract.type) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...contract.buckets], enableExemplars: true });
  }
}

function startAtZero({ contract, client }: Entry): void {
  if (contract.type !== 'counter' || !contract.zeroAtStart) {
    return;
  }
  const combinations = contract.labels.reduce<Record<string, string>[]>(
    (all, { name, values }) =>
      all.flatMap((labels) => (values as readonly string[]).map((value) => ({ ...labels, [name]: value }))),
    [{}],
  );
  for (const labels of combinations) {
    (client as Counter<string>).inc(labels, 0);
  }
}
