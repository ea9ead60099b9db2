import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type KubernetesClient, KubernetesError } from '../kubernetes';
import { RESOURCES } from '../kubernetes/resources';
import {
  isOpen,
  KEYS,
  LEASE_PREFIX,
  type Phase,
  REMEDIATION,
  type RecordedAlert,
  type Remediation,
  type RemediationSpec,
  type RemediationStatus,
  type Target,
} from './remediation';

/** What `RecordStore.transition()` writes beside the phase. */
export type StatusChange = Partial<Omit<RemediationStatus, 'phase' | 'transitions'>> & { readonly phase: Phase };

/** Somebody else has moved the record on: whoever gets this leaves it alone. */
export class RecordMoved extends Error {
  override readonly name = 'RecordMoved';
}

/** The records, kept in the Kubernetes API: the one place of state, which survives every replica. */
export class RecordStore {
  constructor(
    private readonly client: KubernetesClient,
    readonly namespace: string,
    private readonly now: () => Date,
  ) {}

  /**
   * Keeps a request.
   *
   * @returns `undefined` when it is there already: somebody else was told of the same alert
   */
  async create(spec: RemediationSpec, incident: string): Promise<Remediation | undefined> {
    try {
      return await this.client.create<Remediation>(RESOURCES.remediations, this.namespace, {
        apiVersion: `${REMEDIATION.group}/${REMEDIATION.version}`,
        kind: REMEDIATION.kind,
        metadata: {
          name: `${spec.policy}-${incident}-${spec.attempt}`,
          labels: {
            [KEYS.open]: 'true',
            [KEYS.policy]: spec.policy,
            [KEYS.action]: spec.action,
            [KEYS.alert]: incident,
          },
        },
        spec,
      });
    } catch (error) {
      if (error instanceof KubernetesError && error.isConflict) {
        return undefined;
      }
      throw error;
    }
  }

  read(name: string): Promise<Remediation | undefined> {
    return this.client.find<Remediation>(this.reference(name));
  }

  /** Records with all of these labels, the oldest first. */
  async list(labels: { readonly [key: string]: string }): Promise<readonly Remediation[]> {
    const records: Remediation[] = [];
    for await (const record of this.each(labels)) {
      records.push(record);
    }
    return records.sort((one, other) => createdAt(one) - createdAt(other));
  }

  /** Records with all of these labels, in no order, one by one: after a storm there are more than memory should hold. */
  each(labels: { readonly [key: string]: string }): AsyncGenerator<Remediation> {
    const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    return this.client.each<Remediation>(RESOURCES.remediations, this.namespace, selector.join());
  }

  /**
   * Moves a record on, if nobody else has moved it since it was read. Labels and annotations may change meanwhile. A record
   * that is finished stays labelled as open until `label()` closes it.
   *
   * @throws RecordMoved when somebody has moved it
   */
  async transition(record: Remediation, change: StatusChange): Promise<Remediation> {
    const { transitions = [], ...status } = record.status;
    const moved = change.phase !== record.status.phase || change.message !== record.status.message;
    const entry = { phase: change.phase, time: this.now().toISOString(), message: change.message ?? '' };
    const next = { ...status, ...change, transitions: moved ? [...transitions, entry] : transitions };
    let known = record;
    for (;;) {
      try {
        const reference = { ...this.reference(record.metadata.name), subresource: 'status' };
        const updated = await this.client.replace<Remediation>(reference, { ...known, status: next });
        return hasWork(updated) && needsLabels(updated) ? await this.tryLabel(updated) : updated;
      } catch (error) {
        if (!(error instanceof KubernetesError && (error.isConflict || error.isNotFound))) {
          throw error;
        }
        const newer = await this.read(record.metadata.name);
        if (!newer || !isDeepStrictEqual(newer.status, record.status)) {
          throw new RecordMoved(`${record.metadata.name} was moved on by somebody else`);
        }
        known = newer;
      }
    }
  }

  /** Notes on the open records of an incident that their alert is resolved. */
  async markResolved(incident: string): Promise<void> {
    const open = await this.list({ [KEYS.alert]: incident, [KEYS.open]: 'true' });
    for (const record of open.filter(({ metadata }) => !metadata.annotations?.[KEYS.resolved])) {
      const annotations = { [KEYS.resolved]: this.now().toISOString() };
      await this.client.patch(this.reference(record.metadata.name), 'merge', { metadata: { annotations } });
    }
  }

  delete(name: string): Promise<unknown> {
    return this.client.delete(this.reference(name));
  }

  /** The record has moved on, whether or not its labels follow at once: the next step makes up for it. */
  private tryLabel(record: Remediation): Promise<Remediation> {
    return this.label(record).catch(() => record);
  }

  /** Makes the labels say what the status says: a list can be narrowed by labels alone. */
  async label(record: Remediation): Promise<Remediation> {
    return this.client.patch<Remediation>(this.reference(record.metadata.name), 'merge', {
      metadata: { labels: statusLabels(record) },
    });
  }

  private reference(name: string) {
    return { resource: RESOURCES.remediations, namespace: this.namespace, name };
  }
}

/** The labels that follow from the status; `null` for one that must not be there. */
function statusLabels(record: Remediation): { readonly [key: string]: string | null } {
  const { target, executionStartTime } = record.status;
  return {
    [KEYS.open]: hasWork(record) ? 'true' : null,
    [KEYS.target]: target ? targetDigest(target) : null,
    [KEYS.executed]: executionStartTime ? 'true' : null,
  };
}

function needsLabels(record: Remediation): boolean {
  const { labels = {} } = record.metadata;
  return Object.entries(statusLabels(record)).some(([key, value]) => (labels[key] ?? null) !== value);
}

/** Whether something is left to do: the run is not over, or its change is to be taken back. */
export function hasWork({ status }: Remediation): boolean {
  return isOpen(status.phase) || (status.expirationTime !== undefined && status.revertResult === undefined);
}

export function createdAt({ metadata }: Remediation): number {
  return Date.parse(metadata.creationTimestamp ?? '');
}

/**
 * Identifies what an alert tells of: every delivery of it, by whichever Alertmanager and however often, has the same.
 * An alert that fires anew after it was resolved is another.
 */
export function alertDigest(policy: string, { fingerprint, startsAt }: RecordedAlert): string {
  return digest(policy, fingerprint, new Date(startsAt).toISOString());
}

/** Identifies a target: the object that would be changed, never a pod of it and never the alert. */
export function targetDigest({ kind, namespace = '', name }: Target): string {
  return digest(kind, namespace, name);
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}

/** The lock of a target for an action. */
export function lockName(action: string, target: Target): string {
  return `${LEASE_PREFIX}${action}-${targetDigest(target)}`;
}
