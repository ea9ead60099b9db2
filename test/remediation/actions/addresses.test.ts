import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { blockAddress, SkipError } from '../../../remediation';
import { blockableCidr, canonicalCidr, isIPv6Cidr } from '../../../remediation/actions/addresses';

const GUARD = { neverBlock: ['8.8.4.0/24', '2606:4700::/32'] };

/** What is blocked for an address, or why nothing is. */
function outcome(text: string, guard: Parameters<typeof blockableCidr>[1] = GUARD): string {
  try {
    return blockableCidr(text, guard);
  } catch (error) {
    if (error instanceof SkipError) {
      return `${error.reason}: ${error.message}`;
    }
    throw error;
  }
}

describe('an address', () => {
  test.each([
    ['20.1.1.1', '20.1.1.1/32'],
    ['::ffff:20.1.1.1', '20.1.1.1/32'],
    ['::ffff:1401:101', '20.1.1.1/32'],
    ['0:0:0:0:0:ffff:20.1.1.1', '20.1.1.1/32'],
    ['0000:0000:0000:0000:0000:ffff:101.101.101.101', '101.101.101.101/32'],
    ['2a00:1450:4001:82a::200e', '2a00:1450:4001:82a::/64'],
    ['2A00:1450:4001:082A:0:0:0:200E', '2a00:1450:4001:82a::/64'],
    ['2a00:1450::', '2a00:1450::/64'],
  ])('%s is blocked as %s', (address, cidr) => {
    expect(outcome(address)).toBe(cidr);
    expect(isIPv6Cidr(cidr)).toBe(cidr.endsWith('/64'));
  });

  test.each([
    ...['0.0.0.0', '10.0.0.1', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254', '169.254.169.254'],
    ...['172.16.0.1', '172.31.255.255', '192.0.0.1', '192.168.255.255', '198.18.0.1', '224.0.0.1', '240.0.0.1'],
    ...['255.255.255.255', '192.0.2.1', '198.51.100.1', '203.0.113.1'],
    ...['::', '::1', '::ffff:10.0.0.1', '::ffff:a00:1', '::10.0.0.1', '::ffff:0:10.0.0.1', '64:ff9b::10.0.0.1'],
    ...['64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:a00:1::1', '3fff::1', '4000::1', 'fc00::1'],
    ...['fd12:3456::1', 'fe80::1', 'fec0::1', 'ff02::1'],
  ])('%s is none of a client on the Internet', (address) => {
    expect(outcome(address)).toMatch(/^address-refused: ".*" is \w+: no client on the Internet has it$/);
  });

  test.each([
    ...['', ' ', '1.1.1', '1.1.1.1.1', '1.1.1.256', '01.1.1.1', '0x1.1.1.1', '0x01010101', '16843009', '1.1.1.1 '],
    ...['1.1.1.1\n', '1.1.1.1/32', '1.1.1.1:80', '[2a00::1]', '2a00::1%eth0', '2a00::1/64', '1.1.1.1; rm -rf /'],
    ...['1.1.1.1,8.8.8.8', '１.1.1.1', '1.1.1.1\u0000', 'localhost', '2a00:::1', '12345::', '*', '$client_ip'],
  ])('is none: %j', (text) => {
    expect(outcome(text)).toMatch(/^address-refused: .* is no address$/s);
  });

  test.each([
    ...['1.1.1.1', '1.0.0.1', '8.8.8.8', '9.9.9.9', '149.112.112.112', '208.67.222.222', '::ffff:8.8.8.8'],
    ...['2606:4700:4700::1111', '2001:4860:4860::8888', '2620:fe::fe', '2620:119:35::35', '168.63.129.16'],
    ...['35.191.0.1', '130.211.3.255', '209.85.155.1', '2600:2d00:1:b029::1'],
  ])('%s that everybody knows is never blocked', (address) => {
    expect(outcome(address, { neverBlock: [] })).toMatch(/^address-refused: .* which is never blocked$/);
  });

  test.each(['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192'])(
    '%s of a metadata service is never blocked',
    (address) => {
      expect(outcome(address, { neverBlock: [] })).toMatch(/^address-refused: /);
    },
  );

  test.each([
    ['20.42.1.7', '20.42.0.0/16'],
    ['2a00:1450:4001::1', '2a00:1450::/32'],
  ])('%s of a load balancer is never blocked', (address, range) => {
    expect(outcome(address, { neverBlock: [], loadBalancers: [range] })).toMatch(
      /^address-refused: .* which is never blocked$/,
    );
    expect(outcome(address, { neverBlock: [], loadBalancers: [] })).not.toContain('refused');
  });

  test.each([
    ['8.8.4.4', '8.8.4.0/24'],
    ['::ffff:8.8.4.4', '8.8.4.0/24'],
    ['2606:4700::1', '2606:4700::/32'],
  ])('%s that is exempt is not blocked', (address, range) => {
    expect(outcome(address)).toBe(`address-refused: ${JSON.stringify(address)} is in ${range}, which is never blocked`);
  });

  test('is not blocked with a /64 in which one other is exempt', () => {
    expect(outcome('2a00:1450::1', { neverBlock: ['2a00:1450::ffff/128'] })).toContain('never blocked');
    expect(outcome('2a00:1450:0:1::1', { neverBlock: ['2a00:1450::ffff/128'] })).toBe('2a00:1450:0:1::/64');
  });

  test('for documentation is blocked in a rehearsal alone, and no other of nobody', () => {
    const rehearsal = { neverBlock: [], rehearsal: true };
    expect(outcome('203.0.113.7', rehearsal)).toBe('203.0.113.7/32');
    expect(outcome('2001:db8:0:1::7', rehearsal)).toBe('2001:db8:0:1::/64');
    expect(outcome('10.0.0.1', rehearsal)).toContain('is private');
  });

  test('that is long is not told in full', () => {
    expect(outcome('1'.repeat(1000)).length).toBeLessThan(100);
    expect(outcome('1'.repeat(46))).toContain(`"${'1'.repeat(45)}…"`);
    expect(outcome('1'.repeat(45))).toContain(`"${'1'.repeat(45)}"`);
  });
});

describe('whatever stands in the label', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.stringMatching(/^[0-9a-fA-F:.x%/]{0,45}$/),
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.ipV4().map((address) => `::ffff:${address}`),
    fc.tuple(fc.ipV6(), fc.string()).map(([address, rest]) => address + rest),
  );

  test('is refused, or one public address or /64 in its only form', () => {
    let blocked = 0;
    fc.assert(
      fc.property(texts, fc.boolean(), (text, rehearsal) => {
        const found = outcome(text, { ...GUARD, rehearsal });
        if (found.startsWith('address-refused: ')) {
          return;
        }
        blocked += 1;
        const [address = '', bits] = found.split('/');
        expect(bits).toBe(isIPv4(address) ? '32' : '64');
        expect(isIPv4(address) || isIPv6(address)).toBe(true);
        // It stays what it is, as an address, and as a range in the notation of somebody else.
        expect(outcome(address, { ...GUARD, rehearsal })).toBe(found);
        expect(canonicalCidr(found.toUpperCase())).toBe(found);
        expect(found).not.toMatch(/^(0|10|127|169\.254|192\.168|22[4-9]|2[3-5]\d)\.|^(::|f[c-f])/);
        expect(found).not.toMatch(/[^0-9a-f:./]/);
      }),
      { numRuns: 5_000 },
    );
    expect(blocked).toBeGreaterThan(100);
  });
});

describe('a range that is never blocked', () => {
  test.each(['198.51.100.0/24', '198.51.100.7/32', '0.0.0.0/0', '2001:db8::/32', '::/0'])('can be %s', (range) => {
    expect(blockAddress({ neverBlock: [range], loadBalancers: [] }).parameters.neverBlock).toEqual([range]);
  });

  test('that are not answered for the load balancers are asked for', () => {
    const props = { neverBlock: [] } as unknown as Parameters<typeof blockAddress>[0];
    expect(() => blockAddress(props)).toThrow(/loadBalancers.*write the public addresses of the load balancers/s);
  });

  test.each([
    ...['', '198.51.100.7', '198.51.100.0/33', '198.51.100.0/', '198.51.100/24', '198.51.100.0/24/8', '2001:db8::/129'],
    ...['fe80::%eth0/64', 'office', '010.0.0.0/8', '198.51.100.0/-1', '198.51.100.0/8x'],
    // No address is compared with it: those of IPv4 are compared as IPv4.
    '::ffff:198.51.100.0/120',
  ])('cannot be %j', (range) => {
    expect(() => blockAddress({ neverBlock: ['198.51.100.0/24', range], loadBalancers: [] })).toThrow(
      `neverBlock[1] is ${JSON.stringify(range)}: write a range such as 198.51.100.0/24 or 2001:db8::/32`,
    );
  });
});

describe('a policy that blocks', () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('cannot do so for %p seconds', (ttlSeconds) => {
    expect(() => blockAddress({ neverBlock: [], loadBalancers: [], ttlSeconds })).toThrow(
      `ttlSeconds is ${ttlSeconds}: write for how many seconds an address is blocked`,
    );
  });

  test.each([0, -1, 2.5])('cannot keep %p addresses out', (maximumEntries) => {
    expect(() => blockAddress({ neverBlock: [], loadBalancers: [], maximumEntries })).toThrow(
      `maximumEntries is ${maximumEntries}: write how many addresses may be blocked at the same time`,
    );
  });

  test('cannot use keys that mean others too', () => {
    const denylist = { kind: 'redis-denylist', connection: 'redis', keyPrefix: 'deny*' } as const;
    expect(() => blockAddress({ neverBlock: [], loadBalancers: [], denylist })).toThrow(
      'denylist.keyPrefix is "deny*": write the beginning of the keys, without a pattern, up to a ":"',
    );
  });
});
