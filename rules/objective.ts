import { ALERT_NAME } from './checks';
import { promqlSyntaxError } from './promql';
import { CATEGORIES } from './rule';

/** Stands for the range in an indicator's PromQL. */
const PLACEHOLDER = '$window';

/** PromQL for events per second, with `$window` as the range: all events, and the bad ones or the good ones. */
export type ServiceLevelIndicator =
  | {
      /** PromQL: rate of bad events. */
      readonly errors: string;
      /** PromQL: rate of all events. */
      readonly total: string;
    }
  | {
      /** PromQL: rate of good events. */
      readonly good: string;
      /** PromQL: rate of all events. */
      readonly total: string;
    };

/** The share of events that must be good over thirty days. */
export interface ServiceLevelObjective {
  /** Value of the label `slo`, and the name of the file without `.yaml`. */
  readonly name: string;
  /** Prefix of the alerts' names. */
  readonly prefix: string;
  /** The team that responds to the burn-rate alerts. */
  readonly category: string;
  /** Share of good events, between 0 and 1. */
  readonly objective: number;
  /** Period of the objective and of its error budget. */
  readonly window: '30d';
  /** What is measured. */
  readonly sli: ServiceLevelIndicator;
  /** A selector that has series whenever the objective can be measured, even without traffic. */
  readonly presence: string;
  /**
   * Fewest bad events in an alert's long window at which the alert may fire. Bad events, not all events: an hour with
   * few requests that all fail is an outage.
   */
  readonly minimumFailures: number;
  /** What is wrong: the start of the alerts' summary. */
  readonly summary: string;
  /** Name of the events, in the plural, e.g. `API requests`. */
  readonly events: string;
  /** What the bad events did, e.g. `failed`. */
  readonly failure: string;
}

/** Problems of an objective, one line each. The expanded rules are checked like all other rules. */
export function checkSlo(
  file: string,
  slo: ServiceLevelObjective,
  categories: readonly string[] = CATEGORIES,
): string[] {
  const { name, prefix, category, objective, window, sli, presence, minimumFailures } = slo;
  const checks: [boolean, string][] = [
    [name === file, `name is ${shown(name)}: write ${file}, the name of the file`],
    [ALERT_NAME.test(prefix ?? ''), `prefix is ${shown(prefix)}: write it in UpperCamelCase`],
    [categories.includes(category), `category is ${shown(category)}: write one of ${categories.join(', ')}`],
    [objective > 0 && objective < 1, `objective is ${shown(objective)}: write a ratio between 0 and 1, such as 0.999`],
    [window === '30d', `window is ${shown(window)}: write 30d, which the burn rates are made for`],
    [minimumFailures > 0, `minimumFailures is ${shown(minimumFailures)}: write a number above 0`],
    ...(['summary', 'events', 'failure'] as const).map((field): [boolean, string] => [
      Boolean(slo[field]?.trim()),
      `${field} is not set: write it`,
    ]),
  ];
  return [
    ...checks.flatMap(([sound, problem]) => (sound ? [] : [problem])),
    ...checkIndicator(sli),
    ...parseProblem('presence', presence),
  ].map((problem) => `rules/slos/${file}.yaml: ${problem}`);
}

function checkIndicator(sli: Partial<Record<'errors' | 'good' | 'total', string>> = {}): string[] {
  if ((sli.errors === undefined) === (sli.good === undefined)) {
    return ['sli needs either errors or good: write one of them'];
  }
  return (['errors', 'good', 'total'] as const)
    .filter((part) => part === 'total' || sli[part] !== undefined)
    .flatMap((part) => {
      const expr = sli[part];
      if (expr !== undefined && !expr.includes(PLACEHOLDER)) {
        return [`sli.${part} has no ${PLACEHOLDER}: write it as the range, as in rate(demo_total[${PLACEHOLDER}])`];
      }
      return parseProblem(`sli.${part}`, expr && over(expr, '5m'));
    });
}

function parseProblem(what: string, expr: string | undefined): string[] {
  if (!expr?.trim()) {
    return [`${what} is not set: write it`];
  }
  const error = promqlSyntaxError(expr);
  return error ? [`${what} does not parse at "${error}": fix the PromQL`] : [];
}

/** An indicator's PromQL over a range. */
export function over(expr: string, window: string): string {
  return expr.trim().replaceAll(PLACEHOLDER, window);
}

function shown(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}
