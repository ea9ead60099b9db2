import type { Log, Metrics } from '../audit';
import { byTarget, circuitState, type GateContext, remainingBudget, TOTAL } from '../gates';
import { KubernetesError } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import { createdAt, describeTarget, hasWork, KEYS, LEASE_PREFIX, OPEN_PHASES } from '../record';
import { withLock } from './lock';

export interface HousekeepingProps {
  readonly policies: readonly RemediationPolicy[];
  readonly gates: GateContext;
  readonly metrics: Metrics;
  readonly retention: { readonly days: number; readonly records: number };
  readonly log: Log;
}

/** A record that is finished, as far as it matters for how long it is kept. */
interface Finished {
  readonly name: string;
  readonly incident: string;
  readonly attempt: number;
  /** Milliseconds. */
  readonly age: number;
  readonly ran: boolean;
}

const DAY_MS = 86_400_000;
const CIRCUIT_VALUES = { closed: 0, 'half-open': 1, open: 2 } as const;

/** Brings the metrics of what the Kubernetes API keeps up to date: open records, circuits, budgets, the kill switch. */
export async function measure({ policies, gates, metrics }: HousekeepingProps): Promise<void> {
  const { store, leases, limits, killSwitch, tools } = gates;
  metrics.killSwitch.set((await killSwitch.reason()) ? 1 : 0);
  const open = new Map<string, number>(OPEN_PHASES.map((phase) => [phase, 0]));
  for await (const { status } of store.each({ [KEYS.open]: 'true' })) {
    open.set(status.phase, (open.get(status.phase) ?? 0) + 1);
  }
  for (const phase of OPEN_PHASES) {
    metrics.records.set({ phase }, open.get(phase) ?? 0);
  }
  metrics.budget.set({ policy: TOTAL }, await remainingBudget(leases, TOTAL, limits.budgetPerHour));
  for (const { name: policy, action, budgetPerHour } of policies) {
    metrics.budget.set({ policy }, await remainingBudget(leases, policy, budgetPerHour));
    const runs = byTarget(await store.list({ [KEYS.policy]: policy, [KEYS.executed]: 'true' }));
    for (const ofTarget of runs.values()) {
      const target = ofTarget[0]!.status.target!;
      if (target.namespace) {
        // Addresses and sessions come and go without end: they have no series of their own.
        const state = CIRCUIT_VALUES[circuitState(ofTarget, limits, tools.now())];
        metrics.circuit.set({ action, policy, target: describeTarget(target) }, state);
      }
    }
  }
}

/**
 * Removes finished records that are old, and the oldest of those that are too many. What a cooldown or a circuit looks
 * back at, the runs of the last day, stays.
 */
export async function expireRecords({ gates, retention, log }: HousekeepingProps): Promise<void> {
  const { store, leases, holder, tools, limits } = gates;
  const lock = { name: `${LEASE_PREFIX}housekeeping`, holder, seconds: limits.lockSeconds };
  await withLock(leases, lock, undefined, async () => {
    const now = tools.now().getTime();
    const finished: Finished[] = [];
    const newest = new Map<string, Finished>();
    for await (const record of store.each({})) {
      const { labels = {}, name } = record.metadata;
      const incident = labels[KEYS.alert] ?? name;
      const { attempt } = record.spec;
      const own = { name, incident, attempt, age: now - createdAt(record), ran: labels[KEYS.executed] === 'true' };
      if (attempt > (newest.get(incident)?.attempt ?? 0)) {
        newest.set(incident, own);
      }
      if (!hasWork(record)) {
        finished.push(own);
      }
    }
    // The first of an alert's records keeps its place: without it the alert would seem to be new.
    const dated = finished.map((own) => (own.attempt === 1 ? { ...own, age: newest.get(own.incident)!.age } : own));
    dated.sort((one, other) => other.age - one.age || other.attempt - one.attempt);
    const old = dated.filter(({ age }) => age > retention.days * DAY_MS);
    const dispensable = dated.filter(({ age, ran }) => age <= retention.days * DAY_MS && !(ran && age < DAY_MS));
    const surplus = Math.max(0, dated.length - old.length - retention.records);
    const expired = [...old, ...dispensable.slice(0, surplus)];
    for (const { name } of expired) {
      await store.delete(name).catch((error: Error) => {
        if (!(error instanceof KubernetesError && error.isNotFound)) {
          throw error;
        }
      });
    }
    if (expired.length > 0) {
      log('info', `removed ${expired.length} old records`);
    }
  });
}
