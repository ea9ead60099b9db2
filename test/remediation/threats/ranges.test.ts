import { acceptedRange, Ranges } from '../../../remediation/threats/ranges';

describe('An entry of a feed', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7/32'],
    ['198.51.100.77/24', '198.51.100.0/24'],
    ['45.0.0.0/8', '45.0.0.0/8'],
    ['2001:DB8::1', '2001:db8::1/128'],
    ['2a00:1450::/32', '2a00:1450::/32'],
  ])('%s is the range %s', (entry, range) => {
    expect(acceptedRange(entry)).toEqual({ range });
  });

  it.each([
    ['<html>', 'invalid'],
    ['', 'invalid'],
    ['198.51.100.7/', 'invalid'],
    ['198.51.100.7/33', 'invalid'],
    ['198.51.100.7/24/8', 'invalid'],
    ['198.51.100.7/-1', 'invalid'],
    // Programs disagree about leading zeros, hexadecimal and short forms.
    ['010.0.0.1', 'invalid'],
    ['0x2d000001', 'invalid'],
    ['45.1', 'invalid'],
    ['fe80::1%eth0', 'invalid'],
    ['1'.repeat(5000), 'invalid'],
    ['0.0.0.0/0', 'too-wide'],
    ['::/0', 'too-wide'],
    ['44.0.0.0/7', 'too-wide'],
    ['10.1.2.3', 'not-public'],
    ['127.0.0.1', 'not-public'],
    ['169.254.169.254', 'not-public'],
    ['100.64.0.1', 'not-public'],
    ['224.0.0.1', 'not-public'],
    ['255.255.255.255', 'not-public'],
    ['::1', 'not-public'],
    ['fd00::1', 'not-public'],
    ['::ffff:10.0.0.1', 'not-public'],
    // It begins and ends with public addresses, and holds 172.16.0.0/12.
    ['172.0.0.0/8', 'not-public'],
    ['192.128.0.0/9', 'not-public'],
    ['100.0.0.0/8', 'not-public'],
  ])('%s is rejected as %s', (entry, rejected) => {
    expect(acceptedRange(entry)).toEqual({ rejected });
  });
});

test('an address is found in ranges of every length, and in no other', () => {
  const ranges = new Ranges(['198.51.100.0/24', '203.0.113.7/32', '2001:db8:1::/48', '2001:db8:2::1/128'], 'high');
  const found = (address: string) => ranges.has(address);
  expect(
    ['198.51.100.0', '198.51.100.255', '203.0.113.7', '2001:db8:1:ffff::1', '2001:db8:2::1', '::ffff:203.0.113.7'].map(
      found,
    ),
  ).toEqual(Array(6).fill(true));
  expect(['198.51.99.255', '198.51.101.0', '203.0.113.6', '2001:db8:2::2', '::c633:6400'].map(found)).toEqual(
    Array(5).fill(false),
  );
});
