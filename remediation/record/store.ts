import { isDeepStrictEqual } from 'node:util';
import { type KubernetesApi, KubernetesError, labelSelector } from '../kubernetes';
import { targetDigest } from './digests';
import {
  createdAt,
  hasWork,
  KEYS,
  type Phase,
  REMEDIATION,
  type Remediation,
  type RemediationSpec,
  type RemediationStatus,
} from './remediation';

/** What `RecordStore.transition()` writes beside the phase. */
export type StatusChange = Partial<Omit<RemediationStatus, 'phase' | 'transitions'>> & { readonly phase: Phase };

/** Another replica has moved the record, so the caller must leave it alone. */
export class RecordMoved extends Error {
  override readonly name = 'RecordMoved';
}

/** The records, stored in the Kubernetes API. The server has no other state, so nothing is lost with a replica. */
export class RecordStore {
  constructor(
    private readonly client: KubernetesApi,
    readonly namespace: string,
    private readonly now: () => Date,
  ) {}

  /**
   * Creates a record.
   *
   * @returns `undefined` when it already exists, because another delivery of the same alert came first
   */
  async create(spec: RemediationSpec, alertDigest: string): Promise<Remediation | undefined> {
    try {
      return await this.client.create<Remediation>(REMEDIATION, this.namespace, {
        apiVersion: `${REMEDIATION.group}/${REMEDIATION.version}`,
        kind: REMEDIATION.kind,
        metadata: {
          name: `${spec.policy}-${alertDigest}-${spec.attempt}`,
          labels: {
            [KEYS.open]: 'true',
            [KEYS.policy]: spec.policy,
            [KEYS.action]: spec.action,
            [KEYS.alert]: alertDigest,
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

  /** Records with all of these labels, oldest first. */
  async list(labels: { readonly [key: string]: string }): Promise<readonly Remediation[]> {
    const records: Remediation[] = [];
    for await (const record of this.each(labels)) {
      records.push(record);
    }
    return records.sort((one, other) => createdAt(one) - createdAt(other));
  }

  /** Records with all of these labels, one by one and in no order: after a storm they may not fit into memory. */
  each(labels: { readonly [key: string]: string }): AsyncGenerator<Remediation> {
    return this.client.each<Remediation>(REMEDIATION, this.namespace, labelSelector(labels));
  }

  /**
   * Moves a record to a phase, unless its status has changed since it was read. Labels and annotations may change
   * meanwhile. A record that reaches a final phase keeps the label `open` until `label()` removes it.
   *
   * @throws RecordMoved when another replica has changed the status
   */
  async transition(record: Remediation, change: StatusChange): Promise<Remediation> {
    const { transitions = [], ...status } = record.status;
    const moved = change.phase !== record.status.phase || change.message !== record.status.message;
    const entry = { phase: change.phase, time: this.now().toISOString(), message: change.message ?? '' };
    const next = { ...status, ...change, transitions: moved ? [...transitions, entry] : transitions };
    const reference = { ...this.reference(record.metadata.name), subresource: 'status' };
    const updated = await this.unlessMoved(record, ({ metadata }) =>
      this.client.replace<Remediation>(reference, { ...record, metadata, status: next }),
    );
    return hasWork(updated) && needsLabels(updated) ? this.tryLabel(updated) : updated;
  }

  /**
   * Sets the labels of a status that is stored next: the target gate of other records finds an occupied target by label.
   *
   * @throws RecordMoved when another replica has changed the status
   */
  async labelAhead(record: Remediation): Promise<Remediation> {
    const labels = statusLabels(record);
    const { metadata } = await this.unlessMoved(record, ({ metadata: { resourceVersion } }) =>
      this.client.patch<Remediation>(this.reference(record.metadata.name), 'merge', {
        metadata: { resourceVersion, labels },
      }),
    );
    return { ...record, metadata };
  }

  /** Annotates the open records of an alert with the time at which the alert was resolved. */
  async markResolved(alertDigest: string): Promise<void> {
    const open = await this.list({ [KEYS.alert]: alertDigest, [KEYS.open]: 'true' });
    for (const record of open.filter(({ metadata }) => !metadata.annotations?.[KEYS.resolved])) {
      const annotations = { [KEYS.resolved]: this.now().toISOString() };
      await this.client.patch(this.reference(record.metadata.name), 'merge', { metadata: { annotations } });
    }
  }

  delete(name: string): Promise<unknown> {
    return this.client.delete(this.reference(name));
  }

  /** Makes the labels agree with the status. The API server can filter a list by labels only. */
  async label(record: Remediation): Promise<Remediation> {
    return this.client.patch<Remediation>(this.reference(record.metadata.name), 'merge', {
      metadata: { labels: statusLabels(record) },
    });
  }

  /** The status is already stored, so labels that cannot be written now are left to the next step. */
  private tryLabel(record: Remediation): Promise<Remediation> {
    return this.label(record).catch(() => record);
  }

  /** Writes to a record, and again when its metadata alone has changed since it was read. */
  private async unlessMoved(
    record: Remediation,
    write: (known: Remediation) => Promise<Remediation>,
  ): Promise<Remediation> {
    let known = record;
    for (;;) {
      try {
        return await write(known);
      } catch (error) {
        if (!(error instanceof KubernetesError && (error.isConflict || error.isNotFound))) {
          throw error;
        }
        const newer = await this.read(record.metadata.name);
        if (!newer || !hasSameStatus(newer, record)) {
          throw new RecordMoved(`another replica has moved ${record.metadata.name}`);
        }
        known = newer;
      }
    }
  }

  private reference(name: string) {
    return { resource: REMEDIATION, namespace: this.namespace, name };
  }
}

/** The target is left out: it is found before it is stored. */
function hasSameStatus(one: Remediation, other: Remediation): boolean {
  const [first, second] = [one, other].map(({ status: { target, ...status } }) => status);
  return isDeepStrictEqual(first, second);
}

/** The labels that follow from the status; `null` for a label to remove. */
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
