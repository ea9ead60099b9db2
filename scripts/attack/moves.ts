import { setTimeout as sleep } from 'node:timers/promises';
import { alertDigest, FINAL_PHASES, KEYS, OPEN_PHASES, REMEDIATION, type Remediation } from '../../remediation/record';
import { alert, notify, type Replica } from '../../testing/webhook';
import type { Fired, Labels } from './alerts';
import { Random } from './random';
import { APPLICATION, DEPLOYMENTS, RECORDS, type World } from './world';

const PHASES = [...OPEN_PHASES, ...FINAL_PHASES];
const MERGE = 'application/merge-patch+json';
const FLOOD = 10;

/** What the attacker, the people and the world do. Every move may fail: the API server can say no. */
export class Moves {
  private readonly firing: Fired[] = [];
  private replicas: readonly Replica[] = [];
  /** How often each move was made. */
  readonly counts = new Map<string, number>();

  constructor(private readonly world: World) {}

  /** The replicas that can be notified. */
  use(replicas: readonly Replica[]): void {
    this.replicas = replicas;
  }

  /** Makes one move. Its choices depend on its seed alone, not on the moves that run at the same time. */
  async make(seed: number): Promise<void> {
    const random = new Random(seed);
    const [name, move] = random.pick(MOVES);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    await move.call(this, random).catch(() => {});
  }

  /** Ends everything that fires, and lets people release the kill switch. */
  async calm(): Promise<void> {
    for (const fired of this.firing.splice(0)) {
      this.world.source.resolve(fired);
    }
    await this.stop(null);
  }

  /** An alert fires, and Alertmanager notifies. */
  async real(random: Random): Promise<void> {
    const labels = this.labelsOf(random, random.pick(DEPLOYMENTS.repaired));
    // With every label that the notification will carry.
    const fired = this.world.source.fire(alert(labels).labels);
    this.firing.push(fired);
    await this.notify(random, [fired.labels]);
  }

  async resolved(random: Random): Promise<void> {
    const [fired] = this.firing.splice(random.below(this.firing.length), 1);
    if (fired) {
      this.world.source.resolve(fired);
    }
  }

  /** Somebody posts alerts that do not fire to Alertmanager: about other objects, or with other labels. */
  async fake(random: Random): Promise<void> {
    const { quiet, foreign, optedOut, repaired } = DEPLOYMENTS;
    const labels = this.labelsOf(random, random.pick([quiet, foreign, optedOut, ...repaired]));
    await this.notify(random, [{ alertname: random.pick(['SampleAlert', 'Fake']), severity: 'low', ...labels }]);
  }

  async flood(random: Random): Promise<void> {
    const all = Array.from({ length: FLOOD }, () => ({
      alertname: 'Fake',
      ...this.labelsOf(random, DEPLOYMENTS.quiet),
      nonce: random.fingerprint(),
    }));
    const strangers = Array.from({ length: FLOOD }, () =>
      fetch(`${random.pick(this.replicas).url}/api/v1/alerts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${random.fingerprint()}` },
        body: '{}',
      }).catch(() => undefined),
    );
    await Promise.all([this.notify(random, all), ...strangers]);
  }

  /** Somebody creates a record, with any labels and any status. */
  async create(random: Random): Promise<void> {
    const { quiet, repaired, foreign } = DEPLOYMENTS;
    const labels = { alertname: 'SampleAlert', ...this.labelsOf(random, random.pick([quiet, foreign, ...repaired])) };
    const { fingerprint, startsAt, annotations } = alert(labels, { fingerprint: random.fingerprint() });
    const recorded = { name: 'SampleAlert', fingerprint, startsAt, labels, annotations };
    const policy = random.pick(['restart-workload', 'scale-up', 'block-address', labels.remediation]);
    const digest = alertDigest(policy, recorded);
    const marks = { [KEYS.policy]: policy, [KEYS.action]: policy, [KEYS.alert]: digest };
    const record = await this.world.kubernetes.send<Remediation>('POST', RECORDS, {
      apiVersion: `${REMEDIATION.group}/${REMEDIATION.version}`,
      kind: REMEDIATION.kind,
      metadata: { name: `${policy}-${digest}-1`, labels: random.chance(0.8) ? marks : {} },
      spec: { policy, action: policy, alert: recorded, attempt: 1, traceparent: '' },
    });
    await this.write(random, record);
    const open = random.chance(0.9) ? 'true' : null;
    await this.send('PATCH', record, { metadata: { labels: { [KEYS.open]: open } } }, MERGE);
  }

  /** Somebody rewrites the status of a record. */
  async rewrite(random: Random): Promise<void> {
    const record = await this.someRecord(random);
    if (record) {
      await this.write(random, record);
    }
  }

  /** Somebody removes labels, or the record. */
  async tidyUp(random: Random): Promise<void> {
    const record = await this.someRecord(random);
    if (record && random.chance(0.5)) {
      await this.send('DELETE', record);
    } else if (record) {
      const label = random.pick([KEYS.open, KEYS.open, KEYS.target, KEYS.policy]);
      await this.send('PATCH', record, { metadata: { labels: { [label]: null } } }, MERGE);
    }
  }

  /** A person engages the kill switch for a while. */
  async switch(random: Random): Promise<void> {
    await this.stop('incident');
    await sleep(random.below(3000));
    await this.stop(null);
  }

  async doubt(random: Random): Promise<void> {
    this.world.source.doubt = random.pick([0, 0, 0.3, 1]);
  }

  private labelsOf(random: Random, name: string): Labels & { remediation: string } {
    const remediation = random.pick([
      'restart-workload',
      'restart-workload',
      'scale-up',
      'block-address',
      'open-incident',
    ]);
    return remediation === 'block-address'
      ? { remediation, client_ip: random.pick(['203.0.113.1', '203.0.113.2', '9.9.9.9', '10.0.0.1']), nonce: name }
      : { remediation, namespace: APPLICATION, deployment: name };
  }

  private async notify(random: Random, all: readonly Labels[]): Promise<void> {
    const alerts = all.map((labels) => alert(labels, { fingerprint: random.fingerprint() }));
    await notify(random.pick(this.replicas), this.world.deployed, alerts);
  }

  private async someRecord(random: Random): Promise<Remediation | undefined> {
    const { items } = await this.world.kubernetes.send<{ items: readonly Remediation[] }>('GET', RECORDS);
    return items.length > 0 ? random.pick(items) : undefined;
  }

  private async write(random: Random, record: Remediation): Promise<void> {
    const status = random.chance(0.5) ? { ...record.status, ...this.someStatus(random) } : this.someStatus(random);
    await this.send('PUT', record, { ...record, status }, undefined, '/status');
  }

  private someStatus(random: Random): object {
    const phase = random.pick(PHASES);
    return {
      phase,
      target: random.pick([
        undefined,
        { apiVersion: 'apps/v1', kind: 'Deployment', namespace: APPLICATION, name: random.pick(ALL_NAMES) },
        { kind: 'Address', name: random.pick(['0.0.0.0/0', '10.0.0.1/32', '203.0.113.2/32', '9.9.9.9/32']) },
      ]),
      dryRun: random.pick([undefined, false, true]),
      plan: random.pick([
        undefined,
        { summary: 'restart it', details: { replicas: 4 } },
        {
          summary: 'raise it',
          details: {
            kind: 'HorizontalPodAutoscaler',
            name: random.pick(ALL_NAMES),
            from: 2,
            to: random.pick([3, 6, 50]),
          },
          expiresAfterSeconds: 1_000_000,
        },
        { summary: 'block it', details: { seconds: 1_000_000, until: '2099-01-01T00:00:00Z' } },
      ]),
      executionStartTime: this.someTime(random),
      executionTime: this.someTime(random),
      expirationTime: this.someTime(random),
      revertResult: random.pick([undefined, undefined, 'reverted']),
      lastVerification: random.pick([undefined, { value: 1, time: this.someTime(random) ?? new Date().toISOString() }]),
      transitions: [{ phase, time: this.someTime(random) ?? new Date().toISOString(), message: 'forged' }],
    };
  }

  private someTime(random: Random): string | undefined {
    const seconds = random.pick([undefined, 0, 0, -5, -60, -3600, 60, 3600]);
    const fixed = random.pick(['1970-01-01T00:00:00Z', '2099-01-01T00:00:00Z']);
    return random.chance(0.2) ? fixed : seconds === undefined ? undefined : at(seconds);
  }

  private send(method: string, { metadata }: Remediation, body?: object, type?: string, subresource = '') {
    return this.world.kubernetes.send(method, `${RECORDS}/${metadata.name}${subresource}`, body, type);
  }

  private async stop(reason: string | null): Promise<void> {
    const { namespace, killSwitch } = this.world.deployed.configuration;
    const path = `/api/v1/namespaces/${namespace}/configmaps/${killSwitch}`;
    await this.world.kubernetes.send('PATCH', path, { data: { stop: reason } }, MERGE);
  }
}

const ALL_NAMES = [...DEPLOYMENTS.repaired, DEPLOYMENTS.quiet, DEPLOYMENTS.foreign, DEPLOYMENTS.optedOut];

const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

const { prototype } = Moves;
/** The moves, each as often as it is likely. */
const MOVES: readonly (readonly [string, (random: Random) => Promise<void>])[] = [
  ...times(6, ['an alert fires', prototype.real]),
  ...times(3, ['an alert is resolved', prototype.resolved]),
  ...times(4, ['a false alert', prototype.fake]),
  ...times(1, ['a flood', prototype.flood]),
  ...times(6, ['a forged record', prototype.create]),
  ...times(6, ['a rewritten status', prototype.rewrite]),
  ...times(3, ['a removed label or record', prototype.tidyUp]),
  ...times(1, ['the kill switch', prototype.switch]),
  ...times(1, ['a doubtful Prometheus', prototype.doubt]),
];

function times<const T>(count: number, value: T): readonly T[] {
  return Array.from({ length: count }, () => value);
}
