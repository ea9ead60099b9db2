import { parseFeed } from '../../../remediation/threats/feeds';

const NOW = new Date('2026-03-04T12:00:00Z');
const LIMITS = { entries: 1000 };
const list = (text: string) => parseFeed(text, { format: 'list' }, LIMITS, NOW);

describe('A list', () => {
  it('has an address or a range in each line, comments, and other columns', () => {
    const text = [
      '; a comment',
      '# another',
      '198.51.100.7',
      '203.0.113.0/24 ; SBL1',
      '\t2001:db8::1\t# seen',
      '192.0.2.1,2026-03-04,botnet',
      '',
      '198.51.100.7',
    ].join('\r\n');
    expect(list(text).ranges).toEqual(['198.51.100.7/32', '203.0.113.0/24', '2001:db8::1/128', '192.0.2.1/32']);
  });

  it('loses the ranges that are private or too wide, and keeps the others', () => {
    expect(list('0.0.0.0/0\n10.0.0.0/8\n169.254.169.254\n198.51.100.7\n')).toEqual({
      ranges: ['198.51.100.7/32'],
      rejected: { invalid: 0, 'not-public': 2, 'too-wide': 1 },
    });
  });

  it('may have a few lines that are none, but not many', () => {
    const good = Array.from({ length: 18 }, (_, index) => `198.51.100.${index}`);
    expect(list([...good, 'header', 'x'].join('\n')).rejected.invalid).toBe(2);
    expect(() => list([...good, 'header', 'x', 'y'].join('\n'))).toThrow('3 of 21 entries are no addresses');
  });

  it.each([
    ['an error page', '<!DOCTYPE html>\n<html><body>Not found</body></html>', '2 of 2 entries are no addresses'],
    ['nothing', '', 'it names no public address'],
    ['comments alone', '# nothing today\n', 'it names no public address'],
    ['private ranges alone', '10.0.0.0/8\n192.168.0.0/16\n', 'it names no public address'],
    ['everything', '0.0.0.0/0\n::/0', 'it names no public address'],
    ['more than the limit', '198.51.100.7\n'.repeat(1001), 'it has 1001 entries, more than 1000'],
    ['zeros', '\0'.repeat(100), '1 of 1 entries are no addresses'],
  ])('with %s is refused', (_what, text, message) => {
    expect(() => list(text)).toThrow(message);
  });
});

describe('A STIX bundle', () => {
  const stix = (document: unknown) =>
    parseFeed(typeof document === 'string' ? document : JSON.stringify(document), { format: 'stix' }, LIMITS, NOW);
  const bundle = (...objects: object[]) => ({ type: 'bundle', id: 'bundle--1', objects });
  const indicator = (pattern: string, fields: object = {}) => ({
    ...{ type: 'indicator', pattern, pattern_type: 'stix', valid_from: '2026-01-01T00:00:00Z' },
    ...fields,
  });
  const CONTROL = indicator("[ipv4-addr:value = '203.0.113.99']");
  /** The ranges of an indicator, beside one that is always valid. */
  const rangesOf = (pattern: string, fields?: object) =>
    stix(bundle(CONTROL, indicator(pattern, fields))).ranges.filter((range) => range !== '203.0.113.99/32');

  it.each([
    ["[ipv4-addr:value = '198.51.100.7']", ['198.51.100.7/32']],
    ["[ipv4-addr:value = '198.51.100.0/24']", ['198.51.100.0/24']],
    ["[ipv4-addr:value ISSUBSET '198.51.100.0/24']", ['198.51.100.0/24']],
    ["[ ipv6-addr:value = '2001:db8::1' ]", ['2001:db8::1/128']],
    ["[ipv4-addr:value = '198.51.100.7' OR ipv4-addr:value = '192.0.2.8']", ['198.51.100.7/32', '192.0.2.8/32']],
  ])('names the addresses of %s', (pattern, ranges) => {
    expect(rangesOf(pattern)).toEqual(ranges);
  });

  it.each([
    // The address alone is no threat.
    "[ipv4-addr:value = '198.51.100.7' AND domain-name:value = 'example.com']",
    "[ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY [ipv4-addr:value = '198.51.100.8']",
    "[ipv4-addr:value != '198.51.100.7']",
    "[ipv4-addr:value = '198.51.100.7' OR domain-name:value = 'example.com']",
    "[domain-name:value = '198.51.100.7']",
    "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
    `[ipv4-addr:value = '198.51.100.7'${" OR ipv4-addr:value = '198.51.100.7'".repeat(5000)}]`,
    '',
  ])('says nothing about addresses in %.80s', (pattern) => {
    expect(rangesOf(pattern)).toEqual([]);
  });

  it.each([
    ['revoked', { revoked: true }],
    ['expired', { valid_until: '2026-03-04T11:59:59Z' }],
    ['valid from later on', { valid_from: '2026-03-04T12:00:01Z' }],
    ['valid until a time that is none', { valid_until: 'soon' }],
    ['in another language', { pattern_type: 'snort' }],
    ['about a sighting', { type: 'sighting' }],
  ])('leaves out an indicator that is %s', (_what, fields) => {
    expect(rangesOf("[ipv4-addr:value = '198.51.100.7']", fields)).toEqual([]);
  });

  it('is taken in the form of STIX 2.0, which names no language', () => {
    expect(rangesOf("[ipv4-addr:value = '198.51.100.7']", { pattern_type: undefined })).toEqual(['198.51.100.7/32']);
  });

  it.each([
    ['no JSON', '{"type": "bundle"', 'it is no JSON'],
    ['no bundle', { type: 'indicator' }, 'it is no STIX 2 bundle: type'],
    ['objects that are none', { type: 'bundle', objects: [5] }, 'it is no STIX 2 bundle: objects.0'],
    ['no address', bundle(indicator("[domain-name:value = 'example.com']")), 'it names no public address'],
    ['nesting', '['.repeat(200_000), 'it is no JSON'],
  ])('with %s is refused', (_what, document, message) => {
    expect(() => stix(document)).toThrow(message);
  });
});
