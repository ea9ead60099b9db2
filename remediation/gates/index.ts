import { alertGate } from './alert';
import { budgetGate, budgetLeftGate } from './budget';
import { freshnessGate } from './freshness';
import { healthGate } from './health';
import { circuitGate, cooldownGate } from './history';
import { killSwitchGate } from './kill-switch';
import { targetGate } from './target';

/** The gates, in the order in which `controller/decision.ts` asks them. */
export const gates = {
  /** Asked first, before the target is even looked up, and once more right before execution. */
  killSwitch: killSwitchGate,
  freshness: freshnessGate,
  /** These are asked while the target is locked for the record. */
  target: targetGate,
  cooldown: cooldownGate,
  circuit: circuitGate,
  alert: alertGate,
  health: healthGate,
  budgetLeft: budgetLeftGate,
  /** Asked last, because it spends a slot. */
  budget: budgetGate,
} as const;

export * from './budget';
export * from './gate';
export * from './history';
