import { changeCounts, type Story, violations } from '../../scripts/attack/invariants';
import { Random } from '../../scripts/attack/random';
import type { AuditedRequest } from '../../testing/audit';

const WEBHOOK = 'system:serviceaccount:sightedit-monitoring:remediation-webhook';
const at = (seconds: number) => new Date(1_000_000 + seconds * 1000);
const restart = (generation: number, observedGeneration = generation - 1, annotations: object = RESTARTED) => ({
  sent: { metadata: { resourceVersion: '1' }, spec: { template: { metadata: { annotations } } } },
  got: { metadata: { generation }, spec: { generation }, status: { observedGeneration } },
});
const RESTARTED = { 'kubectl.kubernetes.io/restartedAt': '2026-03-04T12:00:00Z' };
const minimum = (minReplicas: number) => ({ sent: {}, got: { spec: { minReplicas } } });
const ranges = (...externalCIDRs: string[]) => ({ sent: {}, got: { spec: { externalCIDRs } } });

interface Entry {
  readonly seconds?: number;
  readonly user?: string;
  readonly verb?: string;
  readonly uri?: string;
  readonly code?: number;
}

function logged(
  resource: string,
  name: string,
  { sent, got }: { sent: object; got: object },
  { seconds = 10, user = WEBHOOK, verb = 'patch', uri = '/x', code = 200 }: Entry = {},
): AuditedRequest {
  return {
    ...{ verb, requestURI: uri, user: { username: user }, objectRef: { resource, name }, responseStatus: { code } },
    ...{ requestReceivedTimestamp: at(seconds).toISOString(), requestObject: sent, responseObject: got },
  };
}

const fired = (remediation: string, labels: Record<string, string>, from = 0, to = 100) => ({
  labels: { remediation, namespace: 'sightedit', ...labels },
  ...{ from: at(from).getTime(), to: at(to).getTime() },
});
const STORY: Story = {
  fired: [
    fired('restart-workload', { deployment: 'one' }),
    fired('scale-up', { deployment: 'one' }),
    fired('block-address', { client_ip: '203.0.113.1' }),
  ],
  epochs: [
    { mode: 'active', from: at(0).getTime(), to: at(50).getTime() },
    { mode: 'dry-run', from: at(50).getTime(), to: at(100).getTime() },
  ],
  budget: 2,
};
const found = (...log: AuditedRequest[]) => violations(log, STORY);

describe('The invariants of a campaign', () => {
  it('hold for repairs of alerts that fire, and for their reverts', () => {
    const log = [
      logged('deployments', 'one', restart(2)),
      logged('deployments', 'one', restart(3, 2)),
      logged('horizontalpodautoscalers', 'one', minimum(6)),
      logged('horizontalpodautoscalers', 'one', minimum(2), { seconds: 70 }),
      logged('ciliumcidrgroups', 'blocked-addresses', ranges('203.0.113.1/32')),
      logged('ciliumcidrgroups', 'blocked-addresses', ranges(), { seconds: 70 }),
      logged('leases', 'a', { sent: {}, got: {} }, { verb: 'delete' }),
    ];
    expect(found(...log)).toEqual([]);
    expect(Object.fromEntries(changeCounts(log))).toEqual({
      ...{ 'restart-workload': 2, 'scale-up': 1, 'scale-up, reverted': 1 },
      ...{ 'block-address': 1, 'block-address, reverted': 1 },
    });
  });

  it.each<[string, Entry]>([
    ['was only asked about', { uri: '/x?dryRun=All' }],
    ['was rejected', { code: 403 }],
    ['somebody else has made', { user: 'admin' }],
  ])('do not count what %s', (_what, entry) => {
    expect(found(logged('deployments', 'quiet', restart(2), entry))).toEqual([]);
  });

  it('do not count a repetition that changes nothing', () => {
    const one = logged('deployments', 'one', restart(2));
    expect(found(one, one, one, one)).toEqual([]);
  });

  it.each<[string, RegExp, AuditedRequest[]]>([
    ['another object', /quiet: is outside policy/, [logged('deployments', 'quiet', restart(2))]],
    ['another field', /outside policy/, [logged('deployments', 'one', restart(2, 1, { 'other/annotation': 'x' }))]],
    ['another resource', /outside policy/, [logged('secrets', 'one', restart(2))]],
    ['another verb', /delete/, [logged('deployments', 'one', restart(2), { verb: 'delete' })]],
    ['no alert', /two, and no alert fired/, [logged('deployments', 'two', restart(2))]],
    ['an alert before it fires', /no alert fired/, [logged('deployments', 'one', restart(2), { seconds: -1 })]],
    ['a second restart meanwhile', /twice/, [logged('deployments', 'one', restart(3, 1))]],
    ['a dry run', /changed in dry-run/, [logged('deployments', 'one', restart(2), { seconds: 60 })]],
    ['too many replicas', /minReplicas 7/, [logged('horizontalpodautoscalers', 'one', minimum(7))]],
    ['every address', /blocked 0\.0\.0\.0/, [logged('ciliumcidrgroups', 'blocked-addresses', ranges('0.0.0.0/0'))]],
    [
      'an address without an alert',
      /203\.0\.113\.2, and no alert/,
      [logged('ciliumcidrgroups', 'blocked-addresses', ranges('203.0.113.2/32'))],
    ],
    [
      'more than the budget',
      /3 changes with a budget of 2/,
      [2, 3, 4].map((generation) => logged('deployments', 'one', restart(generation))),
    ],
  ])('are violated by %s', (_what, message, log) => {
    expect(found(...log)).toContainEqual(expect.stringMatching(message));
  });
});

describe('The choices of a campaign', () => {
  it('follow from the seed', () => {
    const choices = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => [random.below(100), random.pick(['a', 'b']), random.fingerprint()]);
    };
    expect(choices(7)).toEqual(choices(7));
    expect(choices(7)).not.toEqual(choices(8));
  });
});
