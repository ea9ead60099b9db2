import { actionOf } from '../actions';
import { KubernetesError } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import type { Remediation } from '../record';
import { attemptOf, inputOf } from './attempt';
import { withTargetLocked } from './lock';
import { millisecondsUntil, type Next, STOPPED_RETRY_MS, type StepProps } from './step-props';
import { recordRevert } from './transitions';

/** Reverts the change of a finished record once it expires. */
export async function revertWhenDue(
  record: Remediation,
  policy: RemediationPolicy,
  expirationTime: string,
  props: StepProps,
): Promise<Next> {
  const wait = millisecondsUntil(expirationTime, props);
  if (wait > 0) {
    return wait;
  }
  if (await props.context.killSwitch.reason()) {
    return STOPPED_RETRY_MS;
  }
  return withTargetLocked(record, record.status.target!, policy, props.context, async (locked) => {
    const attempt = attemptOf(inputOf(locked, policy, props), props.context.clients);
    const revertResult = await actionOf(policy)
      .revert?.(attempt, locked.status.plan!)
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
