import { actionOf, SkipError } from '../actions';
import { type GateContext, type GateInput, gates } from '../gates';
import type { RemediationPolicy } from '../policy';
import { isApproved, isResolved, lastTransitionAt, type Plan, type Remediation, type Target } from '../record';
import { attemptOf } from './attempt';
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
  if (record.status.phase === 'awaiting-approval' && !isApproved(record) && !isResolved(record)) {
    return waitForApproval(record, context);
  }
  let { target } = record.status;
  try {
    await gates.killSwitch(record, context);
    target ??= await actionOf(policy).findTarget(record.spec.alert, policy.parameters, context.clients);
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
    await gates.health(input, context);
    const plan = await action.plan(attemptOf(input, context.clients));
    await gates.budgetLeft(input, context);
    const reason = policy.approval ? 'the policy requires it' : plan.needsApproval;
    if (reason && !isApproved(record) && !dryRun) {
      return { kind: 'await-approval', plan, message: `waits for approval: ${reason}` };
    }
    // Planning takes time. The kill switch may have been engaged meanwhile.
    await gates.killSwitch(input, context);
    await gates.budget(input, context);
    return { kind: 'execute', plan };
  } catch (error) {
    return skipOf(error);
  }
}

function waitForApproval(record: Remediation, { limits, clients }: GateContext): Admission {
  const waited = clients.now().getTime() - lastTransitionAt(record);
  return waited > limits.approvalSeconds * 1000
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
