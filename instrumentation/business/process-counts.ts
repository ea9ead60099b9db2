import { textOf } from '../text';

/** Rates of this process since its start. */
export interface ProcessRates {
  /** Editor activations per session. */
  readonly editorActivationRate: number;
  /** Share of saves that succeeded, or 1 without a save. */
  readonly saveSuccessRate: number;
  /** Uses per session, by feature. At most 100 features are told apart. */
  readonly featureAdoptionRate: Readonly<Record<string, number>>;
  /** Errors per operation. */
  readonly errorRate: number;
  /** Apdex of the operations × 100: satisfied up to half a second, tolerating up to two, failed ones frustrated. */
  readonly performanceScore: number;
  /** Seconds. 0 without a finished session. */
  readonly averageSessionDuration: number;
}

type Counter = 'activations' | 'saves' | 'failedSaves' | 'sessions' | 'errors';

const MOST_FEATURES = 100;

/** Counts events for `calculateKPIs()`. */
export class ProcessCounts {
  private readonly counters = { activations: 0, saves: 0, failedSaves: 0, sessions: 0, errors: 0 };
  private readonly features = new Map<string, number>();
  private readonly ended = { count: 0, seconds: 0 };
  private readonly operations = { count: 0, apdex: 0 };

  /** Counts an event. */
  add(counter: Counter): void {
    this.counters[counter] += 1;
  }

  /** Counts the use of a feature. */
  feature(name: string): void {
    const key = textOf(name, 100);
    if (this.features.has(key) || this.features.size < MOST_FEATURES) {
      this.features.set(key, (this.features.get(key) ?? 0) + 1);
    }
  }

  /** Adds a finished session. */
  session(seconds: number): void {
    this.ended.count += 1;
    this.ended.seconds += seconds;
  }

  /** Adds an operation. */
  operation(seconds: number, success: boolean): void {
    this.operations.count += 1;
    this.operations.apdex += !success || seconds > 2 ? 0 : seconds > 0.5 ? 0.5 : 1;
  }

  /** The rates so far. */
  rates(): ProcessRates {
    const { activations, saves, failedSaves, sessions, errors } = this.counters;
    const { ended, operations } = this;
    return {
      editorActivationRate: share(activations, sessions),
      saveSuccessRate: saves + failedSaves === 0 ? 1 : saves / (saves + failedSaves),
      featureAdoptionRate: Object.fromEntries([...this.features].map(([name, uses]) => [name, share(uses, sessions)])),
      errorRate: share(errors, operations.count),
      performanceScore: operations.count === 0 ? 100 : Math.round((100 * operations.apdex) / operations.count),
      averageSessionDuration: share(ended.seconds, ended.count),
    };
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
