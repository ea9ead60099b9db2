import type { Aws, Cache, Database, Prometheus } from '../clients';
import type { KubernetesClient } from '../kubernetes';
import type { Plan, RecordedAlert, Remediation, SkipReason, Target } from '../record';
import type { AllowedUpdate } from './allowed-update';

/** An action looked and will not act: nothing was changed. Ends the run as `skipped`. */
export class SkipError extends Error {
  constructor(
    readonly reason: SkipReason,
    message: string,
  ) {
    super(message);
    this.name = 'SkipError';
  }
}

/** What an action works with. Clients connect when they are first used. */
export interface Clients {
  readonly kubernetes: KubernetesClient;
  readonly prometheus: Prometheus;
  readonly database: (connection: string) => Database;
  readonly cache: (connection: string) => Cache;
  readonly aws: Aws;
  readonly now: () => Date;
}

/** One run of an action. */
export interface Run<P> {
  readonly record: Remediation;
  readonly target: Target;
  readonly parameters: P;
  readonly tools: Clients;
  /** Ask the target what it would do, and change nothing. */
  readonly dryRun: boolean;
  /** Ends what takes too long. */
  readonly signal: AbortSignal;
}

/** What a run did. */
export interface Effect {
  /** One line for humans: `ended 3 of 3 sessions`. */
  readonly summary: string;
  /** Facts for the responders. @default - none */
  readonly evidence?: { readonly [name: string]: string };
}

/** A rule of RBAC, as `PolicyRule` of `rbac.authorization.k8s.io/v1`. */
export interface Permission {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What an action must be able to reach and do: the roles, the admission fence and the policies are made from it. */
export interface Requirements {
  readonly permissions: readonly { readonly namespace?: string; readonly rules: readonly Permission[] }[];
  readonly allowedUpdates: readonly AllowedUpdate[];
  /** Names of connections (`postgres`, `redis`, …) that the action opens. */
  readonly connections: readonly string[];
  /** ARN of the role of AWS that it acts as; its API is reached over the Internet. @default - it needs nothing of AWS */
  readonly awsRole?: string;
}

/**
 * An automated response. A new one is a file that implements this interface and a line in `actions/index.ts`.
 *
 * An action decides nothing about whether it may run: gates, locks, budgets, approval, verification, records and audit
 * are the same for all.
 */
export interface Action<P> {
  readonly kind: string;
  /** Whether it only gathers what is known, and changes nothing that anybody could miss. @default false */
  readonly onlyLooks?: boolean;
  /** What it does, for runbooks: a sentence or two in the present tense. */
  describe(parameters: P): string;
  requirements(parameters: P): Requirements;
  /** The targets that are known beforehand. One that only an alert can name is given without a name. */
  targets(parameters: P): readonly Target[];
  /**
   * Which target an alert is about, from its labels.
   *
   * @throws SkipError when there is none, when there are several, or when it is not one of the response's
   */
  findTarget(alert: RecordedAlert, parameters: P, tools: Clients): Promise<Target>;
  /**
   * Looks at the target and says what would be done. Changes nothing.
   *
   * @throws SkipError when the target is in no state to be touched
   */
  plan(run: Run<P>): Promise<Plan>;
  /**
   * Does what the plan says. Asked again with the same plan, after a crash, it changes nothing that it has changed before.
   *
   * @throws SkipError when the target is no longer as planned, and nothing was changed
   */
  execute(run: Run<P>, plan: Plan): Promise<Effect>;
  /** Whether the target has come to rest, e.g. its roll-out is complete. @default - at once */
  settled?(run: Run<P>, plan: Plan): Promise<boolean>;
  /**
   * Looks whether the effect is there, where no PromQL can tell: 1 when it is, 0 when it is not, `undefined` when that
   * cannot be known. @default - the policy's query tells
   */
  verify?(run: Run<P>, plan: Plan): Promise<number | undefined>;
  /** Takes the change back, unless somebody else has changed the target meanwhile. Says what it did. */
  revert?(run: Run<P>, plan: Plan): Promise<string>;
}
