import { actionOf, type FoundChange } from '../actions';
import { KubernetesError } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import { hasWork, lockName, type Remediation, targetDigest } from '../record';
import { secondsSince } from '../times';
import type { HousekeepingProps } from './housekeeping';
import { withLock } from './lock';
import { revertDue } from './revert';

const TIMEOUT_MS = 30_000;
/** Time for the controller to revert a change whose record is due. */
const PATIENCE_SECONDS = 300;

/**
 * Looks for temporary changes on the targets themselves, and reverts those that no record will revert: somebody has
 * deleted the record, or edited it. Records have no finalizer instead: one would block `kubectl delete` and the deletion
 * of the namespace while the server is gone.
 */
export class Sweep {
  /** When a change without a time was first seen, in RFC 3339, by its target and summary. */
  private readonly firstSeen = new Map<string, string>();

  constructor(private readonly props: HousekeepingProps) {}

  /** Sweeps the targets of every policy once. A policy whose targets cannot be read does not stop the others. */
  async run(): Promise<void> {
    const seen = new Set<string>();
    for (const policy of this.props.policies) {
      const { name } = policy;
      try {
        this.props.metrics.leftChanges.set({ policy: name }, await this.sweep(policy, seen));
      } catch (error) {
        this.props.log('warn', `changes without a record could not be looked for: ${(error as Error).message}`, {
          policy: name,
        });
      }
    }
    for (const key of [...this.firstSeen.keys()].filter((each) => !seen.has(each))) {
      this.firstSeen.delete(key);
    }
  }

  /** @returns the number of changes that should be reverted and are not */
  private async sweep(policy: RemediationPolicy, seen: Set<string>): Promise<number> {
    const action = actionOf(policy);
    const { context } = this.props;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const changes = (await action.findChanges?.(policy.parameters, context.clients, signal)) ?? [];
    if (changes.length === 0) {
      return 0;
    }
    const pending = await this.pendingReverts(policy);
    let left = 0;
    for (const change of changes) {
      const key = `${targetDigest(change.target)} ${change.summary}`;
      seen.add(key);
      const now = context.clients.now();
      this.firstSeen.set(key, this.firstSeen.get(key) ?? now.toISOString());
      // A time that is missing or in the future proves nothing: then it counts from when the change was first seen.
      const age = secondsSince(change.time, now) ?? secondsSince(this.firstSeen.get(key), now) ?? 0;
      const isDue = age >= (action.expiresAfterSeconds?.(policy.parameters) ?? 0);
      if (isDue && !pending.has(targetDigest(change.target)) && !(await this.revert(change, policy))) {
        left += 1;
      }
    }
    return left;
  }

  /** Digests of the targets whose records will revert their changes in time. */
  private async pendingReverts(policy: RemediationPolicy): Promise<ReadonlySet<string>> {
    const { context } = this.props;
    const oldest = context.clients.now().getTime() - PATIENCE_SECONDS * 1000;
    const digests = new Set<string>();
    // Not by label: others may have removed it.
    for await (const record of context.store.each({})) {
      const { target, expirationTime } = record.status;
      const isPending = hasWork(record) && record.spec.policy === policy.name && expirationTime !== undefined;
      if (target && isPending && revertDue(record as Remediation, policy, context) > oldest) {
        digests.add(targetDigest(target));
      }
    }
    return digests;
  }

  /** @returns whether the change is gone */
  private async revert({ target, summary, revert }: FoundChange, policy: RemediationPolicy): Promise<boolean> {
    const { context, log } = this.props;
    const { leases, holder, limits, killSwitch } = context;
    const fields = { policy: policy.name, change: summary };
    if (await killSwitch.reason()) {
      log('warn', 'a change without a record is not reverted: the kill switch is engaged', fields);
      return false;
    }
    const lock = { name: lockName(policy.action, target), holder: `${holder}/sweep`, seconds: limits.lockSeconds };
    return withLock(leases, lock, false, async () => {
      try {
        log('warn', `reverted a change without a record: ${await revert(AbortSignal.timeout(TIMEOUT_MS))}`, fields);
        return true;
      } catch (error) {
        if (error instanceof KubernetesError && error.isConflict) {
          return true; // Another replica was faster, or the owner. The next sweep sees what is left.
        }
        log('error', `a change without a record could not be reverted: ${(error as Error).message}`, fields);
        return false;
      }
    });
  }
}
