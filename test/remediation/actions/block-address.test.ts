import { blockAddress } from '../../../remediation';
import { blockAddressAction } from '../../../remediation/actions/block-address';
import { type AwsCall, AwsError } from '../../../remediation/clients';
import { ago, NOW } from '../sample';
import { attemptOn, planned } from '../support/attempt';
import { anAlert, Bench, skipped } from '../support/bench';
import { pass, standStill } from '../support/clock';
import { MemoryRedis } from '../support/redis';

standStill();

const { parameters: REDIS } = blockAddress({
  neverBlock: ['8.8.4.0/24'],
  loadBalancers: [],
  ttlSeconds: 3600,
  maximumEntries: 3,
});
type Parameters = typeof REDIS;
const CILIUM: Parameters = { ...REDIS, denylist: { kind: 'cilium-cidr-group', name: 'blocked', version: 'v2' } };
const WAF: Parameters = {
  ...REDIS,
  denylist: {
    kind: 'aws-wafv2-ip-set',
    region: 'eu-central-1',
    scope: 'REGIONAL',
    roleArn: 'arn:aws:iam::1:role/waf',
    ipv4: { id: '4', name: 'blocked-4' },
    ipv6: { id: '6', name: 'blocked-6' },
  },
};

const GROUP = { resource: { group: 'cilium.io', version: 'v2', plural: 'ciliumcidrgroups' }, name: 'blocked' };
const ADDRESS = '20.1.1.1/32';
const NETWORK = '2a00:1450:4001:82a::/64';

let bench: Bench;
let redis: MemoryRedis;
/** IP sets of AWS, by their id. Writing needs the token of the last read. */
let ipSets: Map<string, { addresses: string[]; description?: string; token: number }>;
let awsCalls: { target: string; body: Record<string, unknown> }[];

beforeEach(() => {
  bench = new Bench();
  redis = new MemoryRedis();
  bench.caches.set('redis', redis.client);
  bench.api.put(GROUP.resource, { metadata: { name: 'blocked' }, spec: { externalCIDRs: [] } });
  ipSets = new Map(['4', '6'].map((id) => [id, { addresses: [], token: 1 }]));
  awsCalls = [];
  bench.aws.call = async <R>({ service, region, target, body }: AwsCall) => {
    expect([service, region]).toEqual(['wafv2', 'eu-central-1']);
    awsCalls.push({ target, body: body as Record<string, unknown> });
    return answerOf(target, body as never) as R;
  };
});

function answerOf(target: string, body: { Id: string; Addresses?: string[]; LockToken?: string }): unknown {
  const set = ipSets.get(body.Id)!;
  if (target === 'AWSWAF_20190729.GetIPSet') {
    return { IPSet: { Addresses: set.addresses, Description: set.description }, LockToken: String(set.token) };
  }
  if (body.LockToken !== String(set.token)) {
    throw new AwsError('WAFOptimisticLockException', 'the set has changed');
  }
  ipSets.set(body.Id, { ...set, addresses: body.Addresses!, token: set.token + 1 });
  return { NextLockToken: '' };
}

/** An attempt that began now, for an alert about the address. */
const attempt = (
  parameters: Parameters = REDIS,
  name = ADDRESS,
  props: { dryRun?: boolean; name?: string; labels?: Record<string, string>; startedSecondsAgo?: number } = {},
) => {
  const labels = { client_ip: name.replace(/\/.*/, '') };
  return attemptOn(bench, { parameters, target: { kind: 'Address', name }, labels, ...props });
};
const PLAN = { summary: '', details: { seconds: 3600 } };
const plan = (parameters: Parameters = REDIS, name = ADDRESS) => planned(blockAddressAction, attempt(parameters, name));
const execute = (parameters: Parameters = REDIS, name = ADDRESS, props = {}) =>
  blockAddressAction.execute(attempt(parameters, name, props), PLAN);
const isBlocked = (parameters: Parameters, name = ADDRESS) =>
  blockAddressAction.verify!(attempt(parameters, name), PLAN);
const revert = (parameters: Parameters, name = ADDRESS, props = {}) =>
  blockAddressAction.revert!(attempt(parameters, name, props), PLAN);
/** What a denylist holds, by another way than the denylist's own. */
const entries = async (kind: string): Promise<readonly string[]> => {
  switch (kind) {
    case 'redis':
      return [...redis.keys.keys()].map((key) => key.replace('denylist:', ''));
    case 'cilium':
      return (await bench.api.get<{ spec: { externalCIDRs: string[] } }>(GROUP)).spec.externalCIDRs;
    default:
      return [...ipSets.values()].flatMap(({ addresses }) => addresses);
  }
};

describe('The address of an alert', () => {
  const find = (labels: Readonly<Record<string, string>>, parameters = REDIS) =>
    blockAddressAction.findTarget(anAlert(labels), parameters, bench.context.clients);

  it('is in the label that the policy names', async () => {
    expect(await find({ client_ip: '20.1.1.1' })).toEqual({ kind: 'Address', name: ADDRESS });
    const other = { ...REDIS, label: 'source' };
    expect(await find({ client_ip: '9.9.9.9', source: '20.1.1.1' }, other)).toEqual({ kind: 'Address', name: ADDRESS });
  });

  it.each([{}, { client_ip: '' }])('is unknown without it: %j', async (labels) => {
    expect(await skipped(find(labels as Readonly<Record<string, string>>))).toMatch(/^target-unknown: .*client_ip/);
  });

  it.each(['10.0.0.1', '8.8.4.4', '203.0.113.7', 'localhost'])(
    'is not blocked when it must not be: %s',
    async (address) => {
      expect(await skipped(find({ client_ip: address }))).toMatch(/^address-refused: /);
    },
  );

  it('is known from an alert alone', () => {
    expect(blockAddressAction.targets(REDIS)).toEqual([{ kind: 'Address', name: '' }]);
  });
});

describe.each([
  ['redis', REDIS, undefined],
  ['cilium', CILIUM, 3600],
  ['aws', WAF, 3600],
] as const)('Blocking an address by %s', (kind, parameters, expiresAfterSeconds) => {
  it('is planned for a while', async () => {
    expect(await blockAddressAction.plan(attempt(parameters))).toEqual({
      summary: `block ${ADDRESS} for 60 minutes`,
      details: { seconds: 3600 },
      expiresAfterSeconds,
    });
    expect(await entries(kind)).toEqual([]);
  });

  it('is done, and seen', async () => {
    expect(await isBlocked(parameters)).toBe(0);
    expect(await execute(parameters)).toEqual({ summary: `blocked ${ADDRESS}` });
    expect(await execute(parameters, NETWORK)).toEqual({ summary: `blocked ${NETWORK}` });
    expect(await entries(kind)).toEqual([ADDRESS, NETWORK]);
    expect([await isBlocked(parameters), await isBlocked(parameters, NETWORK)]).toEqual([1, 1]);
    expect(await isBlocked(parameters, '9.9.9.9/32')).toBe(0);
  });

  it('is done once', async () => {
    await execute(parameters);
    expect(await execute(parameters)).toEqual({ summary: `${ADDRESS} was already blocked` });
    expect(await entries(kind)).toEqual([ADDRESS]);
  });

  it('is not planned when it is blocked already', async () => {
    await execute(parameters);
    expect(await plan(parameters)).toMatch(/^nothing-to-do: 20\.1\.1\.1\/32/);
    expect(await plan(parameters, NETWORK)).toMatch(/^block /);
  });

  it('is not planned when too many are blocked', async () => {
    await execute(parameters, '2.2.2.2/32');
    await execute(parameters, NETWORK);
    expect(await plan(parameters)).toMatch(/^block /);
    await execute(parameters, '3.3.3.3/32');
    expect(await plan(parameters)).toMatch(/^budget-exhausted: 3 /);
  });

  it('is not done in a dry run', async () => {
    expect(await execute(parameters, ADDRESS, { dryRun: true })).toEqual({ summary: `would block ${ADDRESS}` });
    expect(await entries(kind)).toEqual([]);
    await execute(parameters);
    expect((await execute(parameters, ADDRESS, { dryRun: true })).summary).toContain('already');
  });

  it.each(['2.2.2.2', undefined, '10.0.0.1', '8.8.4.4'])('is not done for an alert about %s', async (address) => {
    const labels: Record<string, string> = address ? { client_ip: address } : {};
    for (const name of [ADDRESS, '0.0.0.0/0', '8.8.4.4/32', '10.0.0.1/32']) {
      await expect(execute(parameters, name, { labels })).rejects.toThrow();
    }
    expect(await entries(kind)).toEqual([]);
  });

  it.each([undefined, 'nonsense', '2099-01-01T00:00:00Z'])('is not done when it began %s', async (time) => {
    const { record, ...rest } = attempt(parameters);
    const forged = { ...record, status: { ...record.status, executionStartTime: time } };
    expect(await skipped(blockAddressAction.execute({ ...rest, record: forged }, PLAN))).toMatch(/^alert-stale: /);
    expect(await entries(kind)).toEqual([]);
  });

  it('takes its target from the alert alone', () => {
    const is = (name: string, address: string) =>
      blockAddressAction.isTarget!({ kind: 'Address', name }, anAlert({ client_ip: address }), parameters);
    expect([is(ADDRESS, '20.1.1.1'), is(NETWORK, '2a00:1450:4001:82a::5')]).toEqual([true, true]);
    // By now it is exempt, and it is still unblocked.
    expect(is('8.8.4.4/32', '8.8.4.4')).toBe(true);
    expect([is('0.0.0.0/0', '20.1.1.1'), is(ADDRESS, '20.1.1.2'), is('', ''), is('', 'nonsense')]).not.toContain(true);
  });

  it('is not done when its time is over by then', async () => {
    await pass(3599);
    expect((await execute(parameters)).summary).toBe(`blocked ${ADDRESS}`);
    await pass(1);
    expect(await skipped(execute(parameters, NETWORK))).toMatch(/^alert-stale: /);
    expect(await entries(kind)).toEqual([ADDRESS]);
  });

  it('is reverted, and of no other address', async () => {
    await execute(parameters);
    await execute(parameters, '2.2.2.2/32');
    expect(await revert(parameters)).toBe(`unblocked ${ADDRESS}`);
    expect(await entries(kind)).toEqual(['2.2.2.2/32']);
    expect(await revert(parameters)).toMatch(/^left 20\.1\.1\.1\/32/);
  });

  it('is not reverted in a dry run', async () => {
    await execute(parameters);
    expect(await revert(parameters, ADDRESS, { dryRun: true })).toBe(`unblocked ${ADDRESS}`);
    expect(await entries(kind)).toEqual([ADDRESS]);
  });
});

describe('A denylist in Redis', () => {
  it('keeps why an address is blocked, and until when', async () => {
    await pass(600);
    await execute();
    const value = JSON.stringify({ record: 'sample', since: ago(-600) });
    expect(redis.sent.at(-1)).toEqual(['SET', `denylist:${ADDRESS}`, value, 'EX', 3000, 'NX']);
    expect(NOW).toEqual(new Date(ago(0)));
  });

  it.each(['{"record":"another"}', '{}', 'nonsense', ''])('keeps an entry of another record: %s', async (value) => {
    redis.keys.set(`denylist:${ADDRESS}`, value);
    expect(await revert(REDIS)).toMatch(/^left /);
    expect(await entries('redis')).toEqual([ADDRESS]);
  });

  it('says that nothing was reverted when the key expires at the same moment', async () => {
    await execute();
    redis.before = (command) => {
      if (command === 'UNLINK') {
        redis.keys.clear();
      }
    };
    expect(await revert(REDIS)).toMatch(/^left /);
  });

  it('is skipped in a Redis Cluster', async () => {
    redis.hello = { mode: 'cluster' };
    expect(await plan()).toMatch(/^target-not-allowed: .*cluster/);
  });

  it('stops counting at the limit', async () => {
    for (let index = 0; index < 5000; index += 1) {
      redis.keys.set(`denylist:${index}`, '');
    }
    expect(await plan()).toMatch(/^budget-exhausted: /);
    expect(redis.sent.filter(([command]) => command === 'SCAN')).toHaveLength(1);
  });

  it('stops counting as soon as the limit is reached', async () => {
    redis.keys.set('denylist:a', '').set('denylist:b', '').set('denylist:c', '');
    for (let index = 0; index < 2500; index += 1) {
      redis.keys.set(`other:${index}`, '');
    }
    await plan();
    expect(redis.sent.filter(([command]) => command === 'SCAN')).toHaveLength(1);
  });

  it('counts across steps, and its own keys alone', async () => {
    for (let index = 0; index < 2500; index += 1) {
      redis.keys.set(`other:${index}`, '');
    }
    redis.keys.set('denylist:a', '').set('denylist:b', '');
    expect(await plan()).toMatch(/^block /);
    redis.keys.set('denylist:c', '');
    expect(await plan()).toMatch(/^budget-exhausted: /);
  });
});

describe('A group of Cilium', () => {
  it('must exist', async () => {
    await bench.api.delete(GROUP);
    expect(await plan(CILIUM)).toMatch(/^target-unknown: .*blocked/);
  });

  it('is not written when somebody changes it at the same moment', async () => {
    const end = bench.api.failOn((verb) => {
      if (verb === 'patch') {
        end();
        bench.api.put(GROUP.resource, { metadata: { name: 'blocked' }, spec: { externalCIDRs: ['4.4.4.4/32'] } });
      }
      return undefined;
    });
    await expect(execute(CILIUM)).rejects.toMatchObject({ isConflict: true });
    expect(await entries('cilium')).toEqual(['4.4.4.4/32']);
  });

  it('holds an address in any notation', async () => {
    const spec = { externalCIDRs: ['2A00:1450:4001:082A:0::/64', '2.2.2.2/32'] };
    bench.api.put(GROUP.resource, { metadata: { name: 'blocked' }, spec });
    expect(await isBlocked(CILIUM, NETWORK)).toBe(1);
    expect(await revert(CILIUM, NETWORK)).toBe(`unblocked ${NETWORK}`);
    expect(await entries('cilium')).toEqual(['2.2.2.2/32']);
  });
});

describe('An IP set of AWS', () => {
  const updates = () => awsCalls.filter(({ target }) => target.endsWith('UpdateIPSet')).map(({ body }) => body);

  it('is replaced as a whole, with what it was read with', async () => {
    ipSets.set('4', { addresses: ['2.2.2.2/32'], description: 'blocked by the webhook', token: 7 });
    await execute(WAF);
    expect(updates()).toEqual([
      {
        ...{ Id: '4', Name: 'blocked-4', Scope: 'REGIONAL', Description: 'blocked by the webhook', LockToken: '7' },
        Addresses: ['2.2.2.2/32', ADDRESS],
      },
    ]);
  });

  it('without a description gets none', async () => {
    await execute(WAF, NETWORK);
    expect(updates()[0]).toMatchObject({ Id: '6', Name: 'blocked-6' });
    expect(updates()[0]).not.toHaveProperty('Description');
  });

  it('holds an address in any notation', async () => {
    ipSets.set('6', { addresses: ['2a00:1450:4001:082a:0000:0000:0000:0000/64'], token: 1 });
    expect(await isBlocked(WAF, NETWORK)).toBe(1);
    expect((await execute(WAF, NETWORK)).summary).toContain('already');
    expect(await revert(WAF, NETWORK)).toBe(`unblocked ${NETWORK}`);
    expect(await entries('aws')).toEqual([]);
  });

  /** Lets somebody else change the set before each of the next writes. */
  const interfere = (times: number, error: Error = new AwsError('WAFOptimisticLockException', 'changed')) => {
    let left = times;
    const { call } = bench.aws;
    bench.aws.call = async (request, signal) => {
      if (request.target.endsWith('UpdateIPSet') && left > 0) {
        left -= 1;
        awsCalls.push({ target: request.target, body: {} });
        const set = ipSets.get('4')!;
        ipSets.set('4', { ...set, addresses: [...set.addresses, `4.4.4.${left}/32`], token: set.token + 1 });
        throw error;
      }
      return call(request, signal);
    };
  };

  it('that somebody changes at the same moment is read and written again', async () => {
    interfere(4);
    const done = execute(WAF);
    await pass(10);
    expect(await done).toEqual({ summary: `blocked ${ADDRESS}` });
    expect(await entries('aws')).toEqual(['4.4.4.3/32', '4.4.4.2/32', '4.4.4.1/32', '4.4.4.0/32', ADDRESS]);
  });

  it.each([
    [0, 100],
    [0.5, 200],
  ])('is written again with a growing delay and jitter (%d)', async (random, first) => {
    jest.spyOn(Math, 'random').mockReturnValue(random);
    interfere(2);
    const done = execute(WAF);
    await pass((first - 1) / 1000);
    expect(updates()).toHaveLength(1);
    await pass(0.001);
    expect(updates()).toHaveLength(2);
    await pass((2 * first - 1) / 1000);
    expect(updates()).toHaveLength(2);
    await pass(0.001);
    await done;
    expect(updates()).toHaveLength(3);
  });

  it('that changes all the time fails after five tries', async () => {
    interfere(5);
    const done = expect(execute(WAF)).rejects.toThrow('changed');
    await pass(20);
    await done;
    expect(updates()).toHaveLength(5);
  });

  it('is not written again after any other error', async () => {
    interfere(1, new AwsError('AccessDeniedException', 'may not'));
    await expect(execute(WAF)).rejects.toThrow('may not');
    interfere(1, new TypeError('fetch failed'));
    await expect(execute(WAF)).rejects.toThrow('fetch failed');
  });
});
