import { type Attempt, actionOf, type Clients } from '../actions';
import type { GateInput } from '../gates';
import type { RemediationPolicy } from '../policy';
import { describeTarget, RecordAltered, type Remediation, type Target, targetDigest } from '../record';

/**
 * A record with a target, as gates and actions see it. A record can make its attempt a dry run, never a real one.
 *
 * @param dryRun the server's mode
 */
export function inputOf(record: Remediation, policy: RemediationPolicy, { dryRun }: { dryRun: boolean }): GateInput {
  return {
    record,
    policy,
    action: actionOf(policy),
    target: record.status.target!,
    dryRun: dryRun || record.status.dryRun === true,
  };
}

/** An attempt whose signal aborts after the policy's timeout. */
export function attemptOf({ record, target, policy, dryRun }: GateInput, clients: Clients): Attempt {
  const signal = AbortSignal.timeout(policy.timeoutSeconds * 1000);
  return { record, target, parameters: policy.parameters, clients, dryRun, signal };
}

/**
 * Finds the target of a record's alert, whatever the record says.
 *
 * @throws SkipError when there is none that the policy may change
 * @throws RecordAltered when the record names another one
 */
export async function targetOfAlert(record: Remediation, policy: RemediationPolicy, clients: Clients) {
  const { alert, action } = record.spec;
  if (action !== policy.action) {
    throw new RecordAltered(`the record is for ${action}, and policy ${policy.name} for ${policy.action}`);
  }
  const found = await actionOf(policy).findTarget(alert, policy.parameters, clients);
  const { target = found } = record.status;
  if (targetDigest(target) !== targetDigest(found)) {
    throw new RecordAltered(`the record names ${describeTarget(target)}, and the alert ${describeTarget(found)}`);
  }
  return found;
}

/**
 * The target that a record names, once it is clear that the policy could have chosen it. The target itself may be gone.
 *
 * @throws RecordAltered when the policy could not
 */
export function confirmedTarget({ spec, status }: Remediation, policy: RemediationPolicy): Target {
  const { target } = status;
  const action = actionOf(policy);
  const isTarget =
    action.isTarget ??
    (({ kind, namespace, name }: Target) =>
      action
        .targets(policy.parameters)
        .some((other) => other.kind === kind && other.namespace === namespace && other.name === name));
  if (!target || spec.action !== policy.action || !isTarget(target, spec.alert, policy.parameters)) {
    const named = target ? describeTarget(target) : 'no target';
    throw new RecordAltered(`the record names ${named}, which policy ${policy.name} never chooses for its alert`);
  }
  return target;
}
