import { SkipError } from '../actions';
import { KEYS, type RecordStore, type Remediation, RUN_PHASES, type RunPhase, targetDigest } from '../record';
import type { Gate, Limits, Request } from './gate';

/** The earlier runs of a policy on a target, the oldest first; requests that were skipped are none. */
async function runsOf({ record, policy, target }: Request, store: RecordStore): Promise<readonly Remediation[]> {
  const records = await store.list({
    [KEYS.policy]: policy.name,
    [KEYS.target]: targetDigest(target),
    [KEYS.executed]: 'true',
  });
  return records.filter(({ metadata }) => metadata.name !== record.metadata.name);
}

/** A target rests after a run, a dry run too: the alert goes on for a while after a good repair. */
export const cooldownGate: Gate = async (request, { store, tools }) => {
  const { cooldownSeconds } = request.policy;
  const runs = await runsOf(request, store);
  const last = Math.max(
    ...runs.map(({ status }) => Date.parse(status.executionTime ?? status.executionStartTime ?? '')),
  );
  const rest = Math.ceil(cooldownSeconds - (tools.now().getTime() - last) / 1000);
  if (rest > 0) {
    throw new SkipError('cooldown', `the target was treated before and rests for another ${rest} s`);
  }
};

/** What has been tried in vain several times will not help the next time either: a human must look. */
export const circuitGate: Gate = async (request, { store, limits, tools }) => {
  const state = circuitState(await runsOf(request, store), limits, tools.now());
  if (state === 'open') {
    throw new SkipError('circuit-open', `the last ${limits.circuitFailures} runs had no effect: a human must look`);
  }
};

export type CircuitState = 'closed' | 'half-open' | 'open';

/**
 * The circuit of a policy and a target, from its runs: open after a number of runs without effect in a row, half-open
 * (one run is let through) when that was long enough ago, closed again by a run that succeeds.
 */
export function circuitState(runs: readonly Remediation[], limits: Limits, now: Date): CircuitState {
  const finished = runs.filter(({ status }) => isRun(status.phase));
  const recent = finished.slice(-limits.circuitFailures);
  if (recent.length < limits.circuitFailures || recent.some(({ status }) => status.phase === 'succeeded')) {
    return 'closed';
  }
  const last = Math.max(...recent.map(({ status }) => Date.parse(status.transitions?.at(-1)?.time ?? '')));
  return now.getTime() - last > limits.circuitOpenSeconds * 1000 ? 'half-open' : 'open';
}

/** Runs of a policy, by target. */
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

export function isRun(phase: string): phase is RunPhase {
  return (RUN_PHASES as readonly string[]).includes(phase);
}
