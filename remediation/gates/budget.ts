import { type Action, SkipError } from '../actions';
import type { Holding, Leases } from '../kubernetes';
import type { Limits } from '../limits';
import type { RemediationPolicy } from '../policy';
import { LEASE_PREFIX, type Remediation } from '../record';
import { CLOCK_TOLERANCE_SECONDS } from '../times';
import type { Gate } from './gate';

const HOUR_SECONDS = 3600;

/** Name of the budget that all policies share. */
export const TOTAL = 'total';

/** Checks that the budgets have a free slot, before a person is asked for approval. Takes none. */
export const budgetLeftGate: Gate = async ({ record, policy, action, dryRun }, { leases, limits, clients }) => {
  for (const [budget, size] of budgetsOf(policy, action, limits)) {
    const held = await holdings(leases, budget, size);
    if (!dryRun && held.every((holding) => holding && holding.holder !== record.metadata.name)) {
      throw exhausted(budget, size, held, clients.now());
    }
  }
};

/**
 * Takes a slot of the policy's budget, and one of each common budget. A slot is a Lease that is never released: it
 * expires an hour after it was taken. So replicas that decide at the same time cannot exceed the budget together.
 */
export const budgetGate: Gate = async ({ record, policy, action, dryRun }, { leases, limits, clients }) => {
  if (dryRun) {
    return; // Nothing is changed, so nothing is spent.
  }
  for (const [budget, size] of budgetsOf(policy, action, limits)) {
    if (!(await takeSlot(leases, budget, size, record))) {
      throw exhausted(budget, size, await holdings(leases, budget, size), clients.now());
    }
  }
};

/**
 * The budgets of an attempt. No kind of action can spend the common budget of all. Actions that only read have the
 * budget of their policy alone.
 */
function budgetsOf(
  policy: RemediationPolicy,
  { kind, onlyReads, purpose }: Pick<Action, 'kind' | 'onlyReads' | 'purpose'>,
  limits: Pick<Limits, 'budgetPerHour' | 'budgetPerActionPerHour'>,
): readonly (readonly [name: string, size: number])[] {
  const own = [policy.name, policy.budgetPerHour] as const;
  if (onlyReads) {
    return [own];
  }
  const ofAction = [actionBudget(kind), limits.budgetPerActionPerHour] as const;
  return purpose === 'address' ? [own, ofAction] : [own, ofAction, [TOTAL, limits.budgetPerHour]];
}

/** Name of the budget that the policies of a kind of action share. No policy has a name with a dot. */
export function actionBudget(kind: string): string {
  return `action.${kind}`;
}

/** A Lease that is held for longer than an hour was not taken here. It counts, and the message names it. */
function exhausted(budget: string, size: number, held: readonly (Holding | undefined)[], now: Date): SkipError {
  const latest = now.getTime() + (HOUR_SECONDS + CLOCK_TOLERANCE_SECONDS) * 1000;
  const wrong = slots(budget, size).filter((_, index) => (held[index]?.expires.getTime() ?? 0) > latest);
  const hint = wrong.length > 0 ? `; delete Lease ${wrong.join(', ')}, which is held for longer than an hour` : '';
  return new SkipError('budget-exhausted', `budget ${budget} is exhausted: ${size} attempts per hour${hint}`);
}

async function takeSlot(leases: Leases, budget: string, size: number, record: Remediation): Promise<boolean> {
  const { name: holder } = record.metadata;
  const held = await holdings(leases, budget, size);
  if (held.some((holding) => holding?.holder === holder && isForExecution(holding, record))) {
    return true;
  }
  for (const [index, name] of slots(budget, size).entries()) {
    if (!held[index] && (await leases.acquire(name, holder, HOUR_SECONDS)) === undefined) {
      return true;
    }
  }
  return false;
}

/**
 * A record that resumes after a crash already has its slot, taken when its execution began. A record that others have
 * set back begins again, and pays again.
 */
function isForExecution({ acquired }: Holding, { status: { executionStartTime } }: Remediation): boolean {
  const apart = Date.parse(executionStartTime ?? '') - acquired.getTime();
  return executionStartTime === undefined || Math.abs(apart) <= CLOCK_TOLERANCE_SECONDS * 1000;
}

/** Free slots of a budget. */
export async function remainingBudget(leases: Leases, budget: string, size: number): Promise<number> {
  const held = await holdings(leases, budget, size);
  return held.filter((holding) => holding === undefined).length;
}

function holdings(leases: Leases, budget: string, size: number): Promise<(Holding | undefined)[]> {
  return Promise.all(slots(budget, size).map((name) => leases.holding(name)));
}

function slots(budget: string, size: number): string[] {
  return Array.from({ length: size }, (_, index) => `${LEASE_PREFIX}budget-${budget}-${index}`);
}
