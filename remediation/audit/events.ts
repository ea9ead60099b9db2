import { type KubernetesApi, RESOURCES } from '../kubernetes';
import { REMEDIATION, REPORTER, type Remediation, type Target } from '../record';
import type { Log } from './log';

/** What is told of a target, in an Event that `kubectl describe` shows. */
export interface EventInput {
  /** UpperCamelCase, e.g. `RemediationSkipped`. */
  readonly reason: string;
  readonly message: string;
  readonly warning: boolean;
}

interface Kept {
  readonly namespace: string;
  readonly name: string;
  readonly since: number;
  count: number;
  /** Number that the Event on the server has. */
  written: number;
}

/** Happenings of one kind within this time are one Event with a count: a storm of alerts does not become one of Events. */
const WINDOW_MS = 300_000;

/** Leaves Events of Kubernetes on the targets, or on the record where the target is no object of Kubernetes. */
export class Events {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly client: KubernetesApi,
    private readonly reporter: string,
    private readonly log: Log,
  ) {}

  /** Never throws: what cannot be told here stands in the record and in the log. */
  async emit(record: Remediation, target: Target | undefined, happening: EventInput): Promise<void> {
    const regarding = target?.apiVersion ? objectOf(target) : recordOf(record);
    const key = [regarding.namespace, regarding.kind, regarding.name, record.spec.policy, happening.reason].join('/');
    const known = this.kept.get(key);
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
        reason: happening.reason,
        message: happening.message,
        type: happening.warning ? 'Warning' : 'Normal',
        source: { component: REPORTER },
        reportingComponent: REPORTER,
        reportingInstance: this.reporter,
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      });
      this.kept.set(key, { namespace: regarding.namespace, name, since: Date.now(), count: 1, written: 1 });
    } catch (error) {
      this.log('warn', `no Event: ${(error as Error).message}`, { record: record.metadata.name });
    }
  }

  /** Writes how often each happening was repeated, and forgets those whose time is over. */
  async flush(): Promise<void> {
    for (const [key, event] of this.kept) {
      if (event.count > event.written) {
        const { count } = event;
        const reference = { resource: RESOURCES.events, namespace: event.namespace, name: event.name };
        const body = { count, lastTimestamp: new Date().toISOString() };
        await this.client.patch(reference, 'merge', body).catch((error: Error) => {
          this.log('warn', `no count in an Event: ${error.message}`, { event: event.name });
        });
        event.written = count;
      }
      if (Date.now() - event.since >= WINDOW_MS) {
        this.kept.delete(key);
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
