import * as v from 'valibot';
import {
  type Input,
  nonNegativeInteger,
  type ObjectSchema,
  type Output,
  parseSettings,
  positiveInteger,
  type SchemasOf,
  text,
} from './schema';

/** How the effect of an action is verified. */
export interface Verification {
  /**
   * PromQL that yields 1 where the target is healthy and 0 where it is not (`… < bool 0.9`). `$namespace` and `$name`
   * stand for the target's. Every series of the answer must be 1. An empty answer verifies nothing.
   */
  readonly query: string;
  /**
   * Time before the first verification, in seconds, 0 or more: at least the longest range in the query, and what the
   * target needs to settle.
   * @default 120
   */
  readonly stabilisationSeconds?: number;
  /** Time after the change within which the target must be healthy, in seconds, 1 or more. @default 900 */
  readonly withinSeconds?: number;
}

const verificationSchema = v.object({
  query: text,
  stabilisationSeconds: v.optional(nonNegativeInteger, 120),
  withinSeconds: v.optional(positiveInteger, 900),
} satisfies SchemasOf<Verification>);

/** A condition during which a target must not be touched. */
export interface BlockingCondition {
  /** Shown in records, e.g. `database-down`. */
  readonly name: string;
  /** PromQL that yields a series while the condition holds, and nothing otherwise. */
  readonly query: string;
}

const blockingCondition = v.object({ name: text, query: text } satisfies SchemasOf<BlockingCondition>);

/** Name of a policy: part of the names of its records and Leases. */
const policyName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/,
    'write at most 40 lower-case letters, digits and dashes, and begin with a letter',
  ),
);

/** Options of a policy, beside its action and the action's parameters. */
export interface PolicyOptions {
  /**
   * Value of the label `remediation` of the alerts that trigger the policy: at most 40 lower-case letters, digits and
   * dashes.
   * @default - the kind of the action
   */
  readonly name?: string;
  /**
   * Ask a person before each attempt.
   * @default false; an action can still ask for a risky target
   */
  readonly approval?: boolean;
  /** Time between two attempts on the same target, in seconds, 0 or more. @default 1800 */
  readonly cooldownSeconds?: number;
  /** Attempts per hour, all targets together, 1 or more. @default 3; 20 for `openIncident()` */
  readonly budgetPerHour?: number;
  /** Timeout of the change itself, in seconds, 1 or more. @default 60 */
  readonly timeoutSeconds?: number;
  /**
   * Ask Prometheus, and Loki if the webhook has one, whether the alert fires with these labels before anything is
   * changed. Write `false` only for alerts that another source sends to Alertmanager: then everyone who reaches
   * Alertmanager can trigger the policy.
   * @default true
   */
  readonly requireFiring?: boolean;
  /** Conditions during which a target must not be touched. @default - none but those of the action */
  readonly skipWhile?: readonly BlockingCondition[];
}

/** @internal */
export const policyOptions = v.object({
  name: policyName,
  approval: v.optional(v.boolean(), false),
  cooldownSeconds: v.optional(nonNegativeInteger, 1800),
  budgetPerHour: v.optional(positiveInteger, 3),
  timeoutSeconds: v.optional(positiveInteger, 60),
  requireFiring: v.optional(v.boolean(), true),
  skipWhile: v.optional(v.array(blockingCondition), []),
  verification: v.optional(verificationSchema),
} satisfies SchemasOf<PolicyOptions & { readonly verification?: Verification }>);

/**
 * An automated response to an alert: the action, its targets, how often it may run, and how its effect is verified.
 * `restartWorkload()`, `scaleUp()` and the other builders create one with the defaults filled in.
 */
export interface RemediationPolicy<K extends string = string, P = unknown> extends Required<PolicyOptions> {
  /** Kind of the action. */
  readonly action: K;
  /** Parameters of the action, with the defaults filled in. */
  readonly parameters: P;
  /** How the effect is verified. @default - the action verifies it */
  readonly verification?: Required<Verification>;
}

/**
 * A policy with the defaults filled in.
 *
 * @param kind of the action
 * @param schema of the action's parameters
 * @param props parameters and options together
 * @throws SettingError for a setting that the schema rejects
 * @internal
 */
export function remediationPolicy<K extends string, S extends ObjectSchema>(
  kind: K,
  schema: S,
  props: PolicyOptions & { readonly verification?: Verification } & Input<S>,
): RemediationPolicy<K, Output<S>> {
  const { name, ...options } = parseSettings(policyOptions, { ...props, name: props.name ?? kind });
  return { name, action: kind, parameters: parseSettings(schema, props), ...options };
}
