import { type Action, SkipError } from '../actions';
import type { Holding, Leases } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import { LEASE_PREFIX } from '../record';
import type { Gate, Limits } from './gate';

const HOUR_SECONDS = 3600;

/** Name of the budget that all policies share. */
export const TOTAL = 'total';

/** Asks whether something is left, before a human is asked. */
export const requireBudget: Gate = async ({ record, policy, action, dryRun }, { leases, limits }) => {
  for (const [budget, size] of budgetsOf(policy, action, limits)) {
    const held = await holdings(leases, budget, size);
    if (!dryRun && held.every((holding) => holding && holding.holder !== record.metadata.name)) {
      throw spent(budget, size);
    }
  }
};

/**
 * Takes a slot of the policy's budget and one of the common one. A slot is a lease that nobody gives back: it is free
 * again an hour after it was taken, whoever took it. So replicas that decide at the same time cannot spend more than
 * there is.
 */
export const budgetGate: Gate = async ({ record, policy, action, dryRun }, { leases, limits }) => {
  if (dryRun) {
    return; // Nothing is changed, so nothing is spent.
  }
  for (const [budget, size] of budgetsOf(policy, action, limits)) {
    if (!(await takeSlot(leases, budget, size, record.metadata.name))) {
      throw spent(budget, size);
    }
  }
};

/** What only looks takes nothing from what is there for repairs. */
function budgetsOf(
  policy: RemediationPolicy,
  { onlyLooks }: Pick<Action<unknown>, 'onlyLooks'>,
  limits: Limits,
): readonly (readonly [string, number])[] {
  const own = [policy.name, policy.budgetPerHour] as const;
  return onlyLooks ? [own] : [own, [TOTAL, limits.budgetPerHour]];
}

function spent(budget: string, size: number): SkipError {
  return new SkipError('budget-exhausted', `the ${size} runs an hour of budget ${budget} are spent`);
}

async function takeSlot(leases: Leases, budget: string, size: number, holder: string): Promise<boolean> {
  const held = await holdings(leases, budget, size);
  // Whoever goes on after a crash has its slot already.
  if (held.some((holding) => holding?.holder === holder)) {
    return true;
  }
  for (const [index, name] of slots(budget, size).entries()) {
    if (!held[index] && (await leases.acquire(name, holder, HOUR_SECONDS)) === undefined) {
      return true;
    }
  }
  return false;
}

/** Runs that a budget has left in this hour. */
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
