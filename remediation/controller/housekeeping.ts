import { actionOf } from '../actions';
import type { Log, Metrics } from '../audit';
import { actionBudget, byTarget, circuitState, type GateContext, remainingBudget, TOTAL } from '../gates';
import { KubernetesError } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import { createdAt, describeTarget, hasWork, KEYS, LEASE_PREFIX, OPEN_PHASES } from '../record';
import { withLock } from './lock';

export interface HousekeepingProps {
  readonly policies: readonly RemediationPolicy[];
  readonly context: GateContext;
  readonly metrics: Metrics;
  readonly retention: { readonly days: number; readonly records: number };
  readonly log: Log;
}

/** What decides how long a finished record is kept. */
interface FinishedRecord {
  readonly name: string;
  readonly alertDigest: string;
  readonly attempt: number;
  /** Milliseconds. */
  readonly age: number;
  readonly executed: boolean;
}

const DAY_MS = 86_400_000;
const CIRCUIT_VALUES = { closed: 0, 'half-open': 1, open: 2 } as const;

/** Updates the gauges of what the Kubernetes API stores: open records, circuits, budgets, the kill switch. */
export async function measure({ policies, context, metrics }: HousekeepingProps): Promise<void> {
  const { store, leases, limits, killSwitch, clients } = context;
  metrics.killSwitch.set((await killSwitch.reason()) ? 1 : 0);
  const open = new Map<string, number>(OPEN_PHASES.map((phase) => [phase, 0]));
  for await (const { status } of store.each({ [KEYS.open]: 'true' })) {
    open.set(status.phase, (open.get(status.phase) ?? 0) + 1);
  }
  for (const phase of OPEN_PHASES) {
    metrics.records.set({ phase }, open.get(phase) ?? 0);
  }
  metrics.budget.set({ policy: TOTAL }, await remainingBudget(leases, TOTAL, limits.budgetPerHour));
  const kinds = policies.filter((policy) => !actionOf(policy).onlyReads).map(({ action }) => action);
  for (const kind of new Set(kinds)) {
    const budget = actionBudget(kind);
    metrics.budget.set({ policy: budget }, await remainingBudget(leases, budget, limits.budgetPerActionPerHour));
  }
  for (const { name: policy, action, budgetPerHour } of policies) {
    metrics.budget.set({ policy }, await remainingBudget(leases, policy, budgetPerHour));
    const attempts = byTarget(await store.list({ [KEYS.policy]: policy, [KEYS.executed]: 'true' }));
    for (const ofTarget of attempts.values()) {
      const target = ofTarget.find(({ status }) => status.target)?.status.target;
      if (target?.namespace) {
        // Addresses and sessions are unbounded, so they get no series of their own.
        const state = CIRCUIT_VALUES[circuitState(ofTarget, limits, clients.now())];
        metrics.circuit.set({ action, policy, target: describeTarget(target) }, state);
      }
    }
  }
}

/**
 * Deletes finished records that are older than the retention, and then the oldest of those above its number. Attempts
 * of the last day stay, because cooldowns and circuits read them. Records with work left get a missing label `open`
 * back: the controller finds them by it.
 */
export async function expireRecords({ context, retention, log }: HousekeepingProps): Promise<void> {
  const { store, leases, holder, clients, limits } = context;
  const lock = { name: `${LEASE_PREFIX}housekeeping`, holder, seconds: limits.lockSeconds };
  await withLock(leases, lock, undefined, async () => {
    const now = clients.now().getTime();
    const finished: FinishedRecord[] = [];
    const newest = new Map<string, FinishedRecord>();
    for await (const record of store.each({})) {
      const { labels = {}, name } = record.metadata;
      const alertDigest = labels[KEYS.alert] ?? name;
      const { attempt } = record.spec;
      const executed = labels[KEYS.executed] === 'true';
      const entry = { name, alertDigest, attempt, age: now - createdAt(record), executed };
      if (attempt > (newest.get(alertDigest)?.attempt ?? 0)) {
        newest.set(alertDigest, entry);
      }
      if (!hasWork(record)) {
        finished.push(entry);
      } else if (labels[KEYS.open] !== 'true') {
        log('warn', 'the label open of a record with work left is missing: it is set again', { record: name });
        await store.label(record);
      }
    }
    // The first record of an alert lives as long as its newest one: without it, the alert would seem to be new.
    const dated = finished.map((entry) =>
      entry.attempt === 1 ? { ...entry, age: newest.get(entry.alertDigest)!.age } : entry,
    );
    dated.sort((one, other) => other.age - one.age || other.attempt - one.attempt);
    const isOld = ({ age }: FinishedRecord) => age > retention.days * DAY_MS;
    const old = dated.filter(isOld);
    const dispensable = dated.filter((entry) => !isOld(entry) && !(entry.executed && entry.age < DAY_MS));
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
      log('info', `deleted ${expired.length} old records`);
    }
  });
}
