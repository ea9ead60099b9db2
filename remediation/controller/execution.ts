import { actionOf, type Effect, SkipError } from '../actions';
import { requireSamePlan } from '../actions/same-plan';
import { type GateInput, gates } from '../gates';
import type { RemediationPolicy } from '../policy';
import {
  type AttemptPhase,
  isApproved,
  type Plan,
  planDigest,
  RecordAltered,
  type Remediation,
  type StatusChange,
} from '../record';
import { describeTime, secondsSince } from '../times';
import { attemptOf, inputOf, targetOfAlert } from './attempt';
import { reasonToAsk, skipOf } from './decision';
import { retried, untilDone } from './retry';
import { millisecondsUntil, type Next, type StepProps } from './step-props';
import { markFinished, markSkipped, moveTo } from './transitions';
import { verifyEffect } from './verification';

/** Stores the plan of a decided record, and executes it. */
export async function startExecution(
  record: Remediation,
  policy: RemediationPolicy,
  plan: Plan,
  props: StepProps,
): Promise<Next> {
  const { store, clients, holder } = props.context;
  const { target, dryRun } = inputOf(record, policy, props);
  // Set the label before the phase: the target gate finds occupied targets by label.
  const labelled = await store.labelAhead(record);
  const started = clients.now();
  const change: StatusChange = {
    phase: 'executing',
    target,
    plan,
    planDigest: planDigest(target, plan),
    dryRun,
    holder,
    executionStartTime: started.toISOString(),
    // The change may exist from now on, so its expiry is stored before it is made.
    expirationTime: dryRun ? undefined : expiry(plan, started),
    message: `${dryRun ? 'would' : 'will'} ${plan.summary}`,
  };
  const executing = await moveTo(labelled, change, props);
  try {
    // The lock rests on clocks, which can differ. Of two records that announce themselves on a target, each sees the other.
    await gates.target(inputOf(executing, policy, props), props.context);
  } catch (error) {
    await markSkipped(executing, skipOf(error), props);
    return undefined;
  }
  return execute(executing, policy, props);
}

/** Continues an execution whose replica died, unless too much may have changed since the plan was made. */
export async function resumeExecution(record: Remediation, policy: RemediationPolicy, props: StepProps): Promise<Next> {
  const { executionStartTime, dryRun } = record.status;
  const age = secondsSince(executionStartTime, props.context.clients.now());
  if (age === undefined) {
    const time = describeTime(executionStartTime);
    const message = `interrupted, and the time of its start is ${time}: it is unknown whether the change was made`;
    return finish(record, 'failed', message, props);
  }
  if (age > props.context.limits.freshnessSeconds) {
    const message = `interrupted ${Math.floor(age)} s ago: it is unknown whether the change was made`;
    return finish(record, 'failed', message, props);
  }
  if (props.dryRun && !dryRun) {
    const message = 'interrupted, and the mode is dry-run now: it is unknown whether the change was made';
    return finish(record, 'failed', message, props);
  }
  const { clients } = props.context;
  let checked: Remediation;
  try {
    const found = await targetOfAlert(record, policy, clients);
    // A Deployment that was deleted and created again is another one, and `uid` tells.
    const target = { ...found, uid: record.status.target?.uid ?? found.uid };
    checked = { ...record, status: { ...record.status, target } };
    await recheck(inputOf(checked, policy, props), props);
  } catch (error) {
    if (error instanceof SkipError && error.reason === 'target-unknown') {
      // The target is gone, and a change of it too.
      await markSkipped(record, error, props);
      return undefined;
    }
    if (error instanceof SkipError || error instanceof RecordAltered) {
      const message = `interrupted, and not resumed: ${error.message}: it is unknown whether the change was made`;
      return finish(record, 'failed', message, props);
    }
    throw error;
  }
  return execute(checked, policy, props);
}

/**
 * Asks the gates again before a stored plan is executed: a record can be brought into this phase by others, without
 * any decision.
 *
 * @throws SkipError when a gate fails
 * @throws RecordAltered when the policy would not make the plan, or nobody has approved it
 */
async function recheck(input: GateInput, { context }: StepProps): Promise<void> {
  const { record, policy, action, target, dryRun } = input;
  const { plan } = record.status;
  if (!plan) {
    throw new RecordAltered('the record has no plan');
  }
  await gates.target(input, context);
  await gates.cooldown(input, context);
  await gates.circuit(input, context);
  await gates.alert(input, context);
  await gates.health(input, context);
  const attempt = attemptOf(input, context.clients);
  const now = action.recheck
    ? await action.recheck(attempt, plan)
    : requireSamePlan(target, plan, await action.plan(attempt));
  if (now && reasonToAsk(policy, now) && !isApproved(record, planDigest(target, now)) && !dryRun) {
    throw new RecordAltered(`nobody has approved to ${now.summary}`);
  }
  // The record has its slot already, unless others have brought it here.
  await gates.budget(input, context);
}

/** Executes the stored plan. Actions are idempotent, so executing it again after a crash is safe. */
async function execute(record: Remediation, policy: RemediationPolicy, props: StepProps): Promise<Next> {
  const { clients } = props.context;
  const plan = record.status.plan!;
  const attempt = attemptOf(inputOf(record, policy, props), clients);
  const { signal, dryRun } = attempt;
  const started = Date.now();
  let effect: Effect;
  try {
    effect = await untilDone(signal, () => retried(signal, () => actionOf(policy).execute(attempt, plan)));
  } catch (error) {
    if (error instanceof SkipError) {
      await markSkipped(record, error, props);
      return undefined;
    }
    if (error instanceof RecordAltered) {
      throw error;
    }
    return signal.aborted
      ? finish(record, 'timed-out', `not finished within ${policy.timeoutSeconds} s`, props)
      : finish(record, 'failed', (error as Error).message, props);
  }
  props.metrics.duration.observe({ action: policy.action }, (Date.now() - started) / 1000);
  const executed = clients.now();
  const done = { executionTime: executed.toISOString(), effect: effect.summary, evidence: effect.evidence };
  if (dryRun) {
    await moveTo(record, { ...done, phase: 'dry-run', message: `dry run: would ${plan.summary}` }, props);
    return undefined;
  }
  const expirationTime = expiry(plan, executed);
  const change: StatusChange = { ...done, phase: 'verifying', message: effect.summary, expirationTime };
  return verify(await moveTo(record, change, props), policy, props);
}

/** Verifies the effect once, and ends the attempt when the result is final. */
export async function verify(record: Remediation, policy: RemediationPolicy, props: StepProps): Promise<Next> {
  const { store, clients, limits } = props.context;
  const { verificationIntervalSeconds } = limits;
  const input = inputOf(record, policy, props);
  const outcome = await verifyEffect(attemptOf(input, clients), input, record.status, verificationIntervalSeconds);
  if (outcome.kind === 'wait') {
    return outcome.milliseconds;
  }
  props.metrics.verifications.inc({ action: policy.action, result: outcome.result });
  const lastVerification = { value: outcome.value, time: clients.now().toISOString() };
  if (outcome.kind === 'again') {
    await store.transition(record, { ...record.status, lastVerification });
    return verificationIntervalSeconds * 1000;
  }
  return finish(record, outcome.phase, outcome.message, props, lastVerification);
}

/**
 * Ends an attempt.
 *
 * @returns when its change expires, where that is temporary
 */
export async function finish(
  record: Remediation,
  phase: AttemptPhase,
  message: string,
  props: StepProps,
  lastVerification = record.status.lastVerification,
): Promise<Next> {
  const { status } = await markFinished(record, { phase, message, lastVerification }, props);
  return status.expirationTime ? Math.max(0, millisecondsUntil(status.expirationTime, props)) : undefined;
}

/** When a change expires that is made at a time. */
function expiry({ expiresAfterSeconds }: Plan, made: Date): string | undefined {
  return expiresAfterSeconds ? new Date(made.getTime() + expiresAfterSeconds * 1000).toISOString() : undefined;
}
