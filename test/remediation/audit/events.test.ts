import { Events } from '../../../remediation/audit';
import { KubernetesError, RESOURCES } from '../../../remediation/kubernetes';
import type { Target } from '../../../remediation/record';
import { MemoryKubernetes } from '../../../testing/memory-kubernetes';
import { ago, NOW, record } from '../sample';
import { APPLICATION, BACKEND } from '../support/bench';
import { pass, standStill } from '../support/clock';

standStill();

let api: MemoryKubernetes;
let events: Events;
let logged: { level: string; message: string; fields: unknown }[];
beforeEach(() => {
  api = new MemoryKubernetes();
  logged = [];
  events = new Events(api, 'replica-1', (level, message, fields) => void logged.push({ level, message, fields }));
});

const TARGET = { ...BACKEND, uid: '00000000-0000-4000-8000-000000000001' };
const EVENT = { reason: 'RemediationSkipped', message: 'too soon', warning: false };
const emit = (changes: Partial<typeof EVENT> = {}, target: Target | undefined = TARGET, name = 'sample') =>
  events.emit(record('skipped', 0, {}, name), target, { ...EVENT, ...changes });
interface Written {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly reason: string;
  readonly count: number;
  readonly lastTimestamp: string;
}
const written = () => api.list<Written>(RESOURCES.events);
const counts = async () => (await written()).map(({ count }) => count);

describe('An Event', () => {
  it('is written for its target, where "kubectl describe" shows it', async () => {
    await emit();
    expect(await written()).toMatchObject([
      {
        metadata: { name: expect.stringMatching(/^sample\.[0-9a-z]+$/), namespace: APPLICATION },
        involvedObject: TARGET,
        ...{ reason: 'RemediationSkipped', message: 'too soon', type: 'Normal', count: 1 },
        source: { component: 'remediation-webhook' },
        ...{ reportingComponent: 'remediation-webhook', reportingInstance: 'replica-1' },
        ...{ firstTimestamp: NOW.toISOString(), lastTimestamp: NOW.toISOString() },
      },
    ]);
  });

  it('is a warning about an attempt without success', async () => {
    await emit({ warning: true });
    expect(await written()).toMatchObject([{ type: 'Warning' }]);
  });

  it.each([undefined, { kind: 'Address', name: '192.0.2.7/32' }])(
    'is written for the record where the target is outside Kubernetes: %j',
    async (target) => {
      const about = { ...record('skipped'), metadata: { name: 'sample', namespace: 'monitoring', uid: 'u' } };
      await events.emit(about, target, EVENT);
      expect(await written()).toMatchObject([
        {
          metadata: { namespace: 'monitoring' },
          involvedObject: {
            ...{ apiVersion: 'monitoring.sightedit.com/v1alpha1', kind: 'Remediation' },
            ...{ namespace: 'monitoring', name: 'sample', uid: 'u' },
          },
        },
      ]);
    },
  );

  it('is in the namespace default where its object is in none', async () => {
    await emit({}, { apiVersion: 'v1', kind: 'Node', name: 'node-1' });
    await events.emit(record('skipped'), undefined, { ...EVENT, reason: 'Other' });
    expect((await written()).map(({ metadata }) => metadata.namespace)).toEqual(['default', 'default']);
  });

  it('has a unique name', async () => {
    await emit();
    await emit({ reason: 'RemediationFailed' });
    expect(new Set((await written()).map(({ metadata }) => metadata.name)).size).toBe(2);
  });

  it('that cannot be written is logged, and throws nothing', async () => {
    api.failOn(() => new KubernetesError(403, 'Forbidden', 'may not create events'));
    await emit();
    expect(logged).toEqual([
      { level: 'warn', message: expect.stringContaining('may not create events'), fields: { record: 'sample' } },
    ]);
  });

  it('that could not be written is written the next time', async () => {
    const recover = api.failOn(() => new KubernetesError(503, '', 'busy'));
    await emit();
    recover();
    await emit();
    expect(await counts()).toEqual([1]);
  });
});

describe('An Event that happens again', () => {
  it('within five minutes is the same one, with a count', async () => {
    await emit();
    await pass(100);
    await emit({ message: 'another message' }, TARGET, 'another-record');
    await pass(199.999);
    await emit();
    expect(await counts()).toEqual([1]);
    await events.flush();
    expect(await written()).toMatchObject([{ count: 3, lastTimestamp: ago(-299.999) }]);
  });

  it('after five minutes is another one', async () => {
    await emit();
    await pass(300);
    await emit();
    expect(await counts()).toEqual([1, 1]);
  });

  it.each<[string, () => Promise<void>]>([
    ['about another object', () => emit({}, { ...TARGET, name: 'frontend' })],
    ['about an object of another kind', () => emit({}, { ...TARGET, kind: 'StatefulSet' })],
    ['in another namespace', () => emit({}, { ...TARGET, namespace: 'other' })],
    ['with another reason', () => emit({ reason: 'RemediationFailed' })],
    [
      'for another policy',
      () => {
        const { spec, ...rest } = record('skipped');
        return events.emit({ ...rest, spec: { ...spec, policy: 'other' } }, TARGET, EVENT);
      },
    ],
  ])('%s is another one', async (_what, other) => {
    await emit();
    await other();
    expect(await counts()).toEqual([1, 1]);
  });

  it('has its count written once, and again when it grows', async () => {
    await emit();
    await events.flush();
    expect(api.writes).toHaveLength(1);
    await emit();
    await events.flush();
    await events.flush();
    expect(api.writes).toHaveLength(2);
    await emit();
    await events.flush();
    expect(await counts()).toEqual([3]);
  });

  it('has its last count written when its time is over, and is forgotten then', async () => {
    await emit();
    await emit();
    await pass(400);
    await events.flush();
    expect(await counts()).toEqual([2]);
    api.writes.length = 0;
    await events.flush();
    expect(api.writes).toEqual([]);
  });

  it('is remembered until its time is over', async () => {
    await emit();
    await pass(299.999);
    await events.flush();
    await emit();
    await events.flush();
    expect(await counts()).toEqual([2]);
  });

  it('whose count cannot be written is logged, and the others are written', async () => {
    await emit();
    await emit();
    await emit({ reason: 'RemediationFailed' });
    await emit({ reason: 'RemediationFailed' });
    const [first] = await written();
    api.failOn((verb, _resource, name) =>
      verb === 'patch' && name === first!.metadata.name ? new KubernetesError(404, '', 'gone') : undefined,
    );
    await events.flush();
    expect((await counts()).sort()).toEqual([1, 2]);
    expect(logged).toEqual([
      { level: 'warn', message: expect.stringContaining('gone'), fields: { event: first!.metadata.name } },
    ]);
  });
});
