import type { GenericSchema } from 'valibot';
import type { Aws, Cache, Database, Loki, Prometheus, Threats } from '../clients';
import type { KubernetesApi } from '../kubernetes';
import type { Plan, RecordedAlert, Remediation, SkipReason, Target } from '../record';
import type { AllowedUpdate } from './allowed-update';

/** The action does not run, and nothing was changed. The record ends as `skipped` with the reason. */
export class SkipError extends Error {
  constructor(
    readonly reason: SkipReason,
    message: string,
  ) {
    super(message);
    this.name = 'SkipError';
  }
}

/** The servers that actions talk to. Clients connect on first use. */
export interface Clients {
  readonly kubernetes: KubernetesApi;
  readonly prometheus: Prometheus;
  /** @default - logs are not read */
  readonly loki?: Loki;
  /** @default - there is no threat intelligence */
  readonly threats?: Threats;
  readonly database: (connection: string) => Database;
  readonly cache: (connection: string) => Cache;
  readonly aws: Aws;
  readonly now: () => Date;
}

/** One execution of an action, from its plan to its verification and revert. */
export interface Attempt<P = unknown> {
  readonly record: Remediation;
  readonly target: Target;
  readonly parameters: P;
  readonly clients: Clients;
  /** Ask the target what the change would do, but do not make it. */
  readonly dryRun: boolean;
  /** Aborts after the policy's timeout. */
  readonly signal: AbortSignal;
}

/** What an execution did. */
export interface Effect {
  /** One line for people: `ended 3 of 3 sessions`. */
  readonly summary: string;
  /** Facts for the responders. @default - none */
  readonly evidence?: { readonly [name: string]: string };
}

/** A temporary change that was found on its target, without a record. */
export interface FoundChange {
  readonly target: Target;
  /** One line for people: `minReplicas of HPA sightedit-backend-hpa, raised from 2 to 3`. */
  readonly summary: string;
  /** When it was made (RFC 3339). @default - unknown */
  readonly time?: string;
  /** Reverts it. Returns what it did. */
  revert(signal: AbortSignal): Promise<string>;
}

/** An RBAC rule, as `PolicyRule` of `rbac.authorization.k8s.io/v1`. */
export interface Permission {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What an action needs to reach and change. Roles, the admission policy and NetworkPolicies are generated from it. */
export interface Requirements {
  readonly permissions: readonly { readonly namespace?: string; readonly rules: readonly Permission[] }[];
  readonly allowedUpdates: readonly AllowedUpdate[];
  /** Names of the connections (`postgres`, `redis`, …) that the action opens. */
  readonly connections: readonly string[];
  /** ARN of the AWS role to assume. AWS is reached over the Internet. @default - AWS is not used */
  readonly awsRole?: string;
}

/** What the alerts of an action are about. */
export type Purpose = (typeof PURPOSES)[number];

/** Purposes of actions, the most urgent first. */
export const PURPOSES = ['repair', 'incident', 'address'] as const;

/**
 * An automated action. A new one is a file that implements this interface, and one line in `actions/index.ts`.
 *
 * An action does not decide whether it may run: gates, locks, budgets, approval, verification, records and audit are
 * the same for all actions.
 *
 * @typeParam P parameters of a policy
 * @typeParam D details that the action stores in its plan
 */
export interface Action<P = unknown, D = unknown> {
  /** Its name in policies and metrics. */
  readonly kind: string;
  /** Checks parameters and fills in their defaults, for the builder as well as for the server's configuration. */
  readonly parameters: GenericSchema;
  /** Whether it only collects facts and changes nothing. Such attempts are free of the common budgets. @default false */
  readonly onlyReads?: boolean;
  /**
   * What its alerts are about. Repairs go first, then incidents, then addresses, because anybody who can send requests
   * can raise any number of alerts about addresses. For the same reason addresses are free of the common budget.
   * @default repair
   */
  readonly purpose?: Purpose;
  /** What it does, for runbooks: one or two sentences in the present tense. */
  describe(parameters: P): string;
  requirements(parameters: P): Requirements;
  /** The targets that are known in advance. A target that only an alert can name has an empty name. */
  targets(parameters: P): readonly Target[];
  /** PromQL in the parameters: its metrics must be scraped and kept. @default - none */
  queries?(parameters: P): readonly string[];
  /**
   * Finds the target of an alert from its labels.
   *
   * @throws SkipError when there is no target, more than one, or one that the policy does not name
   */
  findTarget(alert: RecordedAlert, parameters: P, clients: Clients): Promise<Target>;
  /**
   * Whether a target is one that the policy could have for the alert, whatever the world looks like now. Targets in
   * records are checked by it.
   * @default - it must be one of `targets()`
   */
  isTarget?(target: Target, alert: RecordedAlert, parameters: P): boolean;
  /**
   * Inspects the target and plans the change. Changes nothing.
   *
   * @throws SkipError when the target must not be changed now
   */
  plan(attempt: Attempt<P>): Promise<Plan<D>>;
  /**
   * Executes the plan. It is idempotent: called again with the same plan after a crash, it changes nothing twice.
   *
   * @throws SkipError when the target is no longer as planned, and nothing was changed
   */
  execute(attempt: Attempt<P>, plan: Plan<D>): Promise<Effect>;
  /**
   * Checks a stored plan before it is executed after a crash.
   *
   * @returns the plan as it would be made now; `undefined` when the change is made already
   * @throws SkipError when the target must not be changed now
   * @throws RecordAltered when the policy would not make this plan
   * @default - `plan()` must make the same plan again
   */
  recheck?(attempt: Attempt<P>, plan: Plan<D>): Promise<Plan<D> | undefined>;
  /** Whether the target has settled, e.g. its rollout is complete. @default - it settles at once */
  settled?(attempt: Attempt<P>, plan: Plan<D>): Promise<boolean>;
  /**
   * Verifies the effect where PromQL cannot: 1 when it is present, 0 when it is not, `undefined` when that is unknown.
   * @default - the policy's query verifies it
   */
  verify?(attempt: Attempt<P>, plan: Plan<D>): Promise<number | undefined>;
  /** Reverts the change, unless somebody else has changed the target since. Returns what it did. */
  revert?(attempt: Attempt<P>, plan: Plan<D>): Promise<string>;
  /** Seconds after which every change of the policy is reverted. @default - changes are not reverted */
  expiresAfterSeconds?(parameters: P): number | undefined;
  /** Finds the temporary changes that are made now, from the targets alone. @default - none can be found */
  findChanges?(parameters: P, clients: Clients, signal: AbortSignal): Promise<readonly FoundChange[]>;
}
