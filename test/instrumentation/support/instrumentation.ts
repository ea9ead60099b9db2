import { createLogger, Instrumentation, type InstrumentationOptions } from '../../../instrumentation';

/** Instrumentation with a log and a clock that a test reads and sets. */
export interface Bench {
  readonly instrumentation: Instrumentation;
  /** The lines of the log so far. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Lets time pass. */
  advance(milliseconds: number): void;
  /** The value of a series, or undefined if it does not exist. */
  value(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
  /** Every series: `name{label="value"}`. */
  series(): Promise<readonly string[]>;
}

/** Creates instrumentation for a test. The clock stands at a fixed time until the test sets it. */
export function bench(options: InstrumentationOptions = {}): Bench {
  const lines: Record<string, unknown>[] = [];
  let now = Date.UTC(2026, 0, 5, 12);
  const instrumentation = new Instrumentation({
    logger: createLogger({ level: 'debug', write: (line) => lines.push(JSON.parse(line)) }),
    now: () => now,
    identityKey: 'not-a-real-key',
    ...options,
  });
  const samples = async () => {
    const metrics = await instrumentation.metrics.registry.getMetricsAsJSON();
    return metrics.flatMap(({ name, values }) =>
      values.map((sample) => ({
        name: (sample as { metricName?: string }).metricName ?? name,
        labels: sample.labels as Readonly<Record<string, string>>,
        value: sample.value,
      })),
    );
  };
  return {
    instrumentation,
    lines,
    advance: (milliseconds) => {
      now += milliseconds;
    },
    value: async (name, labels = {}) =>
      (await samples()).find(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([label, value]) => `${sample.labels[label]}` === value) &&
          Object.keys(sample.labels).length === Object.keys(labels).length,
      )?.value,
    series: async () => (await samples()).map(({ name, labels }) => `${name}${JSON.stringify(labels)}`),
  };
}
