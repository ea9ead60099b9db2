import { isAlertingRule, type RecordingRule, type RuleFile, rulesOf, selectorsIn } from '../../rules';
import { remoteWrite, type Sample, STALE, type TimeSeries } from '../bench/remote-write';
import { AlertState, type Episode, keyOf, type Labels } from './alert-state';

/** A series of the result of a range query. */
interface Result {
  readonly metric: Labels;
  readonly values: readonly (readonly [time: number, value: string])[];
}

/** Series of one write request. */
const SERIES_PER_REQUEST = 4000;

/**
 * Rules evaluated over past samples, one part of the time after the other. Prometheus evaluates the expressions as range
 * queries, which costs far less than one evaluation for each step; recorded series are written back to it.
 */
export class Evaluation {
  private readonly levels: readonly (readonly RecordingRule[])[];
  private readonly alerts: readonly { readonly state: AlertState; readonly expr: string }[];
  /** The recorded series that exist at the last step, by rule. */
  private readonly recorded = new Map<RecordingRule, Map<string, TimeSeries['labels']>>();

  /** @param step seconds between two evaluations */
  constructor(
    private readonly url: string,
    files: readonly RuleFile[],
    private readonly step: number,
  ) {
    const rules = rulesOf(files);
    this.levels = levelsOf(rules.flatMap((rule) => (isAlertingRule(rule) ? [] : [rule])));
    this.alerts = rules
      .filter(isAlertingRule)
      .filter(({ labels }) => labels.severity !== 'none')
      .map((rule) => ({ state: new AlertState(rule), expr: rule.expr }));
  }

  /** Evaluates every rule at every step from `from` to `to`, both included: seconds of Unix time. */
  async evaluate(from: number, to: number): Promise<void> {
    for (const level of this.levels) {
      await eachTwo(level, (rule) => this.record(rule, from, to));
    }
    await eachTwo(this.alerts, async ({ state, expr }) => {
      const results = await this.query(expr, from, to);
      state.evaluate(
        results.map(({ metric, values }) => ({ labels: metric, times: values.map(([time]) => time) })),
        from,
        to,
        this.step,
      );
    });
  }

  /** Every firing of every alert so far. */
  get episodes(): readonly Episode[] {
    return this.alerts.flatMap(({ state }) => state.episodes);
  }

  private async record(rule: RecordingRule, from: number, to: number): Promise<void> {
    const existing = this.recorded.get(rule) ?? new Map<string, TimeSeries['labels']>();
    const results = await this.query(rule.expr, from, to);
    const series = new Map(
      results.map(({ metric, values }) => {
        const labels = sorted({ ...metric, ...rule.labels, __name__: rule.record });
        return [keyOf(Object.fromEntries(labels)), { labels, values }];
      }),
    );
    const writes: TimeSeries[] = [];
    for (const [key, { labels, values }] of series) {
      writes.push({ labels, samples: [...this.ending(existing.has(key), from, values), ...this.samples(values, to)] });
    }
    for (const [key, labels] of existing) {
      if (!series.has(key)) {
        writes.push({ labels, samples: [{ timestamp: from * 1000, value: STALE }] });
      }
    }
    await write(this.url, writes);
    const last = [...series].filter(([, { values }]) => values.at(-1)?.[0] === to);
    this.recorded.set(rule, new Map(last.map(([key, { labels }]) => [key, labels])));
  }

  /** The end of a series of the part before that has no sample at the first step of this one. */
  private ending(existed: boolean, from: number, values: Result['values']): readonly Sample[] {
    return existed && values[0]![0] > from ? [{ timestamp: from * 1000, value: STALE }] : [];
  }

  /** The samples, with a marker at the first step after each of them that has no sample. */
  private samples(values: Result['values'], to: number): readonly Sample[] {
    return values.flatMap(([time, value], index): Sample[] => {
      const next = time + this.step;
      const sample = { timestamp: time * 1000, value: numberOf(value) };
      return next <= to && values[index + 1]?.[0] !== next
        ? [sample, { timestamp: next * 1000, value: STALE }]
        : [sample];
    });
  }

  private async query(query: string, from: number, to: number): Promise<readonly Result[]> {
    const response = await fetch(`${this.url}/api/v1/query_range`, {
      method: 'POST',
      body: new URLSearchParams({ query, start: `${from}`, end: `${to}`, step: `${this.step}` }),
    });
    const answer = (await response.json()) as { data?: { result: readonly Result[] }; error?: string };
    if (!answer.data) {
      throw new Error(`${query}\n${answer.error}`);
    }
    return answer.data.result;
  }
}

/** Writes series in requests of a bounded size. */
export async function write(url: string, series: readonly TimeSeries[]): Promise<void> {
  for (let first = 0; first < series.length; first += SERIES_PER_REQUEST) {
    await remoteWrite(url, series.slice(first, first + SERIES_PER_REQUEST));
  }
}

/** Labels in the order that remote write wants. */
export function sorted(labels: Labels): TimeSeries['labels'] {
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Recording rules by level: those of a level read only raw series and records of lower levels. */
function levelsOf(rules: readonly RecordingRule[]): readonly (readonly RecordingRule[])[] {
  const levels: RecordingRule[][] = [];
  const waiting = new Set(rules);
  while (waiting.size > 0) {
    const names = new Set([...waiting].map(({ record }) => record));
    const ready = [...waiting].filter(({ expr }) => !selectorsIn(expr).some(({ name }) => name && names.has(name)));
    if (ready.length === 0) {
      throw new Error(`recording rules read each other in a circle: ${[...names].join(', ')}`);
    }
    levels.push(ready);
    for (const rule of ready) {
      waiting.delete(rule);
    }
  }
  return levels;
}

/** The value of a sample as Prometheus writes it in JSON. */
function numberOf(text: string): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

/** Two at a time: while Prometheus computes one result, this process reads the other. */
async function eachTwo<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item);
    }
  };
  await Promise.all([worker(), worker()]);
}
