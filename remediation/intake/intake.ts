import { context } from '@opentelemetry/api';
import { currentTraceparent, type Log, type Metrics } from '../audit';
import type { RemediationPolicy } from '../policy';
import {
  alertDigest,
  isOpen,
  KEYS,
  lastTransitionAt,
  RECORDED_LENGTH,
  type RecordedAlert,
  type RecordStore,
  type Remediation,
} from '../record';
import type { Payload, PayloadAlert } from './payload';

export interface IntakeProps {
  readonly policies: ReadonlyMap<string, RemediationPolicy>;
  readonly store: RecordStore;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Time after a final phase before the same firing alert starts another attempt, in seconds. */
  readonly repeatSeconds: number;
  readonly now: () => Date;
}

/** Records of one notification that are created at the same time. */
const CONCURRENCY = 8;

/** How many alerts of a notification were accepted, known already, or not for the server. */
export interface Receipt {
  readonly accepted: number;
  readonly duplicates: number;
  readonly ignored: number;
}

/** Creates a record for each alert that names a policy. */
export class Intake {
  constructor(private readonly props: IntakeProps) {}

  /**
   * Takes a notification. When it returns, every record is stored.
   *
   * @throws when a record cannot be stored: Alertmanager must send the notification again
   */
  async take({ alerts, truncatedAlerts }: Payload): Promise<Receipt> {
    const { metrics } = this.props;
    if (truncatedAlerts > 0) {
      metrics.truncated.inc(truncatedAlerts);
    }
    const receipt = { accepted: 0, duplicates: 0, ignored: 0 };
    const queue = [...alerts];
    const worker = async () => {
      for (let alert = queue.shift(); alert; alert = queue.shift()) {
        metrics.countAlert(alert.labels.alertname, alert.status);
        receipt[await this.takeOne(alert)] += 1;
      }
    };
    const active = context.active();
    await Promise.all(Array.from({ length: CONCURRENCY }, () => context.with(active, worker)));
    return receipt;
  }

  private async takeOne(alert: PayloadAlert): Promise<keyof Receipt> {
    const name = alert.labels.remediation;
    const policy = name ? this.props.policies.get(name) : undefined;
    if (!policy) {
      if (name) {
        this.props.log('error', `the label remediation of ${alert.labels.alertname} is ${name}, which is not a policy`);
      }
      return 'ignored';
    }
    const recorded = recordedAlert(alert);
    const digest = alertDigest(policy.name, recorded);
    if (alert.status === 'resolved') {
      await this.props.store.markResolved(digest);
      return 'ignored';
    }
    const created = await this.create(policy, recorded, digest);
    const decision = created ? 'accepted' : 'duplicate';
    this.props.metrics.decisions.inc({ action: policy.action, policy: policy.name, decision, reason: '' });
    return created ? 'accepted' : 'duplicates';
  }

  /** The name of a record follows from its alert, so of several concurrent deliveries one creates the record. */
  private async create(
    policy: RemediationPolicy,
    alert: RecordedAlert,
    digest: string,
  ): Promise<Remediation | undefined> {
    const { store } = this.props;
    const spec = { policy: policy.name, action: policy.action, alert, traceparent: currentTraceparent() };
    const first = await store.create({ ...spec, attempt: 1 }, digest);
    if (first) {
      return first;
    }
    const latest = (await store.list({ [KEYS.alert]: digest })).at(-1);
    return latest && this.mayRepeat(latest)
      ? store.create({ ...spec, attempt: latest.spec.attempt + 1 }, digest)
      : undefined;
  }

  /** A firing alert starts another attempt some time after the last one ended. Until then it is a repeated delivery. */
  private mayRepeat(record: Remediation): boolean {
    const ended = lastTransitionAt(record);
    return !isOpen(record.status.phase) && this.props.now().getTime() - ended > this.props.repeatSeconds * 1000;
  }
}

/**
 * Limits of the recorded labels and annotations: characters of a text, and bytes of all of them as JSON. A record too
 * large for etcd would be sent again forever, and a list of large records would take the memory of the server.
 */
const RECORDED = { entries: 64, keyLength: 128, valueLength: RECORDED_LENGTH, bytes: 80 * 1024 } as const;

function recordedAlert({ labels, annotations, startsAt, fingerprint, generatorURL }: PayloadAlert): RecordedAlert {
  return {
    name: labels.alertname.slice(0, RECORDED.valueLength),
    fingerprint,
    startsAt: new Date(startsAt).toISOString(),
    labels: truncated(labels),
    annotations: truncated(annotations),
    generatorUrl: generatorURL?.slice(0, RECORDED.valueLength),
  };
}

function truncated(values: { readonly [name: string]: string }): { readonly [name: string]: string } {
  let bytes = 0;
  const fits = (entry: readonly [string, string]) => {
    bytes += Buffer.byteLength(JSON.stringify(entry));
    return bytes <= RECORDED.bytes;
  };
  return Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => key.length <= RECORDED.keyLength)
      .slice(0, RECORDED.entries)
      .map(([key, value]) => [key, value.slice(0, RECORDED.valueLength)] as const)
      .filter(fits),
  );
}
