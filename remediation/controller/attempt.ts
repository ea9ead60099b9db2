import { type Attempt, actionOf, type Clients } from '../actions';
import type { GateInput } from '../gates';
import type { RemediationPolicy } from '../policy';
import type { Remediation } from '../record';

/**
 * A record with a target, as gates and actions see it.
 *
 * @param dryRun the server's mode; a record that has been executed keeps its own
 */
export function inputOf(record: Remediation, policy: RemediationPolicy, { dryRun }: { dryRun: boolean }): GateInput {
  return {
    record,
    policy,
    action: actionOf(policy),
    target: record.status.target!,
    dryRun: record.status.dryRun ?? dryRun,
  };
}

/** An attempt whose signal aborts after the policy's timeout. */
export function attemptOf({ record, target, policy, dryRun }: GateInput, clients: Clients): Attempt {
  const signal = AbortSignal.timeout(policy.timeoutSeconds * 1000);
  return { record, target, parameters: policy.parameters, clients, dryRun, signal };
}
