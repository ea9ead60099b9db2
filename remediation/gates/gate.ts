import type { Action, Clients } from '../actions';
import type { Leases } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import type { RecordStore, Remediation, Target } from '../record';
import type { KillSwitch } from './kill-switch';

/** What a gate sees: a request, its target, and the plan as far as it is made. */
export interface Request {
  readonly record: Remediation;
  readonly policy: RemediationPolicy;
  readonly action: Action<unknown>;
  readonly target: Target;
  readonly dryRun: boolean;
}

export interface GateContext {
  readonly tools: Clients;
  readonly store: RecordStore;
  readonly leases: Leases;
  readonly killSwitch: KillSwitch;
  readonly limits: Limits;
  /** Who asks. */
  readonly holder: string;
}

/** Bounds that hold for every policy. */
export interface Limits {
  /** A request that waited longer than this is not acted upon any more, in seconds. */
  readonly freshnessSeconds: number;
  /** A request that nobody agreed to within this time is dropped, in seconds. */
  readonly approvalSeconds: number;
  /** Runs in an hour, all policies together. */
  readonly budgetPerHour: number;
  /** Runs without effect that open the circuit. */
  readonly circuitFailures: number;
  /** Time after which an open circuit lets one run through, in seconds. */
  readonly circuitOpenSeconds: number;
  /** Time after which the work of a replica that died is taken over, in seconds. */
  readonly lockSeconds: number;
}

/**
 * One question that a request must pass.
 *
 * @throws SkipError with the gate's reason when it does not
 */
export type Gate = (request: Request, gates: GateContext) => Promise<void>;
