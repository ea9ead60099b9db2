import * as v from 'valibot';
import { nonNegativeInteger, positiveInteger } from './schema';

/** Limits that apply to every policy. */
export const limitsSchema = v.object({
  /** A remediation that waited longer than this is skipped, in seconds. */
  freshnessSeconds: nonNegativeInteger,
  /** A remediation that nobody approved within this time is skipped, in seconds. */
  approvalSeconds: nonNegativeInteger,
  /** Attempts per hour, all policies together. */
  budgetPerHour: positiveInteger,
  /** Failed attempts in a row that open the circuit of a target. */
  circuitFailures: positiveInteger,
  /** Time after which an open circuit allows one more attempt, in seconds. */
  circuitOpenSeconds: nonNegativeInteger,
  /** Time after a final phase before the same firing alert starts another attempt, in seconds. */
  repeatSeconds: nonNegativeInteger,
  /** Time between two verifications of a change, in seconds. */
  verificationIntervalSeconds: positiveInteger,
  /** Time after which another replica takes over the work of one that died, in seconds. */
  lockSeconds: positiveInteger,
});

export type Limits = Readonly<v.InferOutput<typeof limitsSchema>>;
