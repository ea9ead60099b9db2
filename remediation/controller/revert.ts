import { actionOf } from '../actions';
import type { GateContext } from '../gates';
import { KubernetesError } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import { createdAt, RecordAltered, type Remediation } from '../record';
import { attemptOf, confirmedTarget, inputOf } from './attempt';
import { withTargetLocked } from './lock';
import { millisecondsUntil, type Next, STOPPED_RETRY_MS, type StepProps } from './step-props';
import { recordRevert } from './transitions';

/**
 * When the change of a record is to be reverted, in milliseconds of Unix time: when the record says, but no later than
 * its policy allows. A time that is missing or invalid has passed.
 */
export function revertDue(
  record: Remediation,
  policy: RemediationPolicy,
  { limits }: Pick<GateContext, 'limits'>,
): number {
  const seconds = actionOf(policy).expiresAfterSeconds?.(policy.parameters) ?? 0;
  const { freshnessSeconds, approvalSeconds } = limits;
  // A record is executed while it is fresh, and an interrupted execution is resumed once more within that time.
  const latest = freshnessSeconds + Math.max(freshnessSeconds, approvalSeconds) + policy.timeoutSeconds + seconds;
  const due = Math.min(Date.parse(record.status.expirationTime ?? ''), createdAt(record) + latest * 1000);
  return Number.isNaN(due) ? 0 : due;
}

/** Reverts the change of a finished record once it expires. In mode `dry-run` too: the change was a real one. */
export async function revertWhenDue(record: Remediation, policy: RemediationPolicy, props: StepProps): Promise<Next> {
  const { context } = props;
  const wait = revertDue(record, policy, context) - context.clients.now().getTime();
  if (wait > 0) {
    return wait;
  }
  if (await context.killSwitch.reason()) {
    return STOPPED_RETRY_MS;
  }
  return withTargetLocked(record, confirmedTarget(record, policy), policy, context, async (locked) => {
    const { plan } = locked.status;
    if (!plan) {
      throw new RecordAltered('the record has no plan');
    }
    const input = { ...inputOf(locked, policy, props), dryRun: false };
    const revertResult = await actionOf(policy)
      .revert?.(attemptOf(input, context.clients), plan)
      .catch((error: Error) => {
        if (error instanceof KubernetesError && error.isNotFound) {
          return 'the target was deleted, and the change with it';
        }
        throw error;
      });
    await recordRevert(locked, revertResult ?? 'expired by itself', 'reverted', props);
    return undefined;
  });
}

/** Leaves a change whose policy was removed to people, once it expires. Until then the policy may come back. */
export async function leaveWhenDue(
  record: Remediation,
  message: string,
  expirationTime: string,
  props: StepProps,
): Promise<Next> {
  const wait = millisecondsUntil(expirationTime, props);
  if (wait > 0) {
    return wait;
  }
  await recordRevert(record, message, 'left', props);
  return undefined;
}
