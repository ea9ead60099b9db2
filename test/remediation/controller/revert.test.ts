import { scaleUp } from '../../../remediation';
import { scaleUpAction } from '../../../remediation/actions/scale-up';
import { leaveWhenDue, revertWhenDue } from '../../../remediation/controller/revert';
import { KubernetesError, RESOURCES } from '../../../remediation/kubernetes';
import { KEYS, lockName, RecordAltered, type Remediation } from '../../../remediation/record';
import { ago } from '../sample';
import { APPLICATION, BACKEND, Bench, LIMITS, restarts } from '../support/bench';
import { standStill } from '../support/clock';

standStill();

const SCALE_UP = scaleUp({
  ...{ namespace: APPLICATION, deployments: ['backend'], autoscalers: ['backend'], maxReplicas: 5 },
  verification: { query: 'vector(1)' },
});
const PLAN = {
  summary: 'raise minReplicas of HorizontalPodAutoscaler backend from 2 to 3',
  details: { kind: 'HorizontalPodAutoscaler', name: 'backend', from: 2, to: 3 },
};
const HPA = { resource: RESOURCES.horizontalPodAutoscalers, namespace: APPLICATION, name: 'backend' };

let bench: Bench;
beforeEach(() => {
  bench = new Bench({ policies: [SCALE_UP] });
  bench.deploy();
  bench.api.put(HPA.resource, {
    metadata: { namespace: APPLICATION, name: 'backend', annotations: { [KEYS.raisedMinReplicas]: '3 from 2' } },
    spec: { minReplicas: 3, maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'backend' } },
  });
});

const minReplicas = async () => (await bench.api.get<{ spec: { minReplicas: number } }>(HPA)).spec.minReplicas;
const statusOf = async (record: Remediation) => (await bench.read(record)).status;
const isOpen = async (record: Remediation) => (await bench.read(record)).metadata.labels?.[KEYS.open] === 'true';
/** A change whose time is over. */
const raised = (expirationTime = ago(0)) =>
  bench.put({ phase: 'succeeded', target: BACKEND, plan: PLAN, expirationTime, executionStartTime: ago(3600) });
const revert = (record: Remediation, policy = bench.policy) => revertWhenDue(record, policy, bench.props);

describe('A change that has expired', () => {
  it('is reverted, and its record closed', async () => {
    const record = await raised();
    expect(await revert(record)).toBeUndefined();
    expect(await minReplicas()).toBe(2);
    expect(await statusOf(record)).toMatchObject({
      phase: 'succeeded',
      revertResult: expect.stringContaining('from 3 to 2'),
    });
    expect(await isOpen(record)).toBe(false);
    expect(bench.raised).toEqual([]);
  });

  it('is not reverted before', async () => {
    const record = await raised(ago(-1));
    expect(await revert(record)).toBe(1000);
    expect(await minReplicas()).toBe(3);
    expect(await isOpen(record)).toBe(true);
  });

  it('is reverted when its policy allows no longer, whatever its record says', async () => {
    const { freshnessSeconds, approvalSeconds } = LIMITS;
    const longest = 3600 + freshnessSeconds + approvalSeconds + SCALE_UP.timeoutSeconds;
    const { status } = await raised('2099-01-01T00:00:00Z');
    const record = await bench.put(status, { creationTimestamp: ago(longest - 1) });
    expect(await revert(record)).toBe(1000);
    const older = await bench.put(status, { creationTimestamp: ago(longest) });
    await revert(older);
    expect(await minReplicas()).toBe(2);
  });

  it('is reverted at once when its record does not say when', async () => {
    await revert(await raised('nonsense'));
    expect(await minReplicas()).toBe(2);
  });

  it('is reverted although its record says that it was a dry run', async () => {
    const record = await bench.put({ ...(await raised()).status, dryRun: true });
    await revert(record);
    expect(await minReplicas()).toBe(2);
  });

  it.each<[string, object]>([
    ['target', { target: { ...BACKEND, name: 'frontend' } }],
    ['plan', { plan: undefined }],
    ['autoscaler', { plan: { ...PLAN, details: { ...PLAN.details, name: 'frontend' } } }],
  ])('is not reverted by a record with another %s', async (_what, status) => {
    const record = await bench.put({ ...(await raised()).status, ...status });
    await expect(revert(record)).rejects.toThrow(RecordAltered);
    expect(bench.changes).toEqual([]);
  });

  it('waits while the kill switch is engaged', async () => {
    const record = await raised();
    bench.arm({ stop: 'game day' });
    expect(await revert(record)).toBe(10_000);
    expect(await minReplicas()).toBe(3);
    bench.arm();
    await revert(record);
    expect(await minReplicas()).toBe(2);
  });

  it('waits while another record works on the target', async () => {
    const record = await raised();
    await bench.context.leases.acquire(lockName('scale-up', BACKEND), 'replica-2/another', 30);
    expect(await revert(record)).toBe(1000);
    expect(await minReplicas()).toBe(3);
  });

  it('is reverted even when the mode is dry-run now', async () => {
    const record = await bench.put({ ...(await raised()).status, dryRun: false });
    bench = new Bench({ policies: [SCALE_UP], dryRun: true }, bench);
    await revert(record);
    expect(await minReplicas()).toBe(2);
  });

  it('is gone when its target was deleted', async () => {
    const record = await raised();
    await bench.api.delete(HPA);
    expect(await revert(record)).toBeUndefined();
    expect(await statusOf(record)).toMatchObject({ revertResult: expect.stringContaining('target was deleted') });
    expect(await isOpen(record)).toBe(false);
  });

  it.each([new KubernetesError(503, '', 'busy'), new Error('it failed')])(
    'is retried after: $message',
    async (error) => {
      const record = await raised();
      jest.spyOn(scaleUpAction, 'revert').mockRejectedValueOnce(error);
      await expect(revert(record)).rejects.toBe(error);
      expect(await isOpen(record)).toBe(true);
      expect(await statusOf(record)).not.toHaveProperty('revertResult');
      await revert(record);
      expect(await minReplicas()).toBe(2);
    },
  );

  it('is reverted by one of two replicas that read the record at the same time', async () => {
    const record = await raised();
    await revert(record);
    const { status } = await bench.read(record);
    expect(await revert(record)).toBe(0);
    expect(bench.changes).toEqual(['patch horizontalpodautoscalers backend']);
    expect(await statusOf(record)).toEqual(status);
  });

  it('expires by itself where its action has no revert', async () => {
    bench = new Bench({ policies: [restarts()] }, bench);
    const record = await bench.put({ phase: 'succeeded', target: BACKEND, plan: PLAN, expirationTime: ago(0) });
    await revert(record);
    expect(await statusOf(record)).toMatchObject({ revertResult: 'expired by itself' });
    expect(bench.changes).toEqual([]);
  });
});

describe('A change whose policy was removed', () => {
  const leave = (record: Remediation) =>
    leaveWhenDue(record, 'revert by hand', record.status.expirationTime!, bench.props);

  it('is left alone until it expires: the policy may come back', async () => {
    const record = await raised(ago(-60));
    expect(await leave(record)).toBe(60_000);
    expect(await isOpen(record)).toBe(true);
    expect(bench.raised).toEqual([]);
  });

  it('is left to people when it expires, and notifies them', async () => {
    const record = await raised();
    expect(await leave(record)).toBeUndefined();
    expect(await minReplicas()).toBe(3);
    expect(await statusOf(record)).toMatchObject({ phase: 'succeeded', revertResult: 'revert by hand' });
    expect(await isOpen(record)).toBe(false);
    expect(bench.raised.map(({ labels }) => labels.alertname)).toEqual(['RemediationActionFailed']);
  });
});
