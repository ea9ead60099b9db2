import { Refusal } from '../actions';
import type { Leases } from '../kubernetes';
import type { Gate } from './gate';

const HOUR_SECONDS = 3600;

/** Name of the budget that all policies share. */
const TOTAL = 'total';

/**
 * Takes a slot of the policy's budget and one of the common one. A slot is a lease that nobody gives back: it is free
 * again an hour after it was taken, whoever took it. So replicas that decide at the same time cannot spend more than
 * there is.
 */
export const budgetGate: Gate = async ({ record, policy, dryRun }, { leases, limits }) => {
  if (dryRun) {
    return; // Nothing is changed, so nothing is spent.
  }
  for (const [budget, size] of [
    [policy.name, policy.budgetPerHour],
    [TOTAL, limits.budgetPerHour],
  ] as const) {
    if (!(await takeSlot(leases, budget, size, record.metadata.name))) {
      throw new Refusal('budget-exhausted', `the ${size} runs an hour of budget ${budget} are spent`);
    }
  }
};

async function takeSlot(leases: Leases, budget: string, size: number, holder: string): Promise<boolean> {
  const held = await Promise.all(slots(budget, size).map((name) => leases.holding(name)));
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
  const held = await Promise.all(slots(budget, size).map((name) => leases.holding(name)));
  return held.filter((holding) => holding === undefined).length;
}

function slots(budget: string, size: number): string[] {
  return Array.from({ length: size }, (_, index) => `remediation-budget-${budget}-${index}`);
}
