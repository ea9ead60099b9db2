import { openIncident, type RemediationPolicy } from '../../../remediation';
import { expireRecords, type HousekeepingProps, measure } from '../../../remediation/controller';
import { TOTAL } from '../../../remediation/gates';
import { KubernetesError } from '../../../remediation/kubernetes';
import { LEASE_PREFIX, type Phase, type Remediation, type RemediationStatus } from '../../../remediation/record';
import { ago } from '../sample';
import { BACKEND, Bench, restarts } from '../support/bench';
import { standStill } from '../support/clock';

standStill();

const DAY = 86_400;

let bench: Bench;
let policies: readonly RemediationPolicy[];
beforeEach(() => {
  policies = [restarts(), restarts({ name: 'restart-too', budgetPerHour: 1 }), openIncident()];
  bench = new Bench({ policies });
});

const props = (retention = { days: 30, records: 100 }): HousekeepingProps => ({
  policies,
  context: bench.context,
  metrics: bench.metrics,
  retention,
  log: (level, message, fields = {}) => void bench.logged.push({ level, message, fields }),
});

/** A record that was created, and reached its phase, some seconds ago. */
async function put(phase: Phase, secondsAgo: number, status: Partial<RemediationStatus> = {}, metadata = {}) {
  const transitions = [{ phase, time: ago(secondsAgo), message: '' }];
  return bench.put({ phase, transitions, ...status }, { creationTimestamp: ago(secondsAgo), ...metadata });
}
const attempt = (phase: Phase, secondsAgo: number, target = BACKEND) =>
  put(phase, secondsAgo, { target, executionStartTime: ago(secondsAgo) });

describe('The metrics', () => {
  it('count open records by phase', async () => {
    await put('accepted', 0);
    await put('accepted', 0);
    await put('verifying', 0);
    await bench.context.store.label(await put('failed', 0));
    await measure(props());
    const counts = ['accepted', 'awaiting-approval', 'executing', 'verifying'].map((phase) =>
      bench.metric('records', { phase }),
    );
    expect(await Promise.all(counts)).toEqual([2, 0, 0, 1]);
  });

  it('forget the phase that a record has left', async () => {
    const record = await put('accepted', 0);
    await measure(props());
    await bench.context.store.transition(record, { phase: 'verifying' });
    await measure(props());
    expect(await bench.metric('records', { phase: 'accepted' })).toBe(0);
    expect(await bench.metric('records', { phase: 'verifying' })).toBe(1);
  });

  it('count no record that is open only because its change will be reverted', async () => {
    await put('succeeded', 0, { expirationTime: ago(-60) });
    await measure(props());
    const { values } = await bench.metrics.records.get();
    expect(values.map(({ value }) => value)).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [{ armed: 'true' }, 0],
    [{ armed: 'true', stop: 'game day' }, 1],
    [{}, 1],
  ] as const)('show whether the kill switch is engaged: %j', async (data, value) => {
    bench.arm(data);
    await measure(props());
    expect(await bench.metric('kill_switch_engaged')).toBe(value);
  });

  it('show what is left of each budget', async () => {
    for (const budget of ['restart', 'restart-too', TOTAL]) {
      await bench.context.leases.acquire(`${LEASE_PREFIX}budget-${budget}-0`, 'record', 3600);
    }
    await measure(props());
    const left = ['restart', 'restart-too', 'open-incident', TOTAL].map((policy) =>
      bench.metric('budget_remaining', { policy }),
    );
    expect(await Promise.all(left)).toEqual([2, 0, 20, 3]);
  });

  it('survive records that others have made', async () => {
    const { labels } = (await attempt('failed', 100)).metadata;
    await bench.put({ phase: 'accepted' }, { labels, creationTimestamp: ago(9000) });
    await measure(props());
    expect(await bench.metric('circuit_breaker_state')).toBe(0);
  });

  it('show the circuit of each target', async () => {
    const frontend = { ...BACKEND, name: 'frontend' };
    const other = { ...BACKEND, name: 'other' };
    for (const seconds of [300, 200, 100]) {
      await attempt('failed', seconds);
      await attempt('failed', 7200 + seconds, frontend);
      await attempt('succeeded', seconds, other);
    }
    await measure(props());
    const circuit = (name: string) =>
      bench.metric('circuit_breaker_state', {
        ...{ action: 'restart-workload', policy: 'restart', target: `Deployment sightedit/${name}` },
      });
    expect([await circuit('backend'), await circuit('frontend'), await circuit('other')]).toEqual([2, 1, 0]);
    expect((await bench.metrics.circuit.get()).values).toHaveLength(3);
  });

  it('show no circuit of targets outside Kubernetes: their number is unbounded', async () => {
    await attempt('failed', 100, { kind: 'Address', name: '192.0.2.7/32' });
    await measure(props());
    expect((await bench.metrics.circuit.get()).values).toEqual([]);
  });
});

describe('Old records', () => {
  const names = async () => (await bench.context.store.list({})).map(({ metadata }) => metadata.name);
  const expire = async (retention?: { days: number; records: number }) => {
    await expireRecords(props(retention));
    return names();
  };
  const nameOf = ({ metadata }: Remediation) => metadata.name;

  it('are deleted after the retention', async () => {
    const kept = [await put('skipped', 30 * DAY), await put('failed', DAY)];
    await put('skipped', 30 * DAY + 1);
    await attempt('succeeded', 40 * DAY);
    expect(await expire()).toEqual(kept.map(nameOf));
    expect(bench.logged).toEqual([{ level: 'info', message: 'deleted 2 old records', fields: {} }]);
  });

  it('are not logged when none is deleted', async () => {
    await put('skipped', DAY);
    await expire();
    expect(bench.logged).toEqual([]);
  });

  it('are deleted oldest first when there are too many', async () => {
    const [oldest, second, third] = [await put('skipped', 300), await put('skipped', 200), await put('skipped', 100)];
    expect(await expire({ days: 30, records: 2 })).toEqual([nameOf(second), nameOf(third)]);
    expect(await names()).not.toContain(nameOf(oldest));
    expect(await expire({ days: 30, records: 2 })).toHaveLength(2);
  });

  it('are counted without those that are too old', async () => {
    await put('skipped', 40 * DAY);
    await put('skipped', 41 * DAY);
    const kept = [await put('skipped', 200), await put('skipped', 100)];
    expect(await expire({ days: 30, records: 2 })).toEqual(kept.map(nameOf));
  });

  it('stay while work is left', async () => {
    const kept = [
      await put('awaiting-approval', 50 * DAY),
      await put('verifying', 50 * DAY),
      await put('succeeded', 50 * DAY, { expirationTime: ago(-60) }),
    ];
    expect((await expire({ days: 30, records: 1 })).sort()).toEqual(kept.map(nameOf).sort());
  });

  it('stay for a day when they are attempts: cooldowns and circuits read them', async () => {
    const recent = await attempt('failed', DAY - 1);
    const skipped = await put('skipped', 100);
    await attempt('failed', DAY);
    expect(await expire({ days: 30, records: 1 })).toEqual([nameOf(recent)]);
    expect(await names()).not.toContain(nameOf(skipped));
  });

  describe('of the same alert', () => {
    /** Records of an alert that fired on: each is some seconds old. */
    async function series(...ages: readonly number[]): Promise<string[]> {
      const { spec } = await bench.accept();
      await bench.api.delete({ ...reference(), name: (await names())[0]! });
      for (const [index, age] of ages.entries()) {
        const created = (await bench.context.store.create({ ...spec, attempt: index + 1 }, 'digest'))!;
        const metadata = { ...created.metadata, creationTimestamp: ago(age) };
        bench.api.put(reference().resource, { ...created, metadata, status: { phase: 'skipped' } });
      }
      return ages.map((_, index) => `restart-digest-${index + 1}`);
    }

    it('keep the first record as long as the newest: without it the alert would seem new', async () => {
      const [first, , third] = await series(40 * DAY, 35 * DAY, 100);
      expect(await expire()).toEqual([first, third]);
    });

    it('lose the first record last', async () => {
      await series(40 * DAY, 35 * DAY, 31 * DAY);
      const order: string[] = [];
      bench.api.failOn((verb, _resource, name) => {
        if (verb === 'delete' && name.includes('digest')) {
          order.push(name);
        }
        return undefined;
      });
      expect(await expire()).toEqual([]);
      expect(order).toEqual(['restart-digest-2', 'restart-digest-3', 'restart-digest-1']);
    });

    it('keep the first record while the newest is open', async () => {
      const [first, second] = await series(40 * DAY, 35 * DAY);
      const open = (await bench.context.store.read(second!))!;
      bench.api.put(reference().resource, {
        ...open,
        metadata: { ...open.metadata, creationTimestamp: ago(100) },
        status: { phase: 'verifying' },
      });
      expect(await expire()).toEqual([first, second]);
    });

    const reference = () => ({
      resource: { group: 'monitoring.sightedit.com', version: 'v1alpha1', plural: 'remediations' },
      namespace: bench.context.store.namespace,
    });
  });

  it('are deleted by one replica at a time', async () => {
    await put('skipped', 40 * DAY);
    await bench.context.leases.acquire(`${LEASE_PREFIX}housekeeping`, 'replica-2', 30);
    expect(await expire()).toHaveLength(1);
    await bench.context.leases.release(`${LEASE_PREFIX}housekeeping`, 'replica-2');
    expect(await expire()).toHaveLength(0);
    expect(await bench.context.leases.holding(`${LEASE_PREFIX}housekeeping`)).toBeUndefined();
  });

  it('that are already deleted cause no error', async () => {
    await put('skipped', 41 * DAY);
    await put('skipped', 40 * DAY);
    const end = bench.api.failOn(async (verb, resource, name) => {
      if (verb === 'delete' && resource === 'remediations') {
        end();
        await bench.context.store.delete(name);
      }
      return undefined;
    });
    expect(await expire()).toEqual([]);
  });

  it('that cannot be deleted cause an error', async () => {
    await put('skipped', 40 * DAY);
    bench.api.failOn((verb, resource) =>
      verb === 'delete' && resource === 'remediations' ? new KubernetesError(403, '', 'may not delete') : undefined,
    );
    await expect(expire()).rejects.toThrow('may not delete');
  });
});
