import { SkipError } from '../actions';
import { type GateContext, type GateInput, gates } from '../gates';
import type { RemediationPolicy } from '../policy';
import { hasApproval, isApproved, isResolved, type Plan, planDigest, type Remediation, type Target } from '../record';
import { secondsSince } from '../times';
import { attemptOf, targetOfAlert } from './attempt';
import type { Skip } from './transitions';

type SkipDecision = { readonly kind: 'skip' } & Skip;

/** What happens with a record that nothing was done for yet. */
export type Decision =
  | SkipDecision
  | { readonly kind: 'await-approval'; readonly plan: Plan; readonly message: string }
  | { readonly kind: 'execute'; readonly plan: Plan };

/** Whether a record can be decided now. */
export type Admission =
  | SkipDecision
  /** It waits for a person. */
  | { readonly kind: 'wait' }
  /** `decide()` continues, once the target is locked. */
  | { readonly kind: 'proceed'; readonly target: Target };

/**
 * Asks the gates that need no lock, and finds the target. A record that waits for approval is not decided again until
 * it is approved, resolved or too old.
 */
export async function admit(record: Remediation, policy: RemediationPolicy, context: GateContext): Promise<Admission> {
  const { phase, planDigest: shown } = record.status;
  if (phase === 'awaiting-approval' && !isApproved(record, shown) && !isResolved(record)) {
    return waitForApproval(record, context);
  }
  let target: Target | undefined;
  try {
    await gates.killSwitch(record, context);
    target = await targetOfAlert(record, policy, context.clients);
    await gates.freshness({ record }, context);
    return { kind: 'proceed', target };
  } catch (error) {
    return { ...skipOf(error), target };
  }
}

/**
 * Asks the other gates and makes the plan. The target must be locked for the record until the decision is carried out.
 */
export async function decide(input: GateInput, context: GateContext): Promise<Decision> {
  const { record, policy, action, dryRun } = input;
  try {
    await gates.target(input, context);
    await gates.cooldown(input, context);
    await gates.circuit(input, context);
    await gates.alert(input, context);
    await gates.health(input, context);
    const plan = await action.plan(attemptOf(input, context.clients));
    await gates.budgetLeft(input, context);
    const reason = reasonToAsk(policy, plan);
    if (reason && !isApproved(record, planDigest(input.target, plan)) && !dryRun) {
      return askFor(plan, reason, record);
    }
    // Planning takes time. The kill switch may have been engaged meanwhile.
    await gates.killSwitch(input, context);
    await gates.budget(input, context);
    return { kind: 'execute', plan };
  } catch (error) {
    return skipOf(error);
  }
}

/** Why a person must approve a plan. */
export function reasonToAsk(policy: RemediationPolicy, plan: Plan): string | undefined {
  return policy.approval ? 'the policy requires it' : plan.needsApproval;
}

/** A plan may have changed since a person approved it, e.g. because its owner has scaled the target. */
function askFor(plan: Plan, reason: string, record: Remediation): Decision {
  const before = record.status.plan?.summary ?? 'none';
  const message = hasApproval(record)
    ? `waits for approval again: the plan is now "${plan.summary}", and "${before}" was approved`
    : `waits for approval: ${reason}`;
  return { kind: 'await-approval', plan, message };
}

function waitForApproval(record: Remediation, { limits, clients }: GateContext): Admission {
  const waited = secondsSince(record.status.transitions?.at(-1)?.time, clients.now());
  return waited === undefined || waited > limits.approvalSeconds
    ? { kind: 'skip', reason: 'approval-expired', message: `not approved within ${limits.approvalSeconds} s` }
    : { kind: 'wait' };
}

/** @throws what is no SkipError */
export function skipOf(error: unknown): SkipDecision {
  if (error instanceof SkipError) {
    return { kind: 'skip', reason: error.reason, message: error.message };
  }
  throw error;
}
