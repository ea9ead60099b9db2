import type { AlertingRule } from '../../rules';

export type Labels = Readonly<Record<string, string>>;

/** The time in which one alert fires, in seconds of Unix time. */
export interface Episode {
  readonly labels: Labels;
  readonly start: number;
  /** @default - it still fires */
  readonly end?: number;
}

/** A series of the result of an alert's expression: the steps at which it exists, in seconds of Unix time, ascending. */
export interface ActiveSeries {
  readonly labels: Labels;
  readonly times: readonly number[];
}

interface State {
  readonly labels: Labels;
  readonly activeSince: number;
  firedAt?: number;
  absentSince?: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of a duration of Prometheus, e.g. `1h30m`. */
export function secondsOf(duration = '0s'): number {
  return [...duration.matchAll(/(\d+)([smhdw])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit!]!, 0);
}

/**
 * The states of one alert over consecutive evaluations: pending for `for`, firing for at least `keep_firing_for` after
 * the last match. A test compares the result with promtool's.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
 */
export class AlertState {
  private readonly states = new Map<string, State>();
  private readonly ended: Episode[] = [];
  private readonly holdSeconds: number;
  private readonly keepSeconds: number;

  constructor(private readonly rule: AlertingRule) {
    this.holdSeconds = secondsOf(rule.for);
    this.keepSeconds = secondsOf(rule.keep_firing_for);
  }

  /** Evaluates the alert at every step from `from` to `to`, both included. `series` are the matches in that range. */
  evaluate(series: readonly ActiveSeries[], from: number, to: number, step: number): void {
    const matches = new Map(series.map((one) => [keyOf(one.labels), { ...one, present: new Set(one.times) }]));
    for (const key of new Set([...matches.keys(), ...this.states.keys()])) {
      const match = matches.get(key);
      for (let time = from; time <= to; time += step) {
        if (match?.present.has(time)) {
          this.matched(key, match.labels, time);
        } else {
          this.missed(key, time);
        }
      }
    }
  }

  /** Every firing so far, those that have not ended included. */
  get episodes(): readonly Episode[] {
    const open = [...this.states.values()].flatMap(({ labels, firedAt }) =>
      firedAt === undefined ? [] : [{ labels, start: firedAt }],
    );
    return [...this.ended, ...open];
  }

  private matched(key: string, labels: Labels, time: number): void {
    const state = this.states.get(key) ?? { labels: this.labelsOf(labels), activeSince: time };
    this.states.set(key, state);
    state.absentSince = undefined;
    if (state.firedAt === undefined && time - state.activeSince >= this.holdSeconds) {
      state.firedAt = time;
    }
  }

  private missed(key: string, time: number): void {
    const state = this.states.get(key);
    if (!state) {
      return;
    }
    state.absentSince ??= time;
    if (state.firedAt !== undefined && time - state.absentSince < this.keepSeconds) {
      return;
    }
    if (state.firedAt !== undefined) {
      this.ended.push({ labels: state.labels, start: state.firedAt, end: time });
    }
    this.states.delete(key);
  }

  private labelsOf({ __name__: _, ...labels }: Labels): Labels {
    return { ...labels, ...this.rule.labels, alertname: this.rule.alert };
  }
}

/** The same text for equal labels. */
export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
