import { SkipError } from '../actions';
import type { Limits } from '../limits';
import { ATTEMPT_PHASES, type AttemptPhase, KEYS, type RecordStore, type Remediation, targetDigest } from '../record';
import { describeTime, secondsSince } from '../times';
import type { Gate, GateInput } from './gate';

/** The earlier attempts of a policy on a target, oldest first. Skipped records are not attempts. */
async function attemptsOf({ record, policy, target }: GateInput, store: RecordStore): Promise<readonly Remediation[]> {
  const records = await store.list({
    [KEYS.policy]: policy.name,
    [KEYS.target]: targetDigest(target),
    [KEYS.executed]: 'true',
  });
  return records.filter(({ metadata }) => metadata.name !== record.metadata.name);
}

/**
 * Wait between two attempts on a target, dry runs included: the alert keeps firing for a while after a successful one.
 * An attempt that does not say when it was made counts as made now.
 */
export const cooldownGate: Gate = async (input, { store, clients }) => {
  const { cooldownSeconds } = input.policy;
  let left = 0;
  for (const { metadata, status } of await attemptsOf(input, store)) {
    const time = status.executionTime ?? status.executionStartTime;
    const since = secondsSince(time, clients.now());
    // Nothing is executed before its record exists, whatever the status says.
    const existed = secondsSince(metadata.creationTimestamp, clients.now());
    if (since === undefined || existed === undefined) {
      const what = since === undefined ? time : metadata.creationTimestamp;
      throw new SkipError(
        'cooldown',
        `it is unknown when ${metadata.name} was executed: its time is ${describeTime(what)}`,
      );
    }
    left = Math.max(left, Math.ceil(cooldownSeconds - Math.min(since, existed)));
  }
  if (left > 0) {
    throw new SkipError('cooldown', `the last attempt was too recent: wait another ${left} s`);
  }
};

/** Circuit breaker: stop after a number of failed attempts in a row, so that a person investigates. */
export const circuitGate: Gate = async (input, { store, limits, clients }) => {
  const state = circuitState(await attemptsOf(input, store), limits, clients.now());
  if (state === 'open') {
    const failures = limits.circuitFailures;
    throw new SkipError('circuit-open', `the last ${failures} attempts had no effect: a person must investigate`);
  }
};

export type CircuitState = 'closed' | 'half-open' | 'open';

/**
 * The circuit of a policy and a target, from their attempts, oldest first:
 *
 * - `open` after `circuitFailures` failed attempts in a row,
 * - `half-open` (one attempt is allowed) once `circuitOpenSeconds` have passed since each of them; one that does not say
 *   when it ended keeps the circuit open,
 * - `closed` otherwise, and again after a successful attempt.
 */
export function circuitState(
  attempts: readonly Remediation[],
  limits: Pick<Limits, 'circuitFailures' | 'circuitOpenSeconds'>,
  now: Date,
): CircuitState {
  const finished = attempts.filter(({ status }) => isAttempt(status.phase));
  const recent = finished.slice(-limits.circuitFailures);
  if (recent.length < limits.circuitFailures || recent.some(({ status }) => status.phase === 'succeeded')) {
    return 'closed';
  }
  const isOver = recent.every(({ status }) => {
    const since = secondsSince(status.transitions?.at(-1)?.time, now);
    return since !== undefined && since > limits.circuitOpenSeconds;
  });
  return isOver ? 'half-open' : 'open';
}

/** Records by the digest of their target. */
export function byTarget(records: readonly Remediation[]): ReadonlyMap<string, readonly Remediation[]> {
  const groups = new Map<string, Remediation[]>();
  for (const record of records) {
    const digest = record.metadata.labels?.[KEYS.target];
    if (digest) {
      groups.set(digest, [...(groups.get(digest) ?? []), record]);
    }
  }
  return groups;
}

export function isAttempt(phase: string): phase is AttemptPhase {
  return (ATTEMPT_PHASES as readonly string[]).includes(phase);
}
