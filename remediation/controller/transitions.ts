import { trace } from '@opentelemetry/api';
import type { Audit } from '../audit';
import { currentTraceId } from '../audit/tracing';
import { circuitState, type GateContext } from '../gates';
import {
  type AttemptPhase,
  hasWork,
  KEYS,
  type Remediation,
  type SkipReason,
  type StatusChange,
  type Target,
  targetDigest,
} from '../record';

export interface TransitionProps {
  readonly context: GateContext;
  readonly audit: Audit;
}

/** Why a record is skipped, and its target where one was found. */
export interface Skip {
  readonly reason: SkipReason;
  readonly message: string;
  readonly target?: Target;
}

/**
 * Moves a record to a phase, and reports it. A record with no work left is closed afterwards.
 *
 * @throws RecordMoved when another replica has moved it
 */
export async function moveTo(record: Remediation, change: StatusChange, props: TransitionProps): Promise<Remediation> {
  const moved = await props.context.store.transition(record, {
    ...change,
    traceId: record.status.traceId ?? currentTraceId(),
  });
  trace.getActiveSpan()?.addEvent(change.phase, { message: change.message ?? '' });
  await props.audit.onTransition(moved);
  return closeIfDone(moved, props);
}

/** Ends a record whose action did not run. It does not count as an attempt. */
export async function markSkipped(
  record: Remediation,
  { reason, message, target = record.status.target }: Skip,
  props: TransitionProps,
): Promise<Remediation> {
  const nothingStarted = { executionStartTime: undefined, expirationTime: undefined };
  return moveTo(record, { phase: 'skipped', reason, message, target, ...nothingStarted }, props);
}

/** Ends an attempt, and opens the circuit of its target after too many failures in a row. */
export async function markFinished(
  record: Remediation,
  change: StatusChange & { readonly phase: AttemptPhase },
  props: TransitionProps,
): Promise<Remediation> {
  const finished = await moveTo(record, change, props);
  const { spec, status } = finished;
  if (change.phase !== 'succeeded' && status.executionStartTime) {
    const { store, limits, clients } = props.context;
    const attempts = await store.list({
      [KEYS.policy]: spec.policy,
      [KEYS.target]: targetDigest(status.target!),
      [KEYS.executed]: 'true',
    });
    if (circuitState(attempts, limits, clients.now()) === 'open') {
      await props.audit.onCircuitOpened(finished);
    }
  }
  return finished;
}

/** Writes down how the revert of a change ended, reports it, and closes the record. */
export async function recordRevert(
  record: Remediation,
  revertResult: string,
  outcome: 'reverted' | 'left',
  props: TransitionProps,
): Promise<Remediation> {
  const change = { ...record.status, revertResult, message: revertResult };
  const noted = await props.context.store.transition(record, change);
  await props.audit.onRevert(noted, outcome);
  return closeIfDone(noted, props);
}

/**
 * Removes the label `open` from a record with no work left. This comes after the reports: a replica that dies in
 * between leaves the record open, and another one reports it again.
 */
async function closeIfDone(record: Remediation, { context }: TransitionProps): Promise<Remediation> {
  return hasWork(record) ? record : context.store.label(record);
}
