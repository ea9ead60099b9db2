import { actionOf, type Effect, SkipError } from '../actions';
import type { RemediationPolicy } from '../policy';
import type { AttemptPhase, Plan, Remediation, StatusChange } from '../record';
import { attemptOf, inputOf } from './attempt';
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
    dryRun,
    holder,
    executionStartTime: started.toISOString(),
    // The change may exist from now on, so its expiry is stored before it is made.
    expirationTime: dryRun ? undefined : expiry(plan, started),
    message: `${dryRun ? 'would' : 'will'} ${plan.summary}`,
  };
  return execute(await moveTo(labelled, change, props), policy, props);
}

/** Continues an execution whose replica died, unless too much may have changed since the plan was made. */
export async function resumeExecution(record: Remediation, policy: RemediationPolicy, props: StepProps): Promise<Next> {
  const { executionStartTime = '', dryRun } = record.status;
  const age = Math.floor(-millisecondsUntil(executionStartTime, props) / 1000);
  if (age > props.context.limits.freshnessSeconds) {
    return finish(record, 'failed', `interrupted ${age} s ago: it is unknown whether the change was made`, props);
  }
  if (props.dryRun && !dryRun) {
    const message = 'interrupted, and the mode is dry-run now: it is unknown whether the change was made';
    return finish(record, 'failed', message, props);
  }
  return execute(record, policy, props);
}

/** Executes the stored plan. Actions are idempotent, so executing it again after a crash is safe. */
async function execute(record: Remediation, policy: RemediationPolicy, props: StepProps): Promise<Next> {
  const { clients } = props.context;
  const plan = record.status.plan!;
  const dryRun = record.status.dryRun === true;
  const attempt = attemptOf({ ...inputOf(record, policy, props), dryRun }, clients);
  const { signal } = attempt;
  const started = Date.now();
  let effect: Effect;
  try {
    effect = await untilDone(signal, () => retried(signal, () => actionOf(policy).execute(attempt, plan)));
  } catch (error) {
    if (error instanceof SkipError) {
      await markSkipped(record, error, props);
      return undefined;
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
