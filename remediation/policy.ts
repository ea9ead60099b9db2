import * as v from 'valibot';
import {
  type Input,
  nonNegativeInteger,
  type ObjectSchema,
  type Output,
  parseSettings,
  positiveInteger,
  text,
} from './schema';

const verificationSchema = v.object({
  /**
   * PromQL that yields 1 where the target is healthy and 0 where it is not (`… < bool 0.9`). `$namespace` and `$name`
   * stand for the target's. Every series of the answer must be 1. An empty answer verifies nothing.
   */
  query: text,
  /**
   * Time before the first verification, in seconds: at least the longest range in the query, and what the target needs
   * to settle.
   * @default 120
   */
  stabilisationSeconds: v.optional(nonNegativeInteger, 120),
  /** Time after the change within which the target must be healthy, in seconds. @default 900 */
  withinSeconds: v.optional(positiveInteger, 900),
});

const blockingCondition = v.object({
  /** Shown in records, e.g. `database-down`. */
  name: text,
  /** PromQL that yields a series while the condition holds, and nothing otherwise. */
  query: text,
});

/** Name of a policy: part of the names of its records and Leases. */
const policyName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/,
    'write at most 40 lower-case letters, digits and dashes, and begin with a letter',
  ),
);

/** What every policy has beside its action and the action's parameters. */
export const policyOptions = v.object({
  /**
   * Value of the label `remediation` of the alerts that trigger the policy.
   * @default - the kind of the action
   */
  name: policyName,
  /**
   * Ask a person before each attempt.
   * @default false; an action can still ask for a risky target
   */
  approval: v.optional(v.boolean(), false),
  /** Time between two attempts on the same target, in seconds. @default 1800 */
  cooldownSeconds: v.optional(nonNegativeInteger, 1800),
  /** Attempts per hour, all targets together. @default 3 */
  budgetPerHour: v.optional(positiveInteger, 3),
  /** Timeout of the change itself, in seconds. @default 60 */
  timeoutSeconds: v.optional(positiveInteger, 60),
  /** Conditions during which a target must not be touched. @default - none but those of the action */
  skipWhile: v.optional(v.array(blockingCondition), []),
  /** How the effect is verified. @default - the action verifies it */
  verification: v.optional(verificationSchema),
});

/** How the effect of an action is verified. */
export type Verification = Input<typeof verificationSchema>;

/** A condition during which a target must not be touched. */
export type BlockingCondition = Input<typeof blockingCondition>;

/** Options of a policy. */
export type PolicyOptions = Partial<Omit<Input<typeof policyOptions>, 'verification'>>;

/**
 * An automated response to an alert: the action, its targets, how often it may run, and how its effect is verified.
 * `restartWorkload()`, `scaleUp()` and the other builders create one with the defaults filled in.
 */
export interface RemediationPolicy<K extends string = string, P = unknown> extends Output<typeof policyOptions> {
  /** Kind of the action. */
  readonly action: K;
  readonly parameters: P;
}

/**
 * A policy with the defaults filled in.
 *
 * @param kind of the action
 * @param schema of the action's parameters
 * @param props parameters and options together
 * @throws SettingError for a setting that the schema rejects
 */
export function remediationPolicy<K extends string, S extends ObjectSchema>(
  kind: K,
  schema: S,
  props: PolicyOptions & { readonly verification?: Verification } & Input<S>,
): RemediationPolicy<K, Output<S>> {
  const { name, ...options } = parseSettings(policyOptions, { ...props, name: props.name ?? kind });
  return { name, action: kind, parameters: parseSettings(schema, props), ...options };
}
