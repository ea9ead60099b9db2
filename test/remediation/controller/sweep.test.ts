import { blockAddress, type RemediationPolicy, scaleUp } from '../../../remediation';
import { Sweep } from '../../../remediation/controller';
import { KubernetesError, RESOURCES } from '../../../remediation/kubernetes';
import { KEYS, lockName, type RemediationStatus } from '../../../remediation/record';
import { ago } from '../sample';
import { APPLICATION, BACKEND, Bench } from '../support/bench';
import { pass, standStill } from '../support/clock';

standStill();

const SCALE_UP = scaleUp({
  ...{ namespace: APPLICATION, deployments: ['backend'], autoscalers: ['backend'], maxReplicas: 5 },
  ...{ expiresAfterSeconds: 3600, verification: { query: 'vector(1)' } },
});
const BLOCK = blockAddress({
  ...{
    neverBlock: [],
    loadBalancers: [],
    ttlSeconds: 3600,
    denylist: { kind: 'cilium-cidr-group', name: 'blocked' } as const,
  },
});
const HPA = { resource: RESOURCES.horizontalPodAutoscalers, namespace: APPLICATION, name: 'backend' };
const GROUP = { resource: { group: 'cilium.io', version: 'v2', plural: 'ciliumcidrgroups' }, name: 'blocked' };

let bench: Bench;
let sweep: Sweep;
const set = (policy: RemediationPolicy, dryRun = false) => {
  bench = new Bench({ policies: [policy], dryRun });
  sweep = new Sweep({
    ...{ policies: [policy], context: bench.context, metrics: bench.metrics },
    ...{ retention: { days: 1, records: 1 }, log: (level, message) => void logged.push(`${level} ${message}`) },
  });
};
let logged: string[];
beforeEach(() => {
  logged = [];
  set(SCALE_UP);
});

const minReplicas = async (name = 'backend') =>
  (await bench.api.get<{ spec: { minReplicas: number } }>({ ...HPA, name })).spec.minReplicas;
const left = () => bench.metric('changes_left');

describe('A raised minReplicas', () => {
  /** An autoscaler that the server raised some seconds ago. */
  const raise = (secondsAgo: number, { name = 'backend', note = '3 from 2', minReplicas: value = 3 } = {}) =>
    bench.api.put(HPA.resource, {
      metadata: {
        ...{ namespace: APPLICATION, name, annotations: { [KEYS.raisedMinReplicas]: note } },
        managedFields: [
          { manager: 'kubectl', time: ago(9999) },
          { manager: 'remediation-webhook', time: ago(secondsAgo) },
        ],
      },
      spec: { minReplicas: value, maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'backend' } },
    });
  const recorded = (status: Partial<RemediationStatus> = {}, metadata = {}) =>
    bench.put(
      {
        ...{ phase: 'succeeded', target: BACKEND, executionStartTime: ago(3700), expirationTime: ago(100) },
        ...{ plan: { summary: '', details: {} }, ...status },
      },
      metadata,
    );

  it('without a record is reverted, once its time is over', async () => {
    raise(3599);
    await sweep.run();
    expect(await minReplicas()).toBe(3);
    await pass(1);
    await sweep.run();
    expect(await minReplicas()).toBe(2);
    expect(logged).toEqual([expect.stringMatching(/^warn reverted .*lowered minReplicas of backend from 3 to 2/)]);
    expect(await left()).toBe(0);
    bench.api.writes.length = 0;
    await sweep.run();
    expect(bench.changes).toEqual([]);
  });

  it('is reverted in mode dry-run too: the change was a real one', async () => {
    set(SCALE_UP, true);
    raise(3600);
    await sweep.run();
    expect(await minReplicas()).toBe(2);
  });

  it.each(['with', 'without'])('is left to its record, %s its label', async (how) => {
    raise(3600);
    await recorded({ expirationTime: ago(-60) }, { labels: how === 'with' ? {} : { [KEYS.open]: '' } });
    await sweep.run();
    expect(await minReplicas()).toBe(3);
    expect(await left()).toBe(0);
  });

  it.each<[string, Partial<RemediationStatus>, object?]>([
    ['was reverted already', { revertResult: 'done' }],
    ['says no expiry', { expirationTime: undefined }],
    ['is about another target', { target: { ...BACKEND, name: 'frontend' } }],
    ['does not revert it for five minutes', { expirationTime: ago(301) }],
    ['says that it expires in 2099', { expirationTime: '2099-01-01T00:00:00Z' }, { creationTimestamp: ago(90_000) }],
  ])('is reverted when its record %s', async (_what, status, metadata = {}) => {
    raise(3600);
    await recorded(status, metadata);
    await sweep.run();
    expect(await minReplicas()).toBe(2);
  });

  it.each([undefined, '2099-01-01T00:00:00Z'])('whose time is %s counts from when it was first seen', async (time) => {
    raise(0);
    const managedFields = [{ manager: 'remediation-webhook', time }];
    const known = await bench.api.get<{ metadata: object }>(HPA);
    bench.api.put(HPA.resource, { ...known, metadata: { ...known.metadata, managedFields } });
    await sweep.run();
    await pass(3599);
    await sweep.run();
    expect(await minReplicas()).toBe(3);
    await pass(1);
    await sweep.run();
    expect(await minReplicas()).toBe(2);
  });

  it.each<[string, { name?: string; note?: string }]>([
    ['was changed since', { note: '4 from 2' }],
    ['has no note', { note: '' }],
    ['the policy does not name', { name: 'frontend' }],
  ])('that %s is left alone', async (_what, props) => {
    raise(3600, props);
    await sweep.run();
    expect(await minReplicas(props.name)).toBe(3);
    expect(await left()).toBe(0);
  });

  it('is not reverted while the kill switch is engaged, and people are told', async () => {
    raise(3600);
    bench.arm({ stop: 'game day' });
    await sweep.run();
    expect(await minReplicas()).toBe(3);
    expect(await left()).toBe(1);
    bench.arm();
    await sweep.run();
    expect([await minReplicas(), await left()]).toEqual([2, 0]);
  });

  it('is not reverted while the target is locked', async () => {
    raise(3600);
    await bench.context.leases.acquire(lockName('scale-up', BACKEND), 'replica-2/another', 30);
    await sweep.run();
    expect(await minReplicas()).toBe(3);
  });

  it('that is changed at the same moment is looked at again', async () => {
    raise(3600);
    const end = bench.api.failOn((verb) => {
      if (verb === 'patch') {
        end();
        bench.api.put(HPA.resource, {
          metadata: { namespace: APPLICATION, name: 'backend', labels: { touched: 'yes' } },
        });
        raise(3600);
      }
      return undefined;
    });
    await sweep.run();
    expect([await minReplicas(), await left(), logged]).toEqual([3, 0, []]);
    await sweep.run();
    expect(await minReplicas()).toBe(2);
  });

  it('that cannot be reverted is told to people', async () => {
    raise(3600);
    bench.api.failOn((verb) => (verb === 'patch' ? new KubernetesError(403, '', 'may not patch') : undefined));
    await sweep.run();
    expect(await left()).toBe(1);
    expect(logged).toEqual([expect.stringMatching(/^error .*may not patch/)]);
  });

  it('that cannot be looked for is logged', async () => {
    bench.api.failOn((verb) => (verb === 'list' ? new KubernetesError(403, '', 'may not list') : undefined));
    await sweep.run();
    expect(logged).toEqual([expect.stringMatching(/^warn .*may not list/)]);
  });
});

describe('A blocked address', () => {
  const blocked = async () => (await bench.api.get<{ spec: { externalCIDRs: string[] } }>(GROUP)).spec.externalCIDRs;

  it('without a record is unblocked after its time', async () => {
    set(BLOCK);
    bench.api.put(GROUP.resource, { metadata: { name: 'blocked' }, spec: { externalCIDRs: ['1.1.1.1/32'] } });
    await sweep.run();
    await pass(3600);
    expect(await blocked()).toEqual(['1.1.1.1/32']);
    await sweep.run();
    expect(await blocked()).toEqual([]);
  });

  it('that expires by itself is not looked for', async () => {
    set(blockAddress({ neverBlock: [], loadBalancers: [] }));
    await sweep.run();
    expect(logged).toEqual([]);
  });
});
