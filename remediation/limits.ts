import * as v from 'valibot';
import { nonNegativeInteger, positiveInteger, type SchemasOf } from './schema';

/** Limits that apply to every policy. */
export interface Limits {
  /** A remediation that waited longer than this is skipped, in seconds, 0 or more. */
  readonly freshnessSeconds: number;
  /** A remediation that nobody approved within this time is skipped, in seconds, 0 or more. */
  readonly approvalSeconds: number;
  /**
   * Attempts per hour, all policies together, 1 or more. Incidents and addresses are free of it: they have the budgets
   * of their policies.
   */
  readonly budgetPerHour: number;
  /** Attempts per hour of one kind of action that changes something, all its policies together, 1 or more. */
  readonly budgetPerActionPerHour: number;
  /** Failed attempts in a row that open the circuit of a target, 1 or more. */
  readonly circuitFailures: number;
  /** Time after which an open circuit allows one more attempt, in seconds, 0 or more. */
  readonly circuitOpenSeconds: number;
  /** Time after a final phase before the same firing alert starts another attempt, in seconds, 0 or more. */
  readonly repeatSeconds: number;
  /** Time between two verifications of a change, in seconds, 1 or more. */
  readonly verificationIntervalSeconds: number;
  /** Time after which another replica takes over the work of one that died, in seconds, 1 to 3600. */
  readonly lockSeconds: number;
}

/** @internal */
export const limitsSchema = v.object({
  freshnessSeconds: nonNegativeInteger,
  approvalSeconds: nonNegativeInteger,
  budgetPerHour: positiveInteger,
  budgetPerActionPerHour: positiveInteger,
  circuitFailures: positiveInteger,
  circuitOpenSeconds: nonNegativeInteger,
  repeatSeconds: nonNegativeInteger,
  verificationIntervalSeconds: positiveInteger,
  // The admission policy allows no Lease of more than an hour.
  lockSeconds: v.pipe(positiveInteger, v.maxValue(3600)),
} satisfies SchemasOf<Limits>);
