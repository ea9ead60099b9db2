import { context } from '@opentelemetry/api';
import { currentTraceparent, type Log, type Metrics } from '../audit';
import type { RemediationPolicy } from '../policy';
import { alertDigest, isOpen, KEYS, type RecordedAlert, type RecordStore, type Remediation } from '../record';
import type { Payload, PayloadAlert } from './payload';

export interface IntakeProps {
  readonly policies: ReadonlyMap<string, RemediationPolicy>;
  readonly store: RecordStore;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Time after a final decision before the same alert is taken up again, in seconds. */
  readonly repeatSeconds: number;
  readonly now: () => Date;
}

/** Alerts of one notification that are kept at the same time. */
const CONCURRENCY = 8;

/** What became of a notification. */
export interface Receipt {
  readonly accepted: number;
  readonly duplicates: number;
  readonly ignored: number;
}

/** Keeps what alerts ask for. When it returns, all of it is durable; when it throws, Alertmanager sends it again. */
export class Intake {
  constructor(private readonly props: IntakeProps) {}

  /** @throws when a record cannot be kept */
  async take({ alerts, truncatedAlerts }: Payload): Promise<Receipt> {
    const { metrics } = this.props;
    if (truncatedAlerts > 0) {
      metrics.truncated.inc(truncatedAlerts);
    }
    const receipt = { accepted: 0, duplicates: 0, ignored: 0 };
    const queue = [...alerts];
    const worker = async () => {
      for (let alert = queue.shift(); alert; alert = queue.shift()) {
        metrics.alerts.inc({ alertname: alert.labels.alertname, status: alert.status });
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
        this.props.log('error', `${alert.labels.alertname} asks for ${name}, and there is no such policy`);
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

  /** Of all that are told of the same alert at the same time one makes the record: its name is the alert's. */
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

  /** An alert that still fires some time after a decision asks anew; within that time it is the same delivery again. */
  private mayRepeat({ status }: Remediation): boolean {
    const decided = Date.parse(status.transitions?.at(-1)?.time ?? '');
    return !isOpen(status.phase) && this.props.now().getTime() - decided > this.props.repeatSeconds * 1000;
  }
}

/** What is kept of labels and annotations: a record has to fit into etcd, or Alertmanager would send it for ever. */
const KEPT = { entries: 64, keyLength: 128, valueLength: 1024 } as const;

function recordedAlert({ labels, annotations, startsAt, fingerprint, generatorURL }: PayloadAlert): RecordedAlert {
  return {
    name: labels.alertname.slice(0, KEPT.valueLength),
    fingerprint,
    startsAt: new Date(startsAt).toISOString(),
    labels: kept(labels),
    annotations: kept(annotations),
    generatorUrl: generatorURL?.slice(0, KEPT.valueLength),
  };
}

function kept(values: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => key.length <= KEPT.keyLength)
      .slice(0, KEPT.entries)
      .map(([key, value]) => [key, value.slice(0, KEPT.valueLength)]),
  );
}
