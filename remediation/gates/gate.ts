import type { Action, Clients } from '../actions';
import type { KillSwitch } from '../kill-switch';
import type { Leases } from '../kubernetes';
import type { Limits } from '../limits';
import type { RemediationPolicy } from '../policy';
import type { RecordStore, Remediation, Target } from '../record';

/** What a gate checks: a record, its policy and its target. */
export interface GateInput {
  readonly record: Remediation;
  readonly policy: RemediationPolicy;
  readonly action: Action;
  readonly target: Target;
  readonly dryRun: boolean;
}

/** How the labels of a delivered alert differ from those of its series in Prometheus. */
export interface AlertLabels {
  /** Labels that Prometheus adds to every alert: its external labels. */
  readonly external: { readonly [label: string]: string };
  /** Labels that `alert_relabel_configs` add, change or drop. They are not compared. */
  readonly relabelled: readonly string[];
}

/** The services that gates, and the steps after them, use. */
export interface GateContext {
  readonly clients: Clients;
  readonly store: RecordStore;
  readonly leases: Leases;
  readonly killSwitch: KillSwitch;
  readonly limits: Limits;
  readonly alertLabels: AlertLabels;
  /** Name of this replica. */
  readonly holder: string;
}

/**
 * One condition that a remediation must meet.
 *
 * @typeParam I the part of the input that the gate reads
 * @throws SkipError when the condition is not met
 */
export type Gate<I = GateInput> = (input: I, context: GateContext) => Promise<void>;
