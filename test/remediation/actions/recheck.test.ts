import {
  blockAddress,
  clearCache,
  openIncident,
  resetConnections,
  restartWorkload,
  scaleUp,
} from '../../../remediation';
import { blockAddressAction } from '../../../remediation/actions/block-address';
import { clearCacheAction } from '../../../remediation/actions/clear-cache';
import { openIncidentAction } from '../../../remediation/actions/open-incident';
import { resetConnectionsAction } from '../../../remediation/actions/reset-connections';
import { restartWorkloadAction } from '../../../remediation/actions/restart-workload';
import { scaleUpAction } from '../../../remediation/actions/scale-up';
import { RESOURCES } from '../../../remediation/kubernetes';
import { KEYS, planDigest, RecordAltered, type Target } from '../../../remediation/record';
import { ago } from '../sample';
import { attemptOn } from '../support/attempt';
import { APPLICATION, anAlert, BACKEND, Bench, skipped } from '../support/bench';
import { standStill } from '../support/clock';
import { MemoryRedis } from '../support/redis';

/** What each action makes of a plan that a record holds, before it executes the plan after a crash. */

standStill();

const WORKLOADS = { namespace: APPLICATION, deployments: ['backend'], verification: { query: 'vector(1)' } };

let bench: Bench;
let redis: MemoryRedis;
let target: Target;
beforeEach(async () => {
  bench = new Bench();
  redis = new MemoryRedis();
  bench.caches.set('redis', redis.client);
  bench.deploy();
  target = { ...BACKEND, uid: (await bench.deployment<{ metadata: { uid: string } }>()).metadata.uid };
});

describe('A planned restart', () => {
  const { parameters } = restartWorkload(WORKLOADS);
  const recheck = () =>
    restartWorkloadAction.recheck!(attemptOn(bench, { parameters, target }), { summary: '', details: { replicas: 9 } });

  it('is planned again, with the reason to ask a person', async () => {
    bench.deploy('backend', { spec: { replicas: 1 } });
    expect(await recheck()).toMatchObject({ details: { replicas: 1 }, needsApproval: expect.any(String) });
  });

  it('is not, once it is made', async () => {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': ago(0).replace('.000Z', 'Z') };
    bench.deploy('backend', { spec: { template: { metadata: { annotations } } }, status: { updatedReplicas: 0 } });
    expect(await recheck()).toBeUndefined();
  });
});

describe('A planned scale-up', () => {
  const { parameters } = scaleUp({ ...WORKLOADS, autoscalers: ['backend'], maxReplicas: 5 });
  const attempt = () => attemptOn(bench, { parameters, target });
  const change = (
    to: number,
    name = 'backend',
    kind: 'Deployment' | 'HorizontalPodAutoscaler' = 'HorizontalPodAutoscaler',
  ) => ({
    summary: '',
    details: { kind, name, from: 2, to },
  });
  const autoscaler = (minReplicas: number, note?: string) =>
    bench.api.put(RESOURCES.horizontalPodAutoscalers, {
      metadata: { namespace: APPLICATION, name: 'backend', annotations: { [KEYS.raisedMinReplicas]: note } },
      spec: { minReplicas, maxReplicas: 9, scaleTargetRef: { kind: 'Deployment', name: 'backend' } },
    });

  it('passes when it would be planned now, or is made', async () => {
    autoscaler(2);
    expect(await scaleUpAction.recheck!(attempt(), change(3))).toMatchObject({ details: { from: 2, to: 3 } });
    autoscaler(3, '3 from 2');
    expect(await scaleUpAction.recheck!(attempt(), change(3))).toBeUndefined();
  });

  it.each([
    ['too many replicas', change(50)],
    ['another autoscaler', change(3, 'frontend')],
    ['another Deployment', change(3, 'frontend', 'Deployment')],
  ])('is altered with %s', async (_what, plan) => {
    autoscaler(2);
    await expect(scaleUpAction.recheck!(attempt(), plan)).rejects.toThrow(RecordAltered);
    if (plan.details.name === 'frontend') {
      await expect(scaleUpAction.execute(attempt(), plan)).rejects.toThrow(RecordAltered);
      await expect(scaleUpAction.revert!(attempt(), plan)).rejects.toThrow(RecordAltered);
    }
    expect(bench.changes).toEqual([]);
  });

  it('is about a Deployment that the policy and the alert name', () => {
    const is = (other: object, labels = { namespace: APPLICATION }) =>
      scaleUpAction.isTarget!({ ...target, ...other }, anAlert(labels), parameters);
    expect(is({})).toBe(true);
    expect([is({ name: 'frontend' }), is({ namespace: 'other' }), is({ kind: 'Address' })]).not.toContain(true);
    expect(is({}, { namespace: 'other' })).toBe(false);
  });
});

describe('A planned clearing of a cache', () => {
  const { parameters } = clearCache({
    ...{ connection: 'redis', prefixes: ['page:', 'user:'], mode: 'version', verification: { query: 'vector(1)' } },
  });
  const attempt = () => attemptOn(bench, { parameters, target: { kind: 'Cache', name: 'redis/page:' } });
  const plan = (key: string, from: string, to: string) => ({ summary: '', details: { bumps: [{ key, from, to }] } });

  it('passes for the version of its prefix', async () => {
    const good = plan('page:version', '7', '8');
    expect(await clearCacheAction.recheck!(attempt(), good)).toBe(good);
    const keys = { summary: '', details: { prefixes: ['page:'] } };
    expect(await clearCacheAction.recheck!(attempt(), keys)).toBe(keys);
  });

  it.each([
    ['another key', 'session:1', '0', '1'],
    ['another prefix', 'user:version', '7', '8'],
    ['another version', 'page:version', '7', '9'],
  ])('is altered with %s, which is neither set, read nor reverted', async (_what, key, from, to) => {
    const forged = plan(key, from, to);
    await expect(clearCacheAction.recheck!(attempt(), forged)).rejects.toThrow(RecordAltered);
    await expect(clearCacheAction.verify!(attempt(), forged)).rejects.toThrow(RecordAltered);
    await expect(clearCacheAction.revert!(attempt(), forged)).rejects.toThrow(RecordAltered);
    expect(redis.sent).toEqual([]);
  });
});

describe('Other plans', () => {
  it('of sessions may not have more than the policy allows', async () => {
    const { parameters } = resetConnections({
      ...{ connection: 'postgres', database: 'sightedit', role: 'app', maximumSessions: 2 },
    });
    const attempt = attemptOn(bench, { parameters, target: { kind: 'Database', name: 'sightedit' } });
    const plan = (count: number) => ({
      summary: '',
      details: { sessions: Array.from({ length: count }, (_, pid) => ({ pid, since: '' })), pooled: [] },
    });
    expect(await resetConnectionsAction.recheck!(attempt, plan(2))).toEqual(plan(2));
    await expect(resetConnectionsAction.recheck!(attempt, plan(3))).rejects.toThrow(RecordAltered);
  });

  it('of a block are planned again, unless the address is blocked', async () => {
    const { parameters } = blockAddress({ neverBlock: [], loadBalancers: [], maximumEntries: 1 });
    const target = { kind: 'Address', name: '1.1.1.1/32' };
    const attempt = attemptOn(bench, { parameters, target, labels: { client_ip: '1.1.1.1' } });
    const plan = { summary: '', details: { seconds: 10 ** 9 } };
    expect(await blockAddressAction.recheck!(attempt, plan)).toMatchObject({ details: { seconds: 14_400 } });
    redis.keys.set('denylist:2.2.2.2/32', '');
    expect(await skipped(blockAddressAction.recheck!(attempt, plan))).toMatch(/^budget-exhausted/);
    redis.keys.set('denylist:1.1.1.1/32', '');
    expect(await blockAddressAction.recheck!(attempt, plan)).toBeUndefined();
  });

  it('of an incident are about the alert alone', () => {
    const alert = anAlert();
    const is = (name: string) =>
      openIncidentAction.isTarget!({ kind: 'Incident', name }, alert, openIncident().parameters);
    expect([is(`${alert.name}/${alert.fingerprint}`), is(`${alert.name}/ff`)]).toEqual([true, false]);
  });
});

describe('The digest of a plan', () => {
  const digest = (details: unknown, uid = 'a') => planDigest({ ...BACKEND, uid }, { summary: '', details });

  it('does not depend on the order of keys, at any level', () => {
    expect(digest({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(digest({ b: [{ d: 3, c: 2 }], a: 1 }));
  });

  it('depends on every value, on the order of lists, and on the object', () => {
    const all = [
      digest({ a: 1 }),
      digest({ a: 2 }),
      digest({ a: [1, 2] }),
      digest({ a: [2, 1] }),
      digest({ a: 1 }, 'b'),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
