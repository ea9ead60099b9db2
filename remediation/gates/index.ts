import { budgetGate } from './budget';
import { freshnessGate } from './freshness';
import type { Gate } from './gate';
import { healthGate } from './health';
import { circuitGate, cooldownGate } from './history';
import { killSwitchGate } from './kill-switch';
import { targetGate } from './target';

/**
 * What a request passes before its target is locked. Between the two the target is found, which has to be one of the
 * policy's, and opted in. The delivery was compared with earlier ones when the record was made.
 */
export const gatesBeforeLock: readonly Gate[] = [killSwitchGate, freshnessGate];

/** What it passes while the target is locked for it. */
export const gatesAfterLock: readonly Gate[] = [targetGate, cooldownGate, circuitGate, healthGate];

/** What is spent last, when nothing else stands in the way. */
export const lastGate: Gate = budgetGate;

export * from './budget';
export * from './gate';
export * from './history';
export * from './kill-switch';
