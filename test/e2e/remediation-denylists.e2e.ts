import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attempt, blockAddress } from '../../remediation';
import { type BlockAddress, blockAddressAction } from '../../remediation/actions/block-address';
import { REDIS_RIGHTS } from '../../remediation/actions/redis-rights';
import { type ConnectionSettings, Connections } from '../../remediation/clients';
import { temporaryDirectory } from '../../testing/cleanup';
import { waitFor } from '../../testing/server';
import { alert } from '../../testing/webhook';
import { type ApiRequest, apiAs, errorOf } from './support/api';
import { type StandInForAws, startStandInForAws } from './support/aws';
import { REDIS_PASSWORD, type RunningRedis, startRedis } from './support/redis';
import { endings, recordsOf, Stage, WEBHOOK } from './support/remediation';

const REGION = 'eu-central-1';
const ROLE = 'arn:aws:iam::123456789012:role/not-a-real-role';
const IDENTITY = 'not-a-real-identity-token';
const IPV4 = { Id: '11111111-1111-4111-8111-111111111111', Name: 'blocked-ipv4', Description: 'by the webhook' };
const IPV6 = { Id: '22222222-2222-4222-8222-222222222222', Name: 'blocked-ipv6', Description: 'by the webhook' };

const OFTEN = { cooldownSeconds: 0, budgetPerHour: 20 } as const;
/** Addresses for documentation, which nobody uses, stand for those of attackers. */
const REHEARSAL = {
  rehearsal: true,
  neverBlock: ['198.51.100.0/24', '2001:db8:ffff::/48'],
  loadBalancers: ['203.0.113.255/32'],
  ...OFTEN,
} as const;
const GROUP = { kind: 'cilium-cidr-group', name: 'blocked-addresses' } as const;
const IP_SETS = {
  kind: 'aws-wafv2-ip-set',
  region: REGION,
  scope: 'REGIONAL',
  roleArn: ROLE,
  ipv4: { id: IPV4.Id, name: IPV4.Name },
  ipv6: { id: IPV6.Id, name: IPV6.Name },
} as const;
/** The webhook itself unblocks addresses in denylists without expiry. */
const BRIEFLY = 8;

const POLICIES = [
  blockAddress({ ...REHEARSAL, ttlSeconds: 600 }),
  blockAddress({ name: 'block-briefly', ...REHEARSAL, ttlSeconds: 3 }),
  blockAddress({ name: 'block-for-real', neverBlock: ['9.9.9.0/24', '2620:fe::/48'], loadBalancers: [], ...OFTEN }),
  blockAddress({
    name: 'block-two',
    ...REHEARSAL,
    denylist: { kind: 'redis-denylist', connection: 'redis', keyPrefix: 'denylist:two:' },
    maximumEntries: 2,
  }),
  blockAddress({ name: 'block-in-cilium', ...REHEARSAL, denylist: GROUP, ttlSeconds: BRIEFLY }),
  blockAddress({ name: 'block-in-nothing', ...REHEARSAL, denylist: { ...GROUP, name: 'not-there' } }),
  blockAddress({ name: 'block-in-aws', ...REHEARSAL, denylist: IP_SETS, ttlSeconds: BRIEFLY }),
];

let stage: Stage;
let redis: RunningRedis;
let aws: StandInForAws;
let connections: ConnectionSettings;

beforeAll(async () => {
  redis = await startRedis({ remediation: REDIS_RIGHTS.denylist });
  aws = await startStandInForAws({ region: REGION, roleArn: ROLE, identityToken: IDENTITY, sets: [IPV4, IPV6] });
  const directory = temporaryDirectory();
  const [passwordFile, tokenFile] = [join(directory, 'password'), join(directory, 'token')];
  writeFileSync(passwordFile, `${REDIS_PASSWORD}\n`);
  writeFileSync(tokenFile, `${IDENTITY}\n`);
  connections = { redis: { kind: 'redis', host: '127.0.0.1', port: redis.port, user: 'remediation', passwordFile } };
  const env = { AWS_ENDPOINT_URL: aws.url, AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile };
  stage = await Stage.set(POLICIES, { budgetPerHour: 60 }, { connections, env });
});
afterAll(() => aws?.stop());

const asks = (policy: string, address: string) => alert({ remediation: policy, client_ip: address });
const ttl = (key: string) => redis.admin.pttl(key);

describe('The denylist in Redis', () => {
  afterEach(() => redis.empty());

  it.each([
    ['203.0.113.7', 'denylist:203.0.113.7/32'],
    ['::ffff:203.0.113.8', 'denylist:203.0.113.8/32'],
    ['2001:DB8:0:1:a:b:c:d', 'denylist:2001:db8:0:1::/64'],
    ['2001:db8:0:2::', 'denylist:2001:db8:0:2::/64'],
  ])('blocks %s by the key %s, as its contract with the application says', async (address, key) => {
    const [record] = await stage.outcome(asks('block-address', address));
    expect(record!.status).toMatchObject({ phase: 'succeeded', target: { kind: 'Address', name: key.slice(9) } });
    expect(await redis.admin.keys('*')).toEqual([key]);
    expect(JSON.parse((await redis.admin.get(key))!)).toEqual({
      record: record!.metadata.name,
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect(await ttl(key)).toBeGreaterThan(590_000);
    expect(await ttl(key)).toBeLessThanOrEqual(600_000);
  });

  it('unblocks an address when it expires', async () => {
    const key = 'denylist:203.0.113.7/32';
    expect(endings(await stage.outcome(asks('block-briefly', '203.0.113.7')))).toEqual(['succeeded']);
    await waitFor('the address to be free', async () => (await redis.admin.exists(key)) === 0, { timeoutSeconds: 5 });
    // It can be blocked again.
    expect(endings(await stage.outcome(asks('block-briefly', '203.0.113.7')))).toEqual(['succeeded']);
    expect(await redis.admin.exists(key)).toBe(1);
  });

  it('keeps the first expiry when it is blocked again, also after a restart of the webhook', async () => {
    const key = 'denylist:203.0.113.7/32';
    await stage.outcome(asks('block-address', '203.0.113.7'));
    const [before, value] = [await ttl(key), await redis.admin.get(key)];
    expect(endings(await stage.outcome(asks('block-address', '203.0.113.7')))).toEqual(['skipped(nothing-to-do)']);
    await stage.restart();
    expect(endings(await stage.outcome(asks('block-address', '::ffff:203.0.113.7')))).toEqual([
      'skipped(nothing-to-do)',
    ]);
    expect(await ttl(key)).toBeLessThan(before);
    expect(await ttl(key)).toBeGreaterThan(0);
    expect(await redis.admin.get(key)).toBe(value);
  });

  it('is written once after a crash, and not after its end', async () => {
    const opened = new Connections(connections);
    const run = {
      record: {
        metadata: { name: 'sample' },
        spec: { alert: asks('block-address', '203.0.113.7') },
        status: { executionStartTime: new Date().toISOString() },
      },
      target: { kind: 'Address', name: '203.0.113.7/32' },
      parameters: POLICIES[0]!.parameters,
      clients: { cache: (name: string) => opened.cache(name), now: () => new Date() },
      dryRun: false,
      signal: AbortSignal.timeout(30_000),
    } as unknown as Attempt<BlockAddress>;
    const plan = await blockAddressAction.plan(run);
    expect(await blockAddressAction.execute(run, plan)).toEqual({ summary: 'blocked 203.0.113.7/32' });
    const before = await ttl('denylist:203.0.113.7/32');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await blockAddressAction.execute(run, plan)).toEqual({ summary: '203.0.113.7/32 was already blocked' });
    expect(await ttl('denylist:203.0.113.7/32')).toBeLessThan(before);
    const began = new Date(Date.now() - 600_000).toISOString();
    const late = { ...run, record: { ...run.record, status: { executionStartTime: began } } } as Attempt<BlockAddress>;
    await expect(blockAddressAction.execute(late, plan)).rejects.toMatchObject({ reason: 'alert-stale' });

    // The entry of another record stays.
    const other = { ...run, record: { metadata: { name: 'other' } } } as Attempt<BlockAddress>;
    expect(await blockAddressAction.revert!(other, plan)).toMatch(/^left /);
    expect(await blockAddressAction.verify!(run, plan)).toBe(1);
    expect(await blockAddressAction.revert!(run, plan)).toBe('unblocked 203.0.113.7/32');
    expect(await blockAddressAction.verify!(run, plan)).toBe(0);
    await opened.close();
  });

  it('holds no more addresses than the policy says', async () => {
    const answers = [];
    for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) {
      answers.push(...endings(await stage.outcome(asks('block-two', address))));
    }
    expect(answers).toEqual(['succeeded', 'succeeded', 'skipped(budget-exhausted)']);
    expect(await redis.admin.keys('*')).toHaveLength(2);
  });

  it('is not written in a dry run', async () => {
    await stage.restart({ mode: 'dry-run' });
    const [record] = await stage.outcome(asks('block-address', '203.0.113.7'));
    await stage.restart();
    expect(record!.status).toMatchObject({ phase: 'dry-run', effect: 'would block 203.0.113.7/32' });
    expect(await redis.admin.dbsize()).toBe(0);
  });

  it('needs a Redis user without other permissions', async () => {
    const free = ['auth', 'hello', 'quit', 'reset'];
    const needed = ['client|setname', 'exists', 'get', 'scan', 'set', 'unlink'];
    expect(await redis.allowed('remediation', 'denylist:1')).toEqual([...free, ...needed].sort());
    expect(await redis.admin.call('ACL', 'DRYRUN', 'remediation', 'set', 'session:1', 'x')).toMatch(
      /no permissions to access/,
    );
  });

  describe('is left as it is', () => {
    it.each([
      ['a private address', 'block-for-real', '10.1.2.3', 'address-refused'],
      ['another private address', 'block-for-real', '192.168.0.1', 'address-refused'],
      ['an address behind a carrier', 'block-for-real', '100.64.0.1', 'address-refused'],
      ['loopback', 'block-for-real', '127.0.0.1', 'address-refused'],
      ['the address of metadata in a cloud', 'block-for-real', '169.254.169.254', 'address-refused'],
      ['nobody', 'block-for-real', '0.0.0.0', 'address-refused'],
      ['a private address in IPv6', 'block-for-real', '::ffff:10.0.0.1', 'address-refused'],
      ['the same in hexadecimal', 'block-for-real', '::ffff:a00:1', 'address-refused'],
      ['the same behind NAT64', 'block-for-real', '64:ff9b::10.0.0.1', 'address-refused'],
      ['a unique local address', 'block-for-real', 'fd00::1', 'address-refused'],
      ['a link-local address with its zone', 'block-for-real', 'fe80::1%eth0', 'address-refused'],
      ['an address for documentation outside of rehearsals', 'block-for-real', '203.0.113.7', 'address-refused'],
      ['an address that is exempt', 'block-for-real', '9.9.9.9', 'address-refused'],
      ['the same in IPv6', 'block-for-real', '::ffff:9.9.9.9', 'address-refused'],
      ['a /64 that is exempt', 'block-for-real', '2620:fe::9', 'address-refused'],
      ['octal', 'block-for-real', '010.8.8.8', 'address-refused'],
      ['a resolver that everybody knows', 'block-for-real', '8.8.8.8', 'address-refused'],
      ['a load balancer', 'block-address', '203.0.113.255', 'address-refused'],
      ['hexadecimal', 'block-for-real', '0x08.8.8.8', 'address-refused'],
      ['one number', 'block-for-real', '134744072', 'address-refused'],
      ['three numbers', 'block-for-real', '8.8.8', 'address-refused'],
      ['a range', 'block-for-real', '0.0.0.0/0', 'address-refused'],
      ['a command', 'block-for-real', '1.2.3.4; rm -rf /', 'address-refused'],
      ['a line break', 'block-for-real', '1.2.3.4\n', 'address-refused'],
      ['a key', 'block-for-real', '1.2.3.4/32\r\nSET x y', 'address-refused'],
      ['two addresses', 'block-for-real', '1.2.3.4, 8.8.8.8', 'address-refused'],
      ['a space before it', 'block-for-real', ' 8.8.8.8', 'address-refused'],
      ['a port', 'block-for-real', '8.8.8.8:443', 'address-refused'],
      ['a word', 'block-for-real', 'localhost', 'address-refused'],
      ['a thousand digits', 'block-for-real', '1'.repeat(1000), 'address-refused'],
      ['nothing', 'block-for-real', '', 'target-unknown'],
    ])('for %s', async (_, policy, address, reason) => {
      const before = await redis.calls('set');
      expect(endings(await stage.outcome(asks(policy, address)))).toEqual([`skipped(${reason})`]);
      expect([await redis.admin.dbsize(), await redis.calls('set')]).toEqual([0, before]);
    });

    it('for an alert without the label', async () => {
      expect(endings(await stage.outcome(alert({ remediation: 'block-for-real' })))).toEqual([
        'skipped(target-unknown)',
      ]);
    });

    it('but not for an address of the Internet', async () => {
      expect(endings(await stage.outcome(asks('block-for-real', '20.42.1.7')))).toEqual(['succeeded']);
      expect(await redis.admin.keys('*')).toEqual(['denylist:20.42.1.7/32']);
    });
  });
});

describe('The CiliumCIDRGroup', () => {
  const PATH = '/apis/cilium.io/v2/ciliumcidrgroups';
  /** An entry that was written by hand. */
  const BY_HAND = ['198.51.100.0/24', '2001:db8:aaaa::/48', '192.0.2.1/32'];

  let asWebhook: ReturnType<typeof apiAs>;
  const addresses = async () => {
    const group = await stage.kubernetes.send<{ spec: { externalCIDRs: string[] } }>('GET', `${PATH}/${GROUP.name}`);
    return group.spec.externalCIDRs;
  };

  beforeAll(async () => {
    asWebhook = apiAs(stage.kubernetes, stage.deployed.tokenFile);
    await stage.kubernetes.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', DEFINITION);
    await stage.kubernetes.kubectl('wait', '--for=condition=Established', `crd/${DEFINITION.metadata.name}`);
    for (const name of [GROUP.name, 'somebody-elses']) {
      await stage.kubernetes.send('POST', PATH, {
        apiVersion: 'cilium.io/v2',
        kind: 'CiliumCIDRGroup',
        metadata: { name, labels: { team: 'security' } },
        spec: { externalCIDRs: BY_HAND },
      });
    }
  });

  it('gets an address, and loses it when it expires', async () => {
    const request = asks('block-in-cilium', '203.0.113.7');
    const [record] = await stage.outcome(request);
    expect(record!.status).toMatchObject({ phase: 'succeeded', effect: 'blocked 203.0.113.7/32' });
    expect(await addresses()).toEqual([...BY_HAND, '203.0.113.7/32']);
    expect(endings(await stage.outcome(asks('block-in-cilium', '203.0.113.7')))).toEqual(['skipped(nothing-to-do)']);
    // It expires while no replica runs.
    await stage.restart();
    await waitFor('the address to be free', async () => (await addresses()).length === BY_HAND.length);
    expect(await addresses()).toEqual(BY_HAND);
    await waitFor('the record to say so', async () => {
      const [after] = await recordsOf(stage.kubernetes, [request]);
      return after!.status.revertResult === 'unblocked 203.0.113.7/32';
    });
  });

  it('gets each of several addresses that are blocked at the same time', async () => {
    const blocked = ['203.0.113.21', '203.0.113.22', '203.0.113.23', '2001:db8:0:9::1'];
    const records = await stage.outcome(...blocked.map((address) => asks('block-in-cilium', address)));
    expect(endings(records)).toEqual(blocked.map(() => 'succeeded'));
    await waitFor('the addresses to be free', async () => (await addresses()).length === BY_HAND.length);
  });

  it('is not changed in a dry run', async () => {
    await stage.restart({ mode: 'dry-run' });
    expect(endings(await stage.outcome(asks('block-in-cilium', '203.0.113.8')))).toEqual(['dry-run']);
    await stage.restart();
    expect(await addresses()).toEqual(BY_HAND);
    const last = stage.kubernetes
      .audited()
      .filter(({ user, objectRef }) => user.username === WEBHOOK && objectRef.resource === 'ciliumcidrgroups')
      .at(-1);
    expect(last!.requestURI).toContain('dryRun=All');
  });

  it('must exist', async () => {
    expect(endings(await stage.outcome(asks('block-in-nothing', '203.0.113.7')))).toEqual(['skipped(target-unknown)']);
  });

  describe('is guarded by the admission policy', () => {
    const change = (spec: object, metadata: object = {}, name: string = GROUP.name): ApiRequest => ({
      method: 'PATCH',
      path: `${PATH}/${name}?dryRun=All`,
      body: { spec, metadata },
    });
    const holding = (externalCIDRs: readonly string[], metadata: object = {}) => change({ externalCIDRs }, metadata);

    it.each([
      ['one IPv4 address', holding([...BY_HAND, '203.0.113.7/32'])],
      ['one /64', holding([...BY_HAND, '2001:db8:0:1::/64'])],
      ['one less', holding(BY_HAND.slice(0, 2))],
    ])('which allows %s', async (_, request) => {
      expect(errorOf(await asWebhook(request))).toBeUndefined();
    });

    it.each<readonly [string, ApiRequest]>([
      ['everybody', holding([...BY_HAND, '0.0.0.0/0'])],
      ['a range', holding([...BY_HAND, '203.0.113.0/24'])],
      ['all of IPv6', holding([...BY_HAND, '::/0'])],
      ['a larger range of IPv6', holding([...BY_HAND, '2001:db8::/32'])],
      ['one address of IPv6', holding([...BY_HAND, '2001:db8::1/128'])],
      ['two addresses', holding([...BY_HAND, '203.0.113.7/32', '203.0.113.8/32'])],
      ['the same address many times', holding([...BY_HAND, ...Array.from({ length: 3 }, () => '203.0.113.7/32')])],
      ['one for another', holding([...BY_HAND.slice(1), '203.0.113.7/32'])],
      ['two less', holding(BY_HAND.slice(0, 1))],
      ['none', holding([])],
      ['a label', holding(BY_HAND, { labels: { team: 'other' } })],
      ['an annotation', holding(BY_HAND, { annotations: { note: 'x' } })],
      ['a finalizer', holding(BY_HAND, { finalizers: ['example.com/x'] })],
      [
        'an owner, which could be removed with it',
        holding(BY_HAND, { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'x', uid: IPV4.Id }] }),
      ],
    ])('which denies %s', async (_, request) => {
      expect(errorOf(await asWebhook(request))).toMatch(/remediation-webhook may not UPDATE ciliumcidrgroups/);
    });

    it.each<readonly [string, ApiRequest]>([
      ['another group', change({ externalCIDRs: [...BY_HAND, '203.0.113.7/32'] }, {}, 'somebody-elses')],
      ['removal', { method: 'DELETE', path: `${PATH}/${GROUP.name}` }],
      ['a new group', { method: 'POST', path: PATH, body: { metadata: { name: 'x' }, spec: { externalCIDRs: [] } } }],
    ])('and by RBAC, which denies %s', async (_, request) => {
      expect(errorOf(await asWebhook(request))).toMatch(/cannot (patch|delete|create) resource "ciliumcidrgroups"/);
    });
  });
});

/** The fields of Cilium's custom resource. Its agent does not run here. */
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ciliumcidrgroups.cilium.io' },
  spec: {
    group: 'cilium.io',
    scope: 'Cluster',
    names: { kind: 'CiliumCIDRGroup', listKind: 'CiliumCIDRGroupList', plural: 'ciliumcidrgroups' },
    versions: [
      {
        name: 'v2',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                required: ['externalCIDRs'],
                properties: { externalCIDRs: { type: 'array', items: { type: 'string', format: 'cidr' } } },
              },
            },
          },
        },
      },
    ],
  },
};

describe('The IP sets of AWS WAF, by a stand-in that speaks its protocol, since AWS itself cannot run here', () => {
  const [ipv4, ipv6] = [() => aws.sets[0]!, () => aws.sets[1]!];
  beforeEach(() => {
    ipv4().Addresses = ['192.0.2.1/32'];
    ipv6().Addresses = [];
    aws.calls.length = 0;
  });

  it('get an address by signed requests, and lose it when it expires', async () => {
    const request = asks('block-in-aws', '203.0.113.7');
    expect(endings(await stage.outcome(request))).toEqual(['succeeded']);
    expect(ipv4()).toMatchObject({ Addresses: ['192.0.2.1/32', '203.0.113.7/32'], Description: IPV4.Description });
    await waitFor('the address to be free', async () => ipv4().Addresses.length === 1);
    expect(ipv4()).toMatchObject({ Addresses: ['192.0.2.1/32'], Description: IPV4.Description });
    await waitFor('the record to say so', async () => {
      const [after] = await recordsOf(stage.kubernetes, [request]);
      return after!.status.revertResult === 'unblocked 203.0.113.7/32';
    });
    expect(aws.calls.filter((call) => !call.endsWith('200'))).toEqual([]);
    expect(aws.calls.filter((call) => call.startsWith('UpdateIPSet'))).toHaveLength(2);
  });

  it('get the /64 of an IPv6 address, and recognise it as AWS writes it', async () => {
    expect(endings(await stage.outcome(asks('block-in-aws', '2001:db8:0:1::5')))).toEqual(['succeeded']);
    expect(ipv6().Addresses).toEqual(['2001:0db8:0000:0001:0000:0000:0000:0000/64']);
    expect(endings(await stage.outcome(asks('block-in-aws', '2001:db8:0:1::6')))).toEqual(['skipped(nothing-to-do)']);
    await waitFor('the range to be free', async () => ipv6().Addresses.length === 0);
  });

  it('keep what another client adds at the same time', async () => {
    const add = (address: string) => (set: (typeof aws.sets)[number]) => {
      set.Addresses.push(address);
      set.lockToken = `changed-for-${address}`;
    };
    aws.interferences.push(add('192.0.2.2/32'), add('192.0.2.3/32'));
    expect(endings(await stage.outcome(asks('block-in-aws', '203.0.113.8')))).toEqual(['succeeded']);
    expect(ipv4().Addresses).toEqual(['192.0.2.1/32', '192.0.2.2/32', '192.0.2.3/32', '203.0.113.8/32']);
    expect(aws.calls.filter((call) => call === 'UpdateIPSet 400')).toHaveLength(2);
    await waitFor('the address to be free', async () => ipv4().Addresses.length === 3);
  });

  it('fail after five conflicts', async () => {
    const change = (set: (typeof aws.sets)[number]) => {
      set.lockToken = `${Math.random()}`;
    };
    aws.interferences.push(...Array.from({ length: 5 }, () => change));
    const [record] = await stage.outcome(asks('block-in-aws', '203.0.113.9'));
    expect(record!.status).toMatchObject({
      phase: 'failed',
      message: expect.stringContaining('WAFOptimisticLockException'),
    });
    expect(ipv4().Addresses).toEqual(['192.0.2.1/32']);
  });

  it('are not changed in a dry run', async () => {
    await stage.restart({ mode: 'dry-run' });
    expect(endings(await stage.outcome(asks('block-in-aws', '203.0.113.10')))).toEqual(['dry-run']);
    await stage.restart();
    expect(ipv4().Addresses).toEqual(['192.0.2.1/32']);
    expect(aws.calls.filter((call) => call.startsWith('UpdateIPSet'))).toEqual([]);
  });

  it('check signatures: one by another key is rejected', async () => {
    const signed = async (secretAccessKey: string) => {
      const { AwsV4Signer } = await import('aws4fetch');
      const request = await new AwsV4Signer({
        ...{ accessKeyId: 'ASIANOTAREALKEY', secretAccessKey, sessionToken: 'not-a-real-session-token' },
        ...{ service: 'wafv2', region: REGION, method: 'POST', url: `${aws.url}/` },
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSWAF_20190729.GetIPSet' },
        body: JSON.stringify({ ...IP_SETS.ipv4, Id: IPV4.Id, Name: IPV4.Name, Scope: 'REGIONAL' }),
      }).sign();
      return (await fetch(request.url, request)).status;
    };
    expect([await signed('not-a-real-secret-access-key'), await signed('another')]).toEqual([200, 403]);
  });
});
