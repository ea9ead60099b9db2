import { budgetGate } from './budget';
import { freshnessGate } from './freshness';
import type { Gate } from './gate';
import { healthGate } from './health';
import { circuitGate, cooldownGate } from './history';
import { killSwitchGate } from './kill-switch';

/**
 * What a request passes before its target is looked at, in this order. The delivery was compared with earlier ones when
 * the record was made, and the target is locked for this request.
 */
export const gatesBeforePlan: readonly Gate[] = [killSwitchGate, freshnessGate, cooldownGate, circuitGate, healthGate];

/** What is spent last, when nothing else stands in the way. */
export const lastGate: Gate = budgetGate;

export * from './budget';
export * from './gate';
export * from './history';
export * from './kill-switch';
