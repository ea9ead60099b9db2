import { type KubernetesApi, RESOURCES } from '../kubernetes';
import { REMEDIATION, REPORTER, type Remediation, type Target } from '../record';
import type { Log } from './log';

/** An Event about a target, which `kubectl describe` shows. */
export interface EventInput {
  /** UpperCamelCase, e.g. `RemediationSkipped`. */
  readonly reason: string;
  readonly message: string;
  readonly warning: boolean;
}

interface KnownEvent {
  readonly namespace: string;
  readonly name: string;
  readonly since: number;
  count: number;
  /** The count that the API server has. */
  writtenCount: number;
}

/** Equal events within this time become one Event with a count, so that a storm of alerts is no storm of Events. */
const WINDOW_MS = 300_000;

/** The API for Events allows this many characters. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const LONGEST_MESSAGE = 1_024;
/** Events whose repetitions are counted. A storm of alerts about addresses has one record each. */
const MAX_KNOWN = 2_000;

/** Writes Kubernetes Events about targets, or about the record where the target is not a Kubernetes object. */
export class Events {
  private readonly known = new Map<string, KnownEvent>();

  constructor(
    private readonly client: KubernetesApi,
    private readonly reporter: string,
    private readonly log: Log,
  ) {}

  /** Never throws: the record and the log say the same as an Event that cannot be written. */
  async emit(record: Remediation, target: Target | undefined, event: EventInput): Promise<void> {
    const regarding = target?.apiVersion ? objectOf(target) : recordOf(record);
    const key = [regarding.namespace, regarding.kind, regarding.name, record.spec.policy, event.reason].join('/');
    const known = this.known.get(key);
    if (known && Date.now() - known.since < WINDOW_MS) {
      known.count += 1; // `flush()` writes it.
      return;
    }
    const now = new Date().toISOString();
    const name = `${record.metadata.name}.${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
    try {
      await this.client.create(RESOURCES.events, regarding.namespace, {
        metadata: { name, namespace: regarding.namespace },
        involvedObject: regarding,
        reason: event.reason,
        message: event.message.slice(0, LONGEST_MESSAGE),
        type: event.warning ? 'Warning' : 'Normal',
        source: { component: REPORTER },
        reportingComponent: REPORTER,
        reportingInstance: this.reporter,
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      });
      const [oldest] = this.known.keys();
      if (oldest !== undefined && this.known.size >= MAX_KNOWN) {
        this.known.delete(oldest);
      }
      this.known.set(key, { namespace: regarding.namespace, name, since: Date.now(), count: 1, writtenCount: 1 });
    } catch (error) {
      this.log('warn', `an Event could not be written: ${(error as Error).message}`, { record: record.metadata.name });
    }
  }

  /** Writes the counts of repeated events, and forgets events older than the window. */
  async flush(): Promise<void> {
    for (const [key, event] of this.known) {
      if (event.count > event.writtenCount) {
        const { count } = event;
        const reference = { resource: RESOURCES.events, namespace: event.namespace, name: event.name };
        const body = { count, lastTimestamp: new Date().toISOString() };
        await this.client.patch(reference, 'merge', body).catch((error: Error) => {
          this.log('warn', `the count of an Event could not be written: ${error.message}`, { event: event.name });
        });
        event.writtenCount = count;
      }
      if (Date.now() - event.since >= WINDOW_MS) {
        this.known.delete(key);
      }
    }
  }
}

function objectOf({ apiVersion, kind, namespace = 'default', name, uid }: Target) {
  return { apiVersion, kind, namespace, name, uid };
}

function recordOf({ metadata }: Remediation) {
  return {
    apiVersion: `${REMEDIATION.group}/${REMEDIATION.version}`,
    kind: REMEDIATION.kind,
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    uid: metadata.uid,
  };
}
