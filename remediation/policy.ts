import type { ActionKind, ParametersOf } from './actions';

/** When the effect of an action counts as proven. */
export interface Verification {
  /**
   * PromQL that yields 1 where the target is well and 0 where it is not (`… < bool 0.9`). `$namespace` and `$name` stand
   * for the target's. Every series of the answer must be 1; an empty answer proves nothing.
   */
  readonly query: string;
  /**
   * Time before the first look, in seconds: the longest range in the query, and what the target needs to settle.
   * @default 120
   */
  readonly stabilisationSeconds?: number;
  /** Time after which an effect that cannot be seen counts as none, in seconds from the change. @default 900 */
  readonly withinSeconds?: number;
}

/** A condition under which nobody should touch the target. */
export interface BlockingCondition {
  /** Names it in records, e.g. `database-down`. */
  readonly name: string;
  /** PromQL that yields a series while it holds; an empty answer means that it does not. */
  readonly query: string;
}

/** What is common to the responses of every kind. */
export interface ResponseOptions {
  /**
   * Value of the label `remediation` of the alerts that ask for the response.
   * @default - the kind of the action
   */
  readonly name?: string;
  /**
   * Ask a human before each run.
   * @default false, but an action can find that a target needs it
   */
  readonly approval?: boolean;
  /** Rest of a target after a run, in seconds. @default 1800 */
  readonly cooldownSeconds?: number;
  /** Runs in an hour, all targets together. @default 3 */
  readonly budgetPerHour?: number;
  /** Time for the change itself, in seconds. @default 60 */
  readonly timeoutSeconds?: number;
  /** @default - nothing but what the action itself looks at */
  readonly skipWhile?: readonly BlockingCondition[];
}

/**
 * A response to an alert: what is done, to what, how often at the most, and how its effect is proven. The functions
 * `restartWorkload()`, `scaleUp()` and their like make one with the defaults filled in.
 */
export interface RemediationPolicy<K extends ActionKind = ActionKind> extends Required<ResponseOptions> {
  readonly action: K;
  readonly parameters: ParametersOf<K>;
  /** `undefined` where the action proves its effect itself. */
  readonly verification?: Required<Verification>;
}

/** A parameter that cannot work. Names it, its value, and what to write instead. */
export class ParameterError extends Error {
  constructor(parameter: string, value: unknown, mend: string) {
    const shown = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'not set');
    super(`${parameter} is ${shown}: ${mend}`);
    this.name = 'ParameterError';
  }
}

/**
 * Checks a number of things or of seconds, where there is one.
 *
 * @throws ParameterError for one that is not whole, or less than 1
 */
export function checkCount(parameter: string, value: number | undefined, mend: string): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
    throw new ParameterError(parameter, value, mend);
  }
}

/** Fills in what a response leaves out. */
export function remediationPolicy<K extends ActionKind>(
  action: K,
  parameters: ParametersOf<K>,
  options: ResponseOptions,
  verification?: Verification,
): RemediationPolicy<K> {
  return {
    name: options.name ?? action,
    action,
    parameters,
    approval: options.approval ?? false,
    cooldownSeconds: options.cooldownSeconds ?? 1800,
    budgetPerHour: options.budgetPerHour ?? 3,
    timeoutSeconds: options.timeoutSeconds ?? 60,
    skipWhile: options.skipWhile ?? [],
    verification: verification && { stabilisationSeconds: 120, withinSeconds: 900, ...verification },
  };
}
