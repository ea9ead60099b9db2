import { inSpan } from '../audit';
import { contextOf } from '../audit/tracing';
import type { RemediationPolicy } from '../policy';
import { hasApproval, isOpen, planDigest, RecordAltered, type Remediation } from '../record';
import { confirmedTarget, inputOf } from './attempt';
import { admit, type Decision, decide } from './decision';
import { finish, resumeExecution, startExecution, verify } from './execution';
import { withTargetLocked } from './lock';
import { leaveWhenDue, revertWhenDue } from './revert';
import { type Next, STOPPED_RETRY_MS, type StepProps } from './step-props';
import { markFinished, markSkipped, moveTo, recordRevert } from './transitions';

const APPROVAL_POLL_MS = 10_000;

/**
 * Takes the next step of a record, in the trace of its notification. The record holds everything needed to continue, so
 * any replica can take it.
 */
export function step(record: Remediation, props: StepProps): Promise<Next> {
  const { policy: name, action, alert, traceparent } = record.spec;
  const attributes = {
    'remediation.record': record.metadata.name,
    'remediation.policy': name,
    'remediation.action': action,
    alert: alert.name,
  };
  return inSpan(`remediation ${record.status.phase}`, contextOf(traceparent), attributes, () => {
    const policy = props.policies.get(name);
    return policy
      ? stepOf(record, policy, props).catch((error) => endAltered(record, error, props))
      : stepWithoutPolicy(record, props);
  });
}

/**
 * Ends a record that somebody else has altered, and notifies people. What it says is not acted on.
 *
 * @throws what is no RecordAltered
 */
async function endAltered(record: Remediation, error: unknown, props: StepProps): Promise<Next> {
  if (!(error instanceof RecordAltered)) {
    throw error;
  }
  const { phase } = record.status;
  const cause = `the record was altered: ${error.message}`;
  switch (phase) {
    case 'accepted':
    case 'awaiting-approval':
      await markFinished(record, { phase: 'failed', message: `nothing was changed, because ${cause}` }, props);
      return undefined;
    case 'executing':
      return finish(record, 'failed', `${cause}: it is unknown whether a change was made`, props);
    case 'verifying':
      return finish(record, 'inconclusive', `${cause}: it is unknown whether a change helped`, props);
    default:
      await recordRevert(record, `${cause}: revert by hand, where something was changed`, 'left', props);
      return undefined;
  }
}

/**
 * Fails a record that could not be decided in many tries, and reports it. An execution that has started is not failed:
 * it is retried until its result is known.
 */
export async function failUndecided(record: Remediation, error: Error, props: StepProps): Promise<void> {
  if (isOpen(record.status.phase) && record.status.executionStartTime === undefined) {
    const message = `nothing was changed, because the decision failed: ${error.message}`;
    await markFinished(record, { phase: 'failed', message }, props);
  }
}

/** Reports the end of a record again and closes it: the replica that ended it died before it had done so. */
export async function reportAgain(record: Remediation, { audit, context, policies }: StepProps): Promise<void> {
  // A change is left to people only when its policy was removed.
  const outcome = policies.has(record.spec.policy) ? 'reverted' : 'left';
  await (record.status.revertResult ? audit.onRevert(record, outcome) : audit.onTransition(record));
  await context.store.label(record);
}

async function stepOf(record: Remediation, policy: RemediationPolicy, props: StepProps): Promise<Next> {
  const { context } = props;
  const { phase, expirationTime, revertResult } = record.status;
  switch (phase) {
    case 'accepted':
    case 'awaiting-approval':
      return decideStep(record, policy, props);
    case 'executing':
      // Its replica has died, and the change may be made or not. Resume unless the kill switch is engaged.
      return (await context.killSwitch.reason())
        ? STOPPED_RETRY_MS
        : withTargetLocked(record, confirmedTarget(record, policy), policy, context, (locked) =>
            resumeExecution(locked, policy, props),
          );
    case 'verifying':
      return withTargetLocked(record, confirmedTarget(record, policy), policy, context, (locked) =>
        verify(locked, policy, props),
      );
    default:
      return expirationTime && !revertResult ? revertWhenDue(record, policy, props) : undefined;
  }
}

async function decideStep(record: Remediation, policy: RemediationPolicy, props: StepProps): Promise<Next> {
  const { context } = props;
  const admission = await admit(record, policy, context);
  switch (admission.kind) {
    case 'wait':
      return APPROVAL_POLL_MS;
    case 'skip':
      return carryOut(admission, record, policy, props);
    case 'proceed':
      return withTargetLocked(record, admission.target, policy, context, async (locked) =>
        carryOut(await decide(inputOf(locked, policy, props), context), locked, policy, props),
      );
  }
}

async function carryOut(
  decision: Decision,
  record: Remediation,
  policy: RemediationPolicy,
  props: StepProps,
): Promise<Next> {
  switch (decision.kind) {
    case 'skip':
      await markSkipped(record, decision, props);
      return undefined;
    case 'await-approval': {
      const { plan, message } = decision;
      const target = record.status.target!;
      const change = {
        phase: 'awaiting-approval',
        target,
        plan,
        planDigest: planDigest(target, plan),
        message,
      } as const;
      await moveTo(record, { ...change, approvalOutdated: hasApproval(record) || undefined }, props);
      return APPROVAL_POLL_MS;
    }
    case 'execute':
      return startExecution(record, policy, decision.plan, props);
  }
}

/** Ends a record whose policy was removed from the configuration. What has started is left to people. */
async function stepWithoutPolicy(record: Remediation, props: StepProps): Promise<Next> {
  const { phase, plan, expirationTime, revertResult } = record.status;
  const cause = `policy ${record.spec.policy} was removed`;
  switch (phase) {
    case 'accepted':
    case 'awaiting-approval':
      await markSkipped(record, { reason: 'policy-unknown', message: cause }, props);
      return undefined;
    case 'executing':
      return finish(record, 'failed', `${cause}: it is unknown whether the change was made`, props);
    case 'verifying':
      return finish(record, 'inconclusive', `${cause}: it is unknown whether the change helped`, props);
    default:
      return expirationTime && !revertResult
        ? leaveWhenDue(record, `${cause}: revert by hand: ${plan?.summary}`, expirationTime, props)
        : undefined;
  }
}
